package syncengine_test

import (
	"slices"

	"onedoor/syncengine"
)

// The fields of the one record kind that the tests write to. The rules of
// fieldTested are what a test is about.
const (
	fieldTested  syncengine.FieldNumber = 1
	fieldSet     syncengine.FieldNumber = 2
	fieldMap     syncengine.FieldNumber = 3
	fieldContact syncengine.FieldNumber = 4
	// fieldUnknown is no field of the kind.
	fieldUnknown syncengine.FieldNumber = 99
)

const classContact syncengine.Class = 2

var (
	lifeKey    = syncengine.CellKey{Field: syncengine.LifeField}
	testedKey  = syncengine.CellKey{Field: fieldTested}
	contactKey = syncengine.CellKey{Field: fieldContact}

	recordID = syncengine.ID{0x0d}
)

// states orders the letters otherwise than the alphabet does, so that a test
// can tell precedence from number.
var states = &syncengine.StateTable{
	Precedence: map[int32]int32{'a': 1, 'b': 4, 'c': 2, 'd': 3},
	From:       map[int32][]int32{'a': {0}, 'c': {'a'}, 'd': {'c'}, 'b': {'d'}},
}

// newKind makes the kind with a policy for fieldTested. Values of number fields
// are single letters and count as their code.
func newKind(policy syncengine.PolicyKind) *syncengine.Kind {
	number := func(data []byte) int64 { return int64(data[0]) }
	fields := []*syncengine.Field{
		{Number: fieldTested, Policy: policy, Class: 1, Number64: number, States: states},
		{Number: fieldSet, Shape: syncengine.Set, Class: 1},
		{Number: fieldMap, Shape: syncengine.Map, Class: 1},
		{Number: fieldContact, Class: classContact},
	}
	kind := &syncengine.Kind{Number: 7, Fields: map[syncengine.FieldNumber]*syncengine.Field{}}
	for _, f := range fields {
		kind.Fields[f.Number] = f
	}
	return kind
}

// realm is the least server around the engine: one record and its log. It
// decides nothing by itself.
type realm struct {
	kind    *syncengine.Kind
	history syncengine.History
	// states holds the record as it was when the log had reached each seq.
	states []*syncengine.Record
	// merged holds the change that each log entry merged, nil for other entries.
	merged []*change
	phones []*phone
}

func newRealm(policy syncengine.PolicyKind) *realm {
	return &realm{
		kind:    newKind(policy),
		history: syncengine.History{Epoch: 1},
		states:  []*syncengine.Record{nil},
		merged:  []*change{nil},
	}
}

// record gives the record as it stands.
func (r *realm) record() *syncengine.Record { return r.states[len(r.states)-1] }

func (r *realm) head() syncengine.Coordinate {
	return syncengine.Coordinate{Epoch: r.history.Epoch, Seq: syncengine.Seq(len(r.states) - 1)}
}

func (r *realm) world() syncengine.World {
	return syncengine.World{History: r.history, Lineage: r.lineage}
}

func (r *realm) lineage(incarnation syncengine.ID) (syncengine.ID, syncengine.DeviceSeq, bool) {
	for _, p := range r.phones {
		if p.id == incarnation && p.parent != nil {
			return p.parent.id, p.shared, true
		}
	}
	return syncengine.ID{}, 0, false
}

// view is what a phone has of the log: a prefix.
type view struct {
	at      syncengine.Coordinate
	record  *syncengine.Record
	changes []*change
}

func (r *realm) view() *view {
	v := &view{at: r.head(), record: r.record()}
	if v.at.Seq == 0 {
		v.at = syncengine.Coordinate{}
	}
	for _, c := range r.merged {
		if c != nil {
			v.changes = append(v.changes, c)
		}
	}
	return v
}

// receive takes a change of a phone: merges it, or holds it back.
func (r *realm) receive(c *change) syncengine.Merged {
	if c.holdBack {
		c.state = quarantined
		r.states, r.merged = append(r.states, r.record()), append(r.merged, nil)
		return syncengine.Merged{Record: r.record()}
	}
	return r.merge(c, nil)
}

// release merges a change that was held back.
func (r *realm) release(c *change) syncengine.Merged {
	later := func(key syncengine.CellKey) bool {
		return slices.ContainsFunc(r.merged, func(o *change) bool {
			return o != nil && o.writes(key) && o.follows(c)
		})
	}
	return r.merge(c, later)
}

func (r *realm) merge(c *change, ownLater func(syncengine.CellKey) bool) syncengine.Merged {
	at := syncengine.Coordinate{Epoch: r.history.Epoch, Seq: syncengine.Seq(len(r.states))}
	m := r.world().Merge(r.kind, r.record(), recordID, c.incoming(at, ownLater))
	c.state, c.at = accepted, append(c.at, at)
	r.states, r.merged = append(r.states, m.Record), append(r.merged, c)
	return m
}

// restore takes the server back to a backup of the log up to seq. Phones learn
// of it when they next make contact.
func (r *realm) restore(to syncengine.Seq) {
	r.history.Epoch++
	r.history.Forks = append(slices.Clip(r.history.Forks), syncengine.Fork{Epoch: r.history.Epoch, At: to})
	r.states, r.merged = slices.Clip(r.states[:to+1]), slices.Clip(r.merged[:to+1])
}

// conflicts lists the addresses of what is open.
func (r *realm) conflicts() map[syncengine.CellKey]syncengine.ConflictKind {
	return r.conflictsOf(r.record())
}

func (r *realm) conflictsOf(rec *syncengine.Record) map[syncengine.CellKey]syncengine.ConflictKind {
	out := map[syncengine.CellKey]syncengine.ConflictKind{}
	for _, c := range r.world().Conflicts(r.kind, rec) {
		out[c.Cell.Key] = c.Kind
	}
	return out
}
