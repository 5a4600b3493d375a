package recordjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// Patch is what a text says of a record.
type Patch struct {
	// Kind is the kind that the text was read as.
	Kind *schema.Kind
	// ID is the record's own id where the text names one; zero otherwise.
	ID syncengine.ID
	// Message holds what is written and nothing else: of a set the elements that
	// are added, of a map the keys that are written.
	Message proto.Message
	// Cleared are the fields that null removes, in order of their numbers; none is
	// a set or a map. Of a new record it says that nothing is to be filled in.
	Cleared []syncengine.FieldNumber
	// Removed are the set elements and map keys to remove, sorted.
	Removed []syncengine.CellKey
}

// Wire gives the patch as it stands in a change; life and the states that steps
// come from are the caller's.
func (p *Patch) Wire() (*syncv1.Patch, error) {
	fields, err := proto.MarshalOptions{Deterministic: true}.Marshal(p.Message)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Kind.Name, err)
	}
	out := &syncv1.Patch{Fields: fields}
	for _, n := range p.Cleared {
		out.Cleared = append(out.Cleared, uint32(n))
	}
	for _, key := range p.Removed {
		e := &syncv1.Element{Field: uint32(key.Field), Element: []byte(key.Key)}
		if f, ok := p.Kind.Field(key.Field); ok && f.Engine.Shape == syncengine.Map {
			out.MapRemoved = append(out.MapRemoved, e)
		} else {
			out.SetRemoved = append(out.SetRemoved, e)
		}
	}
	return out, nil
}

// Decode reads a new record, or an edit whose author is shown nothing. A wrong
// text gives an Error.
func Decode(kind *schema.Kind, text []byte, r Resolver) (*Patch, error) {
	return DecodeEdit(kind, text, nil, r)
}

// DecodeEdit reads an edit of a record. shown is the encoded record message that
// the author sees: arrays of sets are compared with it, inner objects are merged
// into it, and a state that stands already is left out.
func DecodeEdit(kind *schema.Kind, text, shown []byte, r Resolver) (*Patch, error) {
	was := kind.Type.New()
	if err := proto.Unmarshal(shown, was.Interface()); err != nil {
		return nil, fmt.Errorf("%s as it is shown: %w", kind.Name, err)
	}
	d := decoder{values: values{r}, shown: was, message: kind.Type.New(), patch: &Patch{Kind: kind}}
	if err := d.text(text); err != nil {
		return nil, within(kind.Name, err)
	}
	d.patch.Message = d.message.Interface()
	slices.Sort(d.patch.Cleared)
	slices.SortFunc(d.patch.Removed, syncengine.CellKey.Compare)
	d.patch.Removed = slices.Compact(d.patch.Removed)
	return d.patch, nil
}

// decoder gathers what a text writes.
type decoder struct {
	values values
	// message takes what is written, shown is what the author sees.
	message, shown protoreflect.Message
	patch          *Patch
}

func (d *decoder) text(text []byte) error {
	if err := checkText(text); err != nil {
		return err
	}
	object, err := members(text)
	if err != nil {
		return err
	}
	kind, written := d.patch.Kind, map[syncengine.FieldNumber]bool{}
	for _, m := range object {
		desc := fieldNamed(kind.Message, m.Name)
		if desc == nil {
			if err := d.beside(m); err != nil {
				return err
			}
			continue
		}
		f, _ := kind.Field(syncengine.FieldNumber(desc.Number()))
		if written[f.Engine.Number] {
			return within(f.Name, &Error{Cause: ErrTwice})
		}
		written[f.Engine.Number] = true
		if err := d.field(f, m.Value); err != nil {
			return within(f.Name, err)
		}
	}
	return nil
}

// beside reads what stands beside the fields.
func (d *decoder) beside(m Member) error {
	switch m.Name {
	case NameID:
		id, err := readID(m.Value)
		d.patch.ID = id
		return within(NameID, err)
	case NameKind:
		if text, err := readText(m.Value); err != nil || text != d.patch.Kind.Name {
			return within(NameKind, unfit(m.Value, d.patch.Kind.Name+" is read here"))
		}
		return nil
	case NameSeq, NameSyncState, "syncState":
		return nil
	}
	return noField(d.patch.Kind.Message, m.Name)
}

// field reads one field by its shape.
func (d *decoder) field(f *schema.Field, v json.RawMessage) error {
	switch {
	case f.Engine.Shape == syncengine.Set:
		return d.set(f, v)
	case f.Engine.Shape == syncengine.Map:
		return d.mapped(f, v)
	case isNull(v):
		d.clear(f)
		return nil
	case f.Desc.IsList():
		return d.list(f, v)
	}
	value, err := d.values.read(f.Desc, v, inner(d.shown, f.Desc))
	if err != nil {
		return err
	}
	if f.Engine.Policy == syncengine.States && d.stands(f, value) {
		return nil
	}
	d.message.Set(f.Desc, value)
	return nil
}

// inner gives the message that stands in a field; nil for none.
func inner(m protoreflect.Message, d protoreflect.FieldDescriptor) protoreflect.Message {
	if d.Kind() != protoreflect.MessageKind || !m.Has(d) {
		return nil
	}
	return m.Get(d).Message()
}

// stands reports that a state is written which stands already: that is no step.
func (d *decoder) stands(f *schema.Field, state protoreflect.Value) bool {
	return d.shown.Has(f.Desc) && d.shown.Get(f.Desc).Enum() == state.Enum()
}

func (d *decoder) clear(f *schema.Field) {
	d.patch.Cleared = append(d.patch.Cleared, f.Engine.Number)
}

func (d *decoder) remove(f *schema.Field, key string) {
	d.patch.Removed = append(d.patch.Removed, syncengine.CellKey{Field: f.Engine.Number, Key: key})
}

func isNull(v json.RawMessage) bool { return string(bytes.TrimSpace(v)) == "null" }
