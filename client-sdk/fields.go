package client

import (
	"math"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// ruleFields gives a record as the rules of the field look at it.
func ruleFields(kind *schema.Kind, fields []byte) (domain.Fields, error) {
	m := kind.Type.New()
	out := domain.Fields{Texts: map[string]string{}, Numbers: map[string]int64{}, Sizes: map[string]int{}, Keys: map[string][]string{}}
	if err := proto.Unmarshal(fields, m.Interface()); err != nil {
		return out, err
	}
	addFields(&out, "", m)
	return out, nil
}

func addFields(out *domain.Fields, prefix string, m protoreflect.Message) {
	m.Range(func(d protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		addField(out, prefix+string(d.Name()), d, v)
		return true
	})
}

func addField(out *domain.Fields, name string, d protoreflect.FieldDescriptor, v protoreflect.Value) {
	switch {
	case d.IsMap():
		out.Sizes[name] = v.Map().Len()
		v.Map().Range(func(k protoreflect.MapKey, entry protoreflect.Value) bool {
			out.Keys[name] = append(out.Keys[name], k.String())
			if d.MapValue().Kind() == protoreflect.MessageKind {
				addFields(out, name+"."+k.String()+".", entry.Message())
			}
			return true
		})
		return
	case d.IsList():
		out.Sizes[name] = v.List().Len()
		return
	}
	switch d.Kind() {
	case protoreflect.StringKind:
		out.Texts[name] = v.String()
	case protoreflect.BytesKind:
		out.Sizes[name] = len(v.Bytes())
	case protoreflect.MessageKind:
		addFields(out, name+".", v.Message())
	case protoreflect.EnumKind:
		out.Numbers[name] = int64(v.Enum())
	case protoreflect.BoolKind:
		out.Numbers[name] = 0
		if v.Bool() {
			out.Numbers[name] = 1
		}
	case protoreflect.Uint32Kind, protoreflect.Uint64Kind:
		out.Numbers[name] = int64(min(v.Uint(), math.MaxInt64))
	default:
		out.Numbers[name] = v.Int()
	}
}

// freeTexts lists the texts that cells write and that may name a person.
func freeTexts(kind *schema.Kind, cells []syncengine.CellWrite) []domain.FreeText {
	var out []domain.FreeText
	for _, w := range cells {
		f, known := kind.Field(w.Key.Field)
		if !known || w.Cleared || f.Rules.GetPerson() != recordv1.PersonData_PERSON_DATA_FREE_TEXT {
			continue
		}
		for _, text := range cellTexts(kind, f, w.Data) {
			out = append(out, domain.FreeText{Field: f.Name, Text: text})
		}
	}
	return out
}

// cellTexts gives the texts of one cell: its own, or those of its list or map entry.
func cellTexts(kind *schema.Kind, f *schema.Field, data []byte) (out []string) {
	m := kind.Type.New()
	if err := proto.Unmarshal(data, m.Interface()); err != nil {
		// The cell was cut from a message that could be read.
		panic("client: cell of " + f.Name + ": " + err.Error())
	}
	v := m.Get(f.Desc)
	switch {
	case f.Desc.IsMap() && f.Desc.MapValue().Kind() == protoreflect.StringKind:
		v.Map().Range(func(_ protoreflect.MapKey, text protoreflect.Value) bool {
			out = append(out, text.String())
			return true
		})
	case f.Desc.Kind() != protoreflect.StringKind:
	case f.Desc.IsList():
		for i := range v.List().Len() {
			out = append(out, v.List().Get(i).String())
		}
	default:
		out = append(out, v.String())
	}
	return out
}

// writtenFields names the fields that cells write.
func writtenFields(kind *schema.Kind, cells []syncengine.CellWrite) []string {
	var out []string
	for _, w := range cells {
		if f, known := kind.Field(w.Key.Field); known && (len(out) == 0 || out[len(out)-1] != f.Name) {
			out = append(out, f.Name)
			if f.Desc.Kind() == protoreflect.MessageKind && !f.Desc.IsMap() {
				out = append(out, innerNames(f)...)
			}
		}
	}
	return out
}

// innerNames names the fields of a message cell, as rules read them.
func innerNames(f *schema.Field) []string {
	inner := f.Desc.Message().Fields()
	out := make([]string, inner.Len())
	for i := range out {
		out[i] = strings.Join([]string{f.Name, string(inner.Get(i).Name())}, ".")
	}
	return out
}
