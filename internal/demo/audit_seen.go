package demo

import (
	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// observed is what was found at the end. Everything in it was read from the server or from a phone; nothing of it is the
// script's, and none of it is a counter.
type observed struct {
	// records are all of the server's.
	records []seenRecord
	// log holds every change in the server's log, its own too, in its order.
	log []seenChange
	// open are the conflicts that the server lists for people.
	open []seenConflict
	// phones are in the order of the cast's.
	phones []seenPhone
}

// changesOf counts the changes of one phone in the log.
func (o *observed) changesOf(incarnation syncengine.ID) int {
	n := 0
	for i := range o.log {
		if o.log[i].incarnation == incarnation {
			n++
		}
	}
	return n
}

// seenRecord is a record as the server has it.
type seenRecord struct {
	id    syncengine.ID
	kind  syncengine.KindNumber
	cells []seenCell
}

// seenCell holds the values of a cell: the shown one, those beside it in the set, and those kept.
type seenCell struct {
	key         syncengine.CellKey
	shown       string
	cleared     bool
	stand, kept []string
}

// seenChange is a change in the log.
type seenChange struct {
	incarnation syncengine.ID
	seq         syncengine.DeviceSeq
	record      syncengine.ID
	// quarantined says that it waits for a person instead of having been merged.
	quarantined bool
}

// seenConflict is something open as the server lists it.
type seenConflict struct {
	id   syncengine.ConflictID
	kind openKind
}

// seenPhone is what one phone has.
type seenPhone struct {
	// incarnation is the phone's own name for its database.
	incarnation syncengine.ID
	// records are the messages it shows, in the order of its lists.
	records []phoneRecord
	// conflicts are those it lists.
	conflicts []phoneConflict
	// digest is its own sum over its base; pending and quarantined count what it still has on its hands.
	digest               string
	pending, quarantined int
}

// phoneRecord is a record as a phone shows it.
type phoneRecord struct {
	id      syncengine.ID
	shown   string
	deleted bool
}

// phoneConflict is a conflict as a phone lists it, its values by who wrote them when.
type phoneConflict struct {
	id     syncengine.ConflictID
	kind   openKind
	shown  author
	others []author
}

// author names one write: no person of a day writes twice in one instant.
type author struct {
	user syncengine.ID
	atMs int64
}

// dead says whether a record is shown as deleted.
func (r *seenRecord) dead() bool {
	return len(r.cells) > 0 && r.cells[0].key.Field == syncengine.LifeField && r.cells[0].shown == lifeDead
}

// clinic gives the clinic that a dispute is shown in.
func (r *seenRecord) clinic() domain.Clinic {
	m := &recordv1.Dispute{}
	if err := proto.Unmarshal([]byte(r.message(allClasses)), m); err != nil {
		return 0 // The comparison of cells names what cannot be read.
	}
	return domain.Clinic(m.GetClinic())
}

// allClasses are all visibility classes.
const allClasses = ^schema.Classes(0)

// message gives the shown values of some classes as a record message, encoded. A value that cannot be read is a fault of
// its own, which the comparison of cells names.
func (r *seenRecord) message(classes schema.Classes) string {
	kind, known := schema.Load().Kind(r.kind)
	if !known {
		return ""
	}
	var b []byte
	for i := range r.cells {
		c := &r.cells[i]
		class, known := kind.Engine.Class(c.key.Field)
		if c.key.Field != syncengine.LifeField && known && classes.Has(class) && !c.cleared {
			b = append(b, c.shown...)
		}
	}
	m := kind.Type.New().Interface()
	if err := proto.Unmarshal(b, m); err != nil {
		return "unreadable"
	}
	return encoded(m)
}

// encoded gives a message as text that is the same for equal messages.
func encoded(m proto.Message) string {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
