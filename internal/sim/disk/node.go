package disk

import (
	"math/rand/v2"
	"syscall"
)

// sectorBytes is the piece that a disk writes whole or not at all; drives with larger ones say that they write those
// whole, so that smaller pieces only tear more.
const sectorBytes = 512

// node is a file's content, whatever names it has.
type node struct {
	disk *Disk
	// content is what reading gives; writes lead to it from what the last sync confirmed.
	content []byte
	writes  []write
	// dead is set when the power goes.
	dead bool
	// files are those the engine has open.
	files []*file
	// share is the memory that the engine's connections share; nil while none asks for it.
	share *share
}

// write is one write or, without new bytes, one truncation, that no sync has confirmed.
type write struct {
	step int
	at   int64
	// old stood where new stands, or behind the new end.
	old, new []byte
	// before is the length before it.
	before int64
	cuts   bool
}

// begin counts a step on the file.
func (n *node) begin() error {
	if n.dead {
		return syscall.EIO
	}
	return n.disk.begin()
}

// writeAt writes as much as there is room for.
func (n *node) writeAt(b []byte, at int64) error {
	if err := n.begin(); err != nil {
		return err
	}
	b, full := n.disk.fits(n, b, at)
	if len(b) > 0 {
		n.apply(write{at: at, new: append([]byte(nil), b...)})
	}
	return full
}

// truncate cuts the file or lengthens it with zeros.
func (n *node) truncate(size int64) error {
	if err := n.begin(); err != nil {
		return err
	}
	if size != int64(len(n.content)) {
		n.apply(write{at: size, cuts: true})
	}
	return nil
}

// apply does a write and remembers what it takes to undo it.
func (n *node) apply(w write) {
	w.step, w.before = n.disk.steps, int64(len(n.content))
	end := w.at + int64(len(w.new))
	if w.cuts {
		end = w.before
	}
	if at := min(w.at, w.before); at < end {
		w.old = append([]byte(nil), n.content[at:min(end, w.before)]...)
	}
	n.content = w.redo(n.content)
	n.writes = append(n.writes, w)
}

// redo gives the content after the write.
func (w write) redo(content []byte) []byte {
	if w.cuts {
		return resized(content, w.at)
	}
	content = resized(content, max(int64(len(content)), w.at+int64(len(w.new))))
	copy(content[w.at:], w.new)
	return content
}

// undo gives the content before it.
func (w write) undo(content []byte) []byte {
	content = resized(content, w.before)
	copy(content[min(w.at, w.before):], w.old)
	return content
}

// resized cuts content, or lengthens it with zeros.
func resized(content []byte, size int64) []byte {
	if grow := size - int64(len(content)); grow > 0 {
		return append(content, make([]byte, grow)...)
	}
	return content[:size]
}

// sync confirms the writes.
func (n *node) sync() error {
	if err := n.begin(); err != nil {
		return err
	}
	n.writes = nil
	return nil
}

// sectors cuts a write at the borders of sectors. A truncation is one piece.
func (w write) sectors() []write {
	if w.cuts {
		return []write{w}
	}
	var pieces []write
	for at, rest := w.at, w.new; len(rest) > 0; {
		n := min(int64(len(rest)), sectorBytes-at%sectorBytes)
		pieces = append(pieces, write{step: w.step, at: at, new: rest[:n]})
		at, rest = at+n, rest[n:]
	}
	return pieces
}

// survivor gives the file that the disk holds after a loss: the confirmed content and the writes that survive.
func (n *node) survivor(loss Loss, last int, random *rand.Rand) *node {
	content := append([]byte(nil), n.content...)
	for i := len(n.writes) - 1; i >= 0; i-- {
		content = n.writes[i].undo(content)
	}
	for _, w := range n.writes {
		pieces := []write{w}
		if loss == Sectors {
			pieces = w.sectors()
		}
		for _, piece := range pieces {
			if loss.keeps(piece.step, last, random) {
				content = piece.redo(content)
			}
		}
	}
	return &node{disk: n.disk, content: content}
}
