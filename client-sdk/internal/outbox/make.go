// Package outbox makes a phone's changes: it cuts an edit into changes of one
// base each, puts what belongs together into a group, draws salts, extends the
// chain and holds every limit of the protocol at the moment the edit is made, so
// that nothing is accepted on a phone that can never be sent. It also decides
// where a batch is cut.
//
// It is pure: time and salts come in as values, and it never reads or writes a
// row. Rows it makes are never altered afterwards.
//
// Invariants carried here: I2 and I18 (every change has its place in one chain),
// and the protocol's rule that a cell with an own change the base does not hold
// keeps that change's base.
//
// Read this file first, then split.go and batch.go.
package outbox

import (
	"fmt"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// Edit is what an author wants of one record.
type Edit struct {
	Record syncengine.ID
	Kind   *schema.Kind
	Create bool
	Patch  *syncv1.Patch
	// Resolves names the conflicts and kept values the edit closes.
	Resolves []syncengine.ConflictID
	// OccurredAt is when the thing happened, as the author says.
	OccurredAt syncengine.UnixMilli
	// Held gives the base of each cell that has an own change which the phone's
	// base does not hold: what the author sees there is that change, not the base.
	Held map[syncengine.CellKey]syncengine.Coordinate
}

// End is the end of the incarnation's own sequence.
type End struct {
	Seq   syncengine.DeviceSeq
	Chain syncengine.Chain
}

// Made is a change as it is stored and sent.
type Made struct {
	wire.Change
	// Cells are what it writes.
	Cells []syncengine.CellWrite
	Salt  []byte
	Body  []byte
	// Chain is the chain after it.
	Chain syncengine.Chain
}

// Maker makes the changes of one commit, edit by edit. All of them are one group.
type Maker struct {
	// End is where the sequence stands; it moves with every change made.
	End End
	// Checkpoint is what the phone's base reflects.
	Checkpoint syncengine.Coordinate
	// Now is the device's clock, raw.
	Now syncengine.UnixMilli
	// Salt draws the salt of a change that carries person data.
	Salt func() [wire.SaltBytes]byte

	// group is the device_seq of the commit's first change; 0 before it.
	group          syncengine.DeviceSeq
	changes, bytes int
}

// GroupError is a group that is larger than a group may be.
type GroupError struct {
	// Changes and Bytes are what the group came to.
	Changes, Bytes int
}

// Error gives the size and both limits.
func (e *GroupError) Error() string {
	return fmt.Sprintf("%d changes of %d bytes in one group, %d changes and %d bytes are allowed: save it in parts",
		e.Changes, e.Bytes, wire.BatchChangesMax, wire.GroupBytesMax)
}

// Make turns an edit into changes, in device order. After an error the maker is
// of no more use: the commit as a whole is refused.
func (m *Maker) Make(edit *Edit) ([]Made, error) {
	parts, err := split(edit, m.Checkpoint)
	if err != nil {
		return nil, err
	}
	if m.group == 0 {
		m.group = m.End.Seq + 1
	}
	made := make([]Made, len(parts))
	for i := range parts {
		if made[i], err = m.change(&parts[i]); err != nil {
			return nil, err
		}
		m.changes++
		m.bytes += len(made[i].Body) + len(made[i].Salt)
	}
	if m.changes > 1 && (m.bytes > wire.GroupBytesMax || m.changes > wire.BatchChangesMax) {
		return nil, &GroupError{Changes: m.changes, Bytes: m.bytes}
	}
	return made, nil
}

// change encodes one part and moves the end behind it.
func (m *Maker) change(p *part) (Made, error) {
	c := Made{Cells: p.cells, Change: wire.Change{
		DeviceSeq: m.End.Seq + 1, RecordID: p.edit.Record, Kind: p.edit.Kind.Number, Create: p.edit.Create, Base: p.base,
		DeviceTime: m.Now, OccurredAt: m.Now, Group: m.group, Patch: p.patch, Resolves: p.resolves,
		Salted: wire.NeedsSalt(p.edit.Kind, p.cells),
	}}
	if p.edit.OccurredAt != 0 {
		c.OccurredAt = p.edit.OccurredAt
	}
	if c.Salted {
		salt := m.Salt()
		c.Salt = salt[:]
	}
	var err error
	if c.Body, err = wire.EncodeChange(&c.Change); err != nil {
		return c, err
	}
	c.Chain = m.End.Chain.Next(syncengine.InnerDigest(c.Salt, c.Body))
	m.End = End{Seq: c.DeviceSeq, Chain: c.Chain}
	return c, nil
}
