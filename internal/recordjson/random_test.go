package recordjson_test

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// drawRecord draws a record message whose values a change may carry: texts and
// bytes within their lengths, ids of 16 bytes, no empty keys.
func drawRecord(t *rapid.T, kind *schema.Kind) protoreflect.Message {
	m := kind.Type.New()
	for _, f := range kind.Fields {
		if rapid.Bool().Draw(t, f.Name+" is set") {
			drawField(t, m, f)
		}
	}
	return m
}

func drawField(t *rapid.T, m protoreflect.Message, f *schema.Field) {
	const elementsMax = 4
	switch n := rapid.IntRange(1, elementsMax); {
	case f.Desc.IsMap():
		entries := m.Mutable(f.Desc).Map()
		for range n.Draw(t, "keys") {
			key := rapid.SampledFrom([]string{"a", "b", "甲方", "\"\\\n", "latitudeE7"}).Draw(t, "key")
			entries.Set(protoreflect.ValueOfString(key).MapKey(), drawValue(t, f, f.Desc.MapValue()))
		}
	case f.Desc.IsList():
		seen := map[string]bool{}
		for range n.Draw(t, "elements") {
			v := drawValue(t, f, f.Desc)
			if key := v.String(); !seen[key] {
				seen[key] = true
				m.Mutable(f.Desc).List().Append(v)
			}
		}
	default:
		m.Set(f.Desc, drawValue(t, f, f.Desc))
	}
}

func drawValue(t *rapid.T, f *schema.Field, d protoreflect.FieldDescriptor) protoreflect.Value {
	switch d.Kind() {
	case protoreflect.MessageKind:
		return drawMessage(t, f, d)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(rapid.OneOf(rapid.Int32Range(0, 5), rapid.Int32()).Draw(t, "enum")))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(drawBytes(t, d))
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(rapid.StringN(leastOf(f), 16, -1).Draw(t, "text"))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(rapid.Bool().Draw(t, "bool"))
	case protoreflect.Sint32Kind:
		return protoreflect.ValueOfInt32(rapid.Int32().Draw(t, "number"))
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(rapid.Uint32().Draw(t, "number"))
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(rapid.Uint64().Draw(t, "number"))
	case protoreflect.Int64Kind:
		// The years 0001 to 9998.
		const yearOne, year9999 = -62135596800000, 253370764800000
		return protoreflect.ValueOfInt64(rapid.Int64Range(yearOne, year9999).Draw(t, "time"))
	}
	panic("no values of type " + d.Kind().String())
}

func drawMessage(t *rapid.T, f *schema.Field, d protoreflect.FieldDescriptor) protoreflect.Value {
	var m protoreflect.Message
	switch d.Message().Name() {
	case "Contact":
		m = (&recordv1.Contact{}).ProtoReflect()
	case "Party":
		m = (&recordv1.Party{}).ProtoReflect()
	case "Point":
		m = (&recordv1.Point{}).ProtoReflect()
	default:
		panic("no messages of type " + string(d.Message().Name()))
	}
	for i := range m.Descriptor().Fields().Len() {
		if inner := m.Descriptor().Fields().Get(i); rapid.Bool().Draw(t, "inner field is set") {
			m.Set(inner, drawValue(t, f, inner))
		}
	}
	return protoreflect.ValueOfMessage(m)
}

func drawBytes(t *rapid.T, d protoreflect.FieldDescriptor) []byte {
	rules, _ := proto.GetExtension(d.Options(), recordv1.E_Rules).(*recordv1.FieldRules)
	if rules.GetRefers() == recordv1.Refers_REFERS_UNSPECIFIED {
		return rapid.SliceOfN(rapid.Byte(), 0, min(40, int(rules.GetMaxLength()))).Draw(t, "bytes")
	}
	id := rapid.SampledFrom([][]byte{grid[:], door[:], other[:], user[:]}).Draw(t, "id")
	return id
}

// leastOf is how many characters a text of the field has at least: an element of a set names something.
func leastOf(f *schema.Field) int {
	if f.Engine.Shape == syncengine.Set {
		return 1
	}
	return 0
}
