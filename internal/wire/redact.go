package wire

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// Redacted is what is left of a change once cells of it were erased.
type Redacted struct {
	// Change is the change without them; the one it was made of is untouched.
	Change *Change
	// Erased tells that it had any of them, Empty that it says nothing any more.
	Erased, Empty bool
}

// Redact takes the cells for which erased answers true out of a change. kind is
// nil for one that this software does not know.
func Redact(kind *schema.Kind, c *Change, erased func(syncengine.CellKey) bool) (Redacted, error) {
	r := redacting{kind: kind, erased: erased}
	p := c.Patch
	out := &syncv1.Patch{Life: p.GetLife()}
	var err error
	if out.Fields, err = r.fields(p.GetFields()); err != nil {
		return Redacted{}, err
	}
	for _, n := range p.GetCleared() {
		if !r.drops(syncengine.CellKey{Field: syncengine.FieldNumber(n)}) {
			out.Cleared = append(out.Cleared, n)
		}
	}
	out.SetRemoved, out.MapRemoved = r.elements(p.GetSetRemoved()), r.elements(p.GetMapRemoved())
	for _, f := range p.GetFrom() {
		if !r.drops(syncengine.CellKey{Field: syncengine.FieldNumber(f.GetField())}) {
			out.From = append(out.From, f)
		}
	}
	left := *c
	left.Patch = out
	empty := !c.Create && len(c.Resolves) == 0 && len(out.Fields)+len(out.Cleared)+len(out.SetRemoved)+len(out.MapRemoved) == 0 &&
		out.Life == syncv1.Life_LIFE_UNSPECIFIED
	return Redacted{Change: &left, Erased: r.dropped, Empty: empty}, nil
}

type redacting struct {
	kind    *schema.Kind
	erased  func(syncengine.CellKey) bool
	dropped bool
}

func (r *redacting) drops(key syncengine.CellKey) bool {
	drop := r.erased(key)
	r.dropped = r.dropped || drop
	return drop
}

// fields copies the occurrences that stay.
func (r *redacting) fields(b []byte) (out []byte, err error) {
	for len(b) > 0 {
		num, typ, n, m, err := consumeField(b)
		if err != nil {
			return nil, err
		}
		key, err := r.cellOf(syncengine.FieldNumber(num), typ, b[n:n+m])
		if err != nil {
			return nil, err
		}
		if !r.drops(key) {
			out = append(out, b[:n+m]...)
		}
		b = b[n+m:]
	}
	return out, nil
}

// cellOf names the cell that an occurrence of a field belongs to.
func (r *redacting) cellOf(num syncengine.FieldNumber, typ protowire.Type, value []byte) (syncengine.CellKey, error) {
	key := syncengine.CellKey{Field: num}
	if r.kind == nil || typ != protowire.BytesType {
		return key, nil
	}
	f, known := r.kind.Field(num)
	if !known {
		return key, nil
	}
	content, _ := protowire.ConsumeBytes(value)
	switch f.Engine.Shape {
	case syncengine.Set:
		key.Key = string(content)
	case syncengine.Map:
		if err := checkValue(f, f.Desc, typ, value, 0); err != nil {
			return key, err
		}
		k, err := mapKey(f, content)
		if err != nil {
			return key, err
		}
		key.Key = string(k)
	}
	return key, nil
}

func (r *redacting) elements(all []*syncv1.Element) []*syncv1.Element {
	return slices.DeleteFunc(slices.Clone(all), func(e *syncv1.Element) bool {
		return r.drops(syncengine.CellKey{Field: syncengine.FieldNumber(e.GetField()), Key: string(e.GetElement())})
	})
}
