package schema

import (
	"math"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/syncengine"
)

// RuleFields gives a record's message as the rules of the field look at it.
func RuleFields(m protoreflect.Message) domain.Fields {
	out := domain.Fields{Texts: map[string]string{}, Numbers: map[string]int64{}, Sizes: map[string]int{}, Keys: map[string][]string{}}
	addFields(&out, "", m)
	return out
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

// FreeTexts lists the texts that cells write and that may name a person.
func (k *Kind) FreeTexts(cells []syncengine.CellWrite) []domain.FreeText {
	var out []domain.FreeText
	for _, w := range cells {
		f, known := k.Field(w.Key.Field)
		if !known || w.Cleared || f.Rules.GetPerson() != recordv1.PersonData_PERSON_DATA_FREE_TEXT {
			continue
		}
		for _, text := range k.CellTexts(f, w.Data) {
			out = append(out, domain.FreeText{Field: f.Name, Text: text})
		}
	}
	return out
}

// CellTexts gives the texts of one cell: its own, or those of its list or map entry. The cell must have been cut from a
// message that could be read.
func (k *Kind) CellTexts(f *Field, data []byte) (out []string) {
	m := k.Type.New()
	if err := proto.Unmarshal(data, m.Interface()); err != nil {
		panic("schema: cell of " + f.Name + ": " + err.Error())
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

// WrittenFields names the fields that cells write, those inside a message cell too.
func (k *Kind) WrittenFields(cells []syncengine.CellWrite) []string {
	var out []string
	for _, w := range cells {
		if f, known := k.Field(w.Key.Field); known && (len(out) == 0 || out[len(out)-1] != f.Name) {
			out = append(out, f.Name)
			if f.Desc.Kind() == protoreflect.MessageKind && !f.Desc.IsMap() {
				out = append(out, innerNames(f)...)
			}
		}
	}
	return out
}

// innerNames names the fields of a message cell, as rules read them.
func innerNames(f *Field) []string {
	inner := f.Desc.Message().Fields()
	out := make([]string, inner.Len())
	for i := range out {
		out[i] = strings.Join([]string{f.Name, string(inner.Get(i).Name())}, ".")
	}
	return out
}

// Readable tells whether classes hold that of the field with a name; a name with a dot is that of a field inside of one.
func (k *Kind) Readable(classes Classes) func(name string) bool {
	return func(name string) bool {
		outer, _, _ := strings.Cut(name, ".")
		f, ok := k.FieldByName(outer)
		return ok && classes.Has(f.Engine.Class)
	}
}
