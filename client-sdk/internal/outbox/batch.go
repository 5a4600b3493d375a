package outbox

import (
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// changeFrameBytes bounds what a change adds to a batch beside body and salt: tags and lengths.
const changeFrameBytes = 16

// Cutter decides how far a batch reaches: within the limits of a batch, and
// never into the middle of a group.
type Cutter struct {
	// Most asks for fewer changes than the protocol allows, as far as groups can be
	// kept whole; 0 does not.
	Most int

	group          syncengine.DeviceSeq
	changes, bytes int
	whole          int
}

// Take offers the next change of the outbox; group is the device_seq of its
// group's first change, 0 when it stands alone. It answers false when the change
// does not fit any more, and no further one is to be offered.
func (c *Cutter) Take(seq, group syncengine.DeviceSeq, bodyBytes int) bool {
	if group == 0 {
		group = seq
	}
	if group != c.group {
		c.whole, c.group = c.changes, group
	}
	c.changes++
	c.bytes += bodyBytes + changeFrameBytes
	if c.changes > wire.BatchChangesMax || c.bytes > wire.BatchBytesMax || c.Most > 0 && c.changes > c.Most && c.whole > 0 {
		c.changes = c.whole
		return false
	}
	return true
}

// Changes tells how many of the changes taken make up the batch.
func (c *Cutter) Changes() int { return c.changes }
