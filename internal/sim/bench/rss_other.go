//go:build !darwin

package bench

// rssUnit is the unit of a finished process's peak memory: KiB on Linux.
const rssUnit = 1024
