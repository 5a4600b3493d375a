package wire

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"onedoor/syncengine"
)

// ReadShown decodes the values that a record shows into m, which has the record's
// kind; with keep, only those of fields that it lets pass. Fields of a later schema
// stay in m as unknown ones. A value that does not decode is an error: what m holds
// then means nothing.
func ReadShown(rec *syncengine.Record, m proto.Message, keep func(syncengine.FieldNumber) bool) error {
	var b []byte
	for i := range rec.Cells {
		c := &rec.Cells[i]
		v := c.Shown()
		if c.Key.Field == syncengine.LifeField || v.Cleared || keep != nil && !keep(c.Key.Field) {
			continue
		}
		b = append(b, v.Data...)
	}
	if err := proto.Unmarshal(b, m); err != nil {
		return fmt.Errorf("record %s: %w", rec.ID, err)
	}
	return nil
}

// Lacking gives the patch that brings have to what want says: fields of want that
// have lacks or reads otherwise, and of lists the elements that have lacks. What have
// has too many stays.
func Lacking(want, have protoreflect.Message) protoreflect.Message {
	patch := want.New()
	want.Range(func(d protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case d.IsList():
			for _, e := range NotIn(v.List(), have.Get(d).List()) {
				patch.Mutable(d).List().Append(e)
			}
		case !have.Has(d) || !v.Equal(have.Get(d)):
			patch.Set(d, v)
		}
		return true
	})
	return patch
}

// NotIn gives the elements of a list that another list lacks.
func NotIn(list, other protoreflect.List) (out []protoreflect.Value) {
	var known []protoreflect.Value
	for i := range other.Len() {
		known = append(known, other.Get(i))
	}
	for i := range list.Len() {
		if v := list.Get(i); !slices.ContainsFunc(known, v.Equal) {
			out = append(out, v)
		}
	}
	return out
}
