package heapfloor

import (
	"os"
	"runtime"
)

// pageBytes is the least piece of memory that a system hands over when it is written to for the first time; with larger
// pieces some are touched twice, which costs nothing.
const pageBytes = 4 << 10

// Touch has the system hand over so many bytes of memory now and leaves them to the heap: what is allocated next stands in
// them. A heap that grows to its floor for the first time otherwise waits for each page when it is written to, which takes
// a tenth of a long upload. It takes some 20 ms for the usual floor, so it is for a process that serves for long, in its
// main. Where the environment says GOGC, how large the heap grows is not the floor's to say, and nothing is touched.
func Touch(bytes uint64) {
	if os.Getenv("GOGC") != "" {
		return
	}
	touch(bytes)
	// What was touched is the heap's again once it was collected.
	runtime.GC()
}

// touch is a function of its own, so that nothing refers to its memory when it is over.
//
//go:noinline
func touch(bytes uint64) {
	memory := make([]byte, bytes)
	for at := 0; at < len(memory); at += pageBytes {
		memory[at] = 1
	}
}
