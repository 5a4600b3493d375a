package disk

import (
	"math/rand/v2"
	"syscall"
)

// fault is what is to go wrong on a disk.
type fault struct {
	// failAfter steps pass, then failing ones fail; a negative number fails until Heal.
	failAfter, failing int
	// limited says that the files may take capacity bytes together.
	limited  bool
	capacity int64
	// cut says that the power goes after cutAfter steps, with loss and random.
	cut      bool
	cutAfter int
	loss     Loss
	random   *rand.Rand
}

// FailAfter lets n more steps pass and then lets as many as times fail with an I/O error, having done nothing; a
// negative number of times ends with Heal.
func (d *Disk) FailAfter(n, times int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault.failAfter, d.fault.failing = n, times
}

// fails counts a step and gives the error that is due.
func (f *fault) fails() error {
	if f.failing == 0 {
		return nil
	}
	if f.failAfter > 0 {
		f.failAfter--
		return nil
	}
	if f.failing > 0 {
		f.failing--
	}
	return syscall.EIO
}

// FullAfter lets the files grow by n bytes together; what goes beyond is "no space left", with as much written as there
// was room for. It lasts until Heal.
func (d *Disk) FullAfter(n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault.limited, d.fault.capacity = true, d.used()+n
}

// used gives the bytes that the files take; mu is held.
func (d *Disk) used() (bytes int64) {
	for _, n := range d.now {
		bytes += int64(len(n.content))
	}
	return bytes
}

// fits gives the part of a write for which there is room, and ENOSPC where that is not all of it; mu is held.
func (d *Disk) fits(n *node, b []byte, at int64) ([]byte, error) {
	if !d.fault.limited {
		return b, nil
	}
	room := max(0, d.fault.capacity-d.used())
	end := max(at, int64(len(n.content))+room)
	if at+int64(len(b)) <= end {
		return b, nil
	}
	return b[:end-at], syscall.ENOSPC
}

// PowerOffAfter lets n more steps pass and then turns the power off, as PowerOff does.
func (d *Disk) PowerOffAfter(n int, loss Loss, random *rand.Rand) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault.cut, d.fault.cutAfter, d.fault.loss, d.fault.random = true, n, loss, random
}

// Heal takes back what was planned to go wrong.
func (d *Disk) Heal() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = fault{}
}
