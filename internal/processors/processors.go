// Package processors gives the Go runtime of a server one processor more than the machine has.
//
// A goroutine that waits for the disk keeps the runtime's processor until somebody takes it away, and that is looked after now
// and then, after 20 microseconds at best and 10 milliseconds at worst. A server flushes hundreds of times a second: on a
// machine of two processors a flush has half of the runtime stand still, requests lie unread in the network's buffers meanwhile,
// and who comes back from a flush stands in line. With one more the machine's processors stay busy, and whatever is too much the
// kernel shares out fairly.
//
// How many there are is one number for all that runs in a process. So only a program's main asks for a spare one, never a
// library. Where the environment says GOMAXPROCS, that stands.
//
// Read Spare first.
package processors

import (
	"os"
	"runtime"
	"sync/atomic"
)

// spare is how many processors the runtime has beyond those of the machine.
var spare atomic.Int64

// Spare has the runtime use one processor more than it would, until stop is called. A process asks once. A real-time process
// gets none: its threads wait for each other, not for their share, and the one more would wait behind the rest for as long as
// they like.
func Spare() (stop func()) {
	if os.Getenv("GOMAXPROCS") != "" || realTime() || !spare.CompareAndSwap(0, 1) {
		return func() {}
	}
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	return func() {
		if spare.CompareAndSwap(1, 0) {
			runtime.SetDefaultGOMAXPROCS()
		}
	}
}

// Machine is how many processors work can keep busy: the runtime's, but for the spare one.
func Machine() int { return max(1, runtime.GOMAXPROCS(0)-int(spare.Load())) }
