package pagerecord

import (
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// Sums gives what the record adds to the digests of each of its scope keys, by
// visibility class. The server computes the same over what it would send.
func (r *Record) Sums(kind *schema.Kind) (s syncengine.Sums) {
	for i := range r.Cells {
		c := &r.Cells[i]
		if class, known := kind.Engine.Class(c.Key.Field); known {
			s[class] += syncengine.CellHash(r.ID, c.Key, c.Shown.Data, c.Shown.Cleared)
		}
	}
	return s
}
