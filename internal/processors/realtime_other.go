//go:build !linux

package processors

// realTime reports that this process has the processor for as long as it likes, which is asked on Linux only.
func realTime() bool { return false }
