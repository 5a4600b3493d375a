package crash

import (
	"math/rand/v2"
	"sync"
	"syscall"
	"time"

	"onedoor/internal/sim/tapdisk"
)

// Mark is a point inside a child at which it kills itself.
type Mark string

// The marks, between what a database hands to the system and what the system has made durable.
const (
	NoMark Mark = ""
	// AtWrite is before a write: inside a transaction, a checkpoint, or the making of a file.
	AtWrite Mark = "write"
	// AtSync is before a sync: everything is written, nothing is durable, nobody has been told.
	AtSync Mark = "sync"
	// AtSynced is after a sync: what was written is durable, and still nobody has been told.
	AtSynced Mark = "synced"
)

// Arm names the point at which a child is to kill itself: the N-th time that it passes a mark.
type Arm struct {
	Mark Mark `json:"mark,omitempty"`
	N    int  `json:"n,omitempty"`
}

// marks counts what one child's database does. The engine calls functions of the package, so there is one of it.
type marks struct {
	mu  sync.Mutex // guards the fields below
	arm Arm
	// limited says that only room bytes more can be written.
	limited bool
	room    int64
	// slow draws how long the disk keeps the child waiting; nil for a quick one.
	slow *rand.Rand
	// standing has the disk take its time for everything, whatever was drawn.
	standing bool
}

var passing marks

// set arms a mark, or none.
func (m *marks) set(arm Arm) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.arm = arm
}

// limit lets only so many bytes more be written, as a disk does that fills up; 0 lifts that.
func (m *marks) limit(bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.limited, m.room = bytes > 0, bytes
}

// fits reports whether a write finds room.
func (m *marks) fits(n int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.room -= int64(n)
	return !m.limited || m.room >= 0
}

const (
	// standsMin and standsMax are how long a slow disk takes for what it takes its time for: a drive that writes a bad sector anew, a
	// volume that is moved.
	standsMin = 200 * time.Millisecond
	standsMax = 2 * time.Second
	// standsOneOf is how seldom a sync has it so, answerStandsOneOf an answer of a database, of which a commit needs several.
	standsOneOf       = 6
	answerStandsOneOf = 40
)

// slowDown has the disk take its time from now on, as a seed draws it; 0 makes it quick.
func (m *marks) slowDown(seed uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.slow = nil
	if seed != 0 {
		m.slow = rand.New(rand.NewPCG(seed, 0))
	}
}

// standAlways has the disk take its least time for everything, or ends that.
func (m *marks) standAlways(on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.standing = on
}

// stand keeps whoever asks waiting, one time of so many on a slow disk.
func (m *marks) stand(oneOf int) {
	m.mu.Lock()
	var d time.Duration
	if m.standing {
		d = standsMin
	} else if m.slow != nil && m.slow.IntN(oneOf) == 0 {
		d = standsMin + time.Duration(m.slow.Int64N(int64(standsMax-standsMin)))
	}
	m.mu.Unlock()
	time.Sleep(d) // a slow disk, in a world that is slow on purpose
}

// pass counts, and kills the process at the point that was named: as a crash does, with nothing run after it.
func (m *marks) pass(at Mark) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.arm.Mark != at {
		return
	}
	if m.arm.N--; m.arm.N > 0 {
		return
	}
	_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
	select {} // the signal may take a moment
}

// newMarkedDisk is the system's files with the marks, for the life of the child.
func newMarkedDisk() (*tapdisk.Disk, error) { return tapdisk.New(&passing) }

// Wants marks every file.
func (m *marks) Wants(string) bool { return true }

// Write passes a mark, and finds room or not.
func (m *marks) Write(n int) bool {
	m.pass(AtWrite)
	return m.fits(n)
}

// Sync passes a mark before and after.
func (m *marks) Sync(flush func()) {
	m.pass(AtSync)
	m.stand(standsOneOf)
	flush()
	m.pass(AtSynced)
}
