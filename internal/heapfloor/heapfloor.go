// Package heapfloor has a process collect its garbage less often while its heap is small.
//
// The collector runs whenever the heap has doubled since it ran last, however small it is. A server that holds ten megabytes
// and decodes half of one with each batch spends a tenth of its processor time on collections then, for memory that nobody
// else asks for. With a floor the heap grows to the floor before it is collected, and to twice what lives, as ever, once
// that is more: what a process needs when it is busy does not change.
//
// The collector's percentage is one for all that runs in a process. So only a program's main asks for a floor, never a
// library: an app that embeds the SDK decides for itself. Where the environment says GOGC, that stands.
//
// A server may have the system hand over the memory up to its floor when it starts, so that the first upload does not wait for
// it page by page.
//
// Read Keep first, then Touch.
package heapfloor

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// Usual is a floor for servers and phones: what a long upload leaves in a second fits in it, and it is a fifth of what a
// server may have.
const Usual = 48 << 20

// usualPercent is the collector's own: the heap may double.
const usualPercent = 100

// Keep keeps a floor of so many bytes from now on, until stop is called; then the percentage is what it was. A process has
// one floor.
func Keep(bytes uint64) (stop func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	f := &floor{bytes: bytes, percent: usualPercent}
	for _, name := range scanned {
		f.samples = append(f.samples, metrics.Sample{Name: name})
	}
	f.before = debug.SetGCPercent(usualPercent)
	f.set()
	f.watch()
	return f.stop
}

// scanned are the bytes that the collector's percentage is of: what it found living in the heap, stacks and globals.
var scanned = [...]string{"/gc/heap/live:bytes", "/gc/scan/stack:bytes", "/gc/scan/globals:bytes"}

// floor is a floor that is kept.
type floor struct {
	bytes uint64
	// before is the percentage to go back to.
	before int
	// mu guards what follows.
	mu      sync.Mutex
	samples []metrics.Sample
	percent int
	stopped bool
}

// Percent is by how much of what lives and what is scanned beside it (stacks, globals) a heap grows to a floor; never less
// than the usual.
func Percent(live, beside, floor uint64) int {
	if live >= floor {
		return usualPercent
	}
	return max(usualPercent, int((floor-live)*100/max(live+beside, leastScanned)))
}

// leastScanned is what is taken to be scanned at least: before the first collection nothing is said to live.
const leastScanned = 1 << 20

// set sets the percentage by what lives.
func (f *floor) set() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopped {
		return
	}
	metrics.Read(f.samples)
	live, beside := f.samples[0].Value.Uint64(), f.samples[1].Value.Uint64()+f.samples[2].Value.Uint64()
	if percent := Percent(live, beside, f.bytes); far(percent, f.percent) {
		f.percent = percent
		debug.SetGCPercent(percent)
	}
}

// far reports percentages that differ enough to stop the world for a moment.
func far(a, b int) bool { return max(a, b)-min(a, b) > max(a, b)/10 }

// mark is of no use to anybody from the moment it is made: its cleanup tells that a collection is over.
type mark struct{ _ *byte }

// watch sets the percentage after each collection, until stop.
func (f *floor) watch() {
	runtime.AddCleanup(&mark{}, func(f *floor) {
		f.set()
		if !f.over() {
			f.watch()
		}
	}, f)
}

func (f *floor) over() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stopped
}

func (f *floor) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.stopped {
		f.stopped = true
		debug.SetGCPercent(f.before)
	}
}
