//go:build !race

package server_test

// raced tells that the race detector is there.
const raced = false
