//go:build race

package server_test

// raced tells that the race detector is there, under which memory that could serve again is now and then thrown away.
const raced = true
