package recordjson

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// Encode writes a record message of the kind, one member a field in the order of
// their numbers. A field without a value is left out, and so is one that this
// software does not know: it has no name.
func Encode(kind *schema.Kind, message proto.Message, r Resolver) (Object, error) {
	m := message.ProtoReflect()
	if got := m.Descriptor().FullName(); got != kind.Message.FullName() {
		return nil, fmt.Errorf("%s: a message of type %s is none: use %s", kind.Name, got, kind.Message.FullName())
	}
	out := Object{}
	for _, f := range kind.Fields {
		if m.Has(f.Desc) {
			out = append(out, Member{Name: f.Name, Value: values{r}.field(f.Desc, m.Get(f.Desc))})
		}
	}
	return out, nil
}

// EncodeFields writes an encoded record message as Encode does.
func EncodeFields(kind *schema.Kind, fields []byte, r Resolver) (Object, error) {
	m := kind.Type.New().Interface()
	if err := proto.Unmarshal(fields, m); err != nil {
		return nil, fmt.Errorf("%s: %w", kind.Name, err)
	}
	return Encode(kind, m, r)
}

// field writes all of a field.
func (v values) field(d protoreflect.FieldDescriptor, value protoreflect.Value) json.RawMessage {
	switch {
	case d.IsMap():
		return v.mapped(d, value.Map())
	case d.IsList():
		out := make([]json.RawMessage, value.List().Len())
		for i := range out {
			out[i] = v.single(d, value.List().Get(i))
		}
		return encode(out)
	}
	return v.single(d, value)
}

func (v values) mapped(d protoreflect.FieldDescriptor, m protoreflect.Map) json.RawMessage {
	out := make(Object, 0, m.Len())
	m.Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
		out = append(out, Member{Name: key.String(), Value: v.single(d.MapValue(), value)})
		return true
	})
	slices.SortFunc(out, func(a, b Member) int { return cmp.Compare(a.Name, b.Name) })
	return encode(out)
}

// single writes a field, an element, or a map's value.
func (v values) single(d protoreflect.FieldDescriptor, value protoreflect.Value) json.RawMessage {
	switch d.Kind() {
	case protoreflect.EnumKind:
		return enumValue(d.Enum(), value.Enum())
	case protoreflect.MessageKind:
		return v.message(value.Message())
	case protoreflect.BytesKind:
		return encode(v.bytesText(d, value.Bytes()))
	}
	if rulesOf(d).GetTime() {
		return timeValue(value.Int())
	}
	return encode(value.Interface())
}

func (v values) message(m protoreflect.Message) json.RawMessage {
	out := Object{}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		if d := fields.Get(i); m.Has(d) {
			out = append(out, Member{Name: string(d.Name()), Value: v.field(d, m.Get(d))})
		}
	}
	return encode(out)
}

// bytesText writes an id as UUID text, a territory as its code where that is
// known, and anything else in base64.
func (v values) bytesText(d protoreflect.FieldDescriptor, b []byte) string {
	refers := rulesOf(d).GetRefers()
	id, isID := syncengine.IDFromBytes(b)
	if refers == recordv1.Refers_REFERS_UNSPECIFIED || !isID {
		return base64.StdEncoding.EncodeToString(b)
	}
	if refers == recordv1.Refers_REFERS_TERRITORY {
		if code, known := v.territories.TerritoryCode(id); known {
			return code
		}
	}
	return id.String()
}
