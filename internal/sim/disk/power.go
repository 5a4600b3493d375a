package disk

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// Loss is what becomes of the writes that no sync confirmed.
type Loss int

const (
	// Nothing is lost: the process was killed, and the system still writes what it was given.
	Nothing Loss = iota
	// Everything is lost.
	Everything
	// Tail is lost: the writes survive in their order up to one that is drawn.
	Tail
	// Some are lost: of every write it is drawn whether it survives.
	Some
	// Sectors are lost: of every 512 bytes of every write it is drawn whether they survive.
	Sectors
)

// Losses are all kinds, for those who draw one.
var Losses = []Loss{Nothing, Everything, Tail, Some, Sectors}

// String names the kind for a trace.
func (l Loss) String() string {
	return [...]string{"nothing", "everything", "tail", "some", "sectors"}[l]
}

// keeps decides about a write of a step, where last is the step up to which a tail survives.
func (l Loss) keeps(step, last int, random *rand.Rand) bool {
	switch l {
	case Nothing:
		return true
	case Everything:
		return false
	case Tail:
		return step <= last
	}
	return random.IntN(2) == 0
}

// PowerOff ends whatever runs on the disk. Files that are open are dead, locks are gone, and until PowerOn every call is
// an I/O error. The source decides what survives where the loss leaves it to chance; it may be nil where it does not.
func (d *Disk) PowerOff(loss Loss, random *rand.Rand) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.powerOff(loss, random)
}

// PowerOn lets the disk be used again, with nothing planned to go wrong.
func (d *Disk) PowerOn() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.off, d.fault = false, fault{}
}

// Off reports that the power is off, for a caller who planned that by PowerOffAfter.
func (d *Disk) Off() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.off
}

// powerOff is PowerOff; mu is held.
func (d *Disk) powerOff(loss Loss, random *rand.Rand) {
	if d.off {
		return
	}
	d.off = true
	last := d.steps
	if loss == Tail {
		last -= random.IntN(d.steps - d.oldest() + 2)
	}
	surviving := maps.Clone(d.synced)
	for _, change := range d.changes[:d.namesKept(loss, last, random)] {
		change.apply(surviving)
	}
	copies := make(map[*node]*node) // a file may have two names
	for _, name := range slices.Sorted(maps.Keys(surviving)) {
		n := surviving[name]
		if copies[n] == nil {
			copies[n] = n.survivor(loss, last, random)
		}
		surviving[name] = copies[n]
	}
	for f := range d.files {
		f.node.dead = true
	}
	d.now, d.synced, d.changes = surviving, maps.Clone(surviving), nil
	clear(d.locks)
}

// oldest gives the first step that no sync confirmed, or the one after the last; mu is held.
func (d *Disk) oldest() int {
	first := d.steps + 1
	if len(d.changes) > 0 {
		first = d.changes[0].step
	}
	for _, names := range []map[string]*node{d.now, d.synced} {
		for _, n := range names {
			if len(n.writes) > 0 {
				first = min(first, n.writes[0].step)
			}
		}
	}
	return first
}

// namesKept gives how many changes of names survive.
func (d *Disk) namesKept(loss Loss, last int, random *rand.Rand) int {
	switch loss {
	case Nothing:
		return len(d.changes)
	case Everything:
		return 0
	case Tail:
		return len(slices.DeleteFunc(slices.Clone(d.changes), func(r rename) bool { return r.step > last }))
	}
	return random.IntN(len(d.changes) + 1)
}
