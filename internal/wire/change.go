package wire

import (
	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// Change is a decoded change.
type Change struct {
	DeviceSeq  syncengine.DeviceSeq
	RecordID   syncengine.ID
	Kind       syncengine.KindNumber
	Create     bool
	Base       syncengine.Coordinate
	DeviceTime syncengine.UnixMilli
	OccurredAt syncengine.UnixMilli
	// Group is the device_seq of the group's first change; its own when alone.
	Group    syncengine.DeviceSeq
	Patch    *syncv1.Patch
	Resolves []syncengine.ConflictID
	Salted   bool
}

// DecodeChange reads the exact bytes of a change and checks everything that
// does not need its kind. The change shares the bytes of body.
func DecodeChange(body []byte) (*Change, error) { return new(ChangeReader).Decode(body) }

// ChangeReader reads changes that live and end together, as those of a batch: they share what memory they need.
type ChangeReader struct {
	changes room[Change]
	patches room[syncv1.Patch]
}

// Decode is DecodeChange.
func (r *ChangeReader) Decode(body []byte) (*Change, error) {
	if len(body) > ChangeBytesMax {
		return nil, malformed("a change of %d bytes, %d are allowed", len(body), ChangeBytesMax)
	}
	q := quickChange{change: r.changes.one(), patches: &r.patches}
	if q.read(body) {
		return q.change, q.change.complete(q.recordID, q.occurredDiff, q.resolves)
	}
	var m syncv1.Change
	if err := proto.Unmarshal(body, &m); err != nil {
		return nil, malformed("change: %v", err)
	}
	return changeOf(&m)
}

func changeOf(m *syncv1.Change) (*Change, error) {
	c := &Change{
		DeviceSeq:  syncengine.DeviceSeq(m.GetDeviceSeq()),
		Kind:       syncengine.KindNumber(m.GetKind()),
		Create:     m.GetCreate(),
		Base:       syncengine.Coordinate{Epoch: syncengine.Epoch(m.GetBaseEpoch()), Seq: syncengine.Seq(m.GetBaseSeq())},
		DeviceTime: syncengine.UnixMilli(m.GetDeviceTimeMs()),
		Group:      syncengine.DeviceSeq(m.GetGroup()),
		Patch:      m.GetPatch(),
		Salted:     m.GetSalted(),
	}
	return c, c.complete(m.GetRecordId(), m.GetOccurredAtDiffMs(), m.GetResolves())
}

// complete takes over what has a form of its own, and checks it.
func (c *Change) complete(recordID []byte, occurredDiff int64, resolves [][]byte) error {
	c.OccurredAt = c.DeviceTime + syncengine.UnixMilli(occurredDiff)
	var ok bool
	if c.RecordID, ok = syncengine.IDFromBytes(recordID); !ok || c.RecordID.IsZero() {
		return malformed("change %d: record id of %d bytes", c.DeviceSeq, len(recordID))
	}
	if c.DeviceSeq == 0 {
		return malformed("a change without device_seq")
	}
	if c.Group > c.DeviceSeq {
		return malformed("change %d: group %d begins after it", c.DeviceSeq, c.Group)
	}
	if c.Group == 0 {
		c.Group = c.DeviceSeq
	}
	return c.readResolves(resolves)
}

func (c *Change) readResolves(ids [][]byte) error {
	if len(ids) > ResolvesMax {
		return malformed("change %d: %d resolves, %d are allowed", c.DeviceSeq, len(ids), ResolvesMax)
	}
	for _, b := range ids {
		var id syncengine.ConflictID
		if len(b) != len(id) {
			return malformed("change %d: conflict id of %d bytes", c.DeviceSeq, len(b))
		}
		copy(id[:], b)
		c.Resolves = append(c.Resolves, id)
	}
	return nil
}

// EncodeChange makes the exact bytes of a change, once.
func EncodeChange(c *Change) ([]byte, error) {
	m := &syncv1.Change{
		DeviceSeq: uint64(c.DeviceSeq), RecordId: c.RecordID[:], Kind: uint32(c.Kind), Create: c.Create,
		BaseEpoch: uint32(c.Base.Epoch), BaseSeq: uint64(c.Base.Seq), DeviceTimeMs: int64(c.DeviceTime),
		OccurredAtDiffMs: int64(c.OccurredAt - c.DeviceTime), Patch: c.Patch, Salted: c.Salted,
	}
	if c.Group != c.DeviceSeq {
		m.Group = uint64(c.Group)
	}
	for _, id := range c.Resolves {
		m.Resolves = append(m.Resolves, id[:])
	}
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return nil, err
	}
	if len(body) > ChangeBytesMax {
		return nil, &InvalidError{Why: "the change is larger than a change may be; shorten its texts"}
	}
	return body, nil
}

// NeedsSalt reports whether any of the cells may tell about a person. A field
// that this software does not know was judged by the software that wrote it.
func NeedsSalt(kind *schema.Kind, cells []syncengine.CellWrite) bool {
	for _, c := range cells {
		if c.Key.Field == syncengine.LifeField {
			continue
		}
		if f, ok := kind.Field(c.Key.Field); ok && f.Salted() {
			return true
		}
	}
	return false
}

// CheckSteps judges the patch alone: every write of a field with declared states
// must name the state it came from and be a declared step, unless it settles a
// conflict of that very cell.
func CheckSteps(kind *schema.Kind, c *Change, cells []syncengine.CellWrite) bool {
	for _, w := range cells {
		f, ok := kind.Field(w.Key.Field)
		if !ok || f.Engine.Policy != syncengine.States {
			continue
		}
		if c.settles(w.Key) {
			continue
		}
		from, named := stateFrom(c.Patch, w.Key.Field)
		if !named && !c.Create || w.Cleared || !f.Engine.States.Declared(from, int32(f.Engine.Number64(w.Data))) {
			return false
		}
	}
	return true
}

func (c *Change) settles(key syncengine.CellKey) bool {
	id := syncengine.ConflictIDOf(c.RecordID, key)
	for _, r := range c.Resolves {
		if r == id {
			return true
		}
	}
	return false
}

func stateFrom(p *syncv1.Patch, field syncengine.FieldNumber) (state int32, named bool) {
	for _, f := range p.GetFrom() {
		if f.GetField() == uint32(field) {
			return f.GetState(), true
		}
	}
	return 0, false
}
