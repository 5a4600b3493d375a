package recordwords

import (
	"encoding/hex"
	"fmt"
	"sort"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// shanghai is the time that people here live by.
var shanghai = time.FixedZone("UTC+8", 8*60*60)

// Names tells what an id in a record is called: a territory, a colleague, or nothing that is known.
type Names func(id syncengine.ID) string

// Writer writes cells in a language.
type Writer struct {
	// Lang is "en" for English, else Chinese.
	Lang string
	// Names may be nil.
	Names Names
}

// Cell names a cell: its field, with the key of a map and the element of a set.
func (w Writer) Cell(kind *schema.Kind, key syncengine.CellKey) string {
	if key.Field == syncengine.LifeField {
		return Field("life").In(w.Lang)
	}
	if kind == nil {
		return fmt.Sprintf("#%d", key.Field)
	}
	f, ok := kind.Field(key.Field)
	if !ok {
		return fmt.Sprintf("#%d", key.Field)
	}
	name := Field(f.Name).In(w.Lang)
	if key.Key == "" {
		return name
	}
	return name + " · " + w.key(f.Desc, key.Key)
}

// key writes the key of a map, or the element of a set, which is bytes or text.
func (w Writer) key(d protoreflect.FieldDescriptor, key string) string {
	if d.Kind() == protoreflect.BytesKind {
		return w.id([]byte(key))
	}
	return key
}

// Value writes what stands in a cell, given in the record message's own encoding.
func (w Writer) Value(kind *schema.Kind, key syncengine.CellKey, data []byte, cleared bool) string {
	switch {
	case key.Field == syncengine.LifeField && string(data) == string(syncengine.LifeWrite(true).Data):
		return w.pick("已删除", "deleted")
	case key.Field == syncengine.LifeField:
		return w.pick("在册", "stands")
	case cleared:
		return w.pick("（已清空）", "(empty)")
	case kind == nil:
		return hex.EncodeToString(data)
	}
	f, ok := kind.Field(key.Field)
	m := kind.Type.New()
	if !ok || proto.Unmarshal(data, m.Interface()) != nil || !m.Has(f.Desc) {
		return hex.EncodeToString(data)
	}
	return w.Field(f.Desc, m.Get(f.Desc))
}

// Field writes all of a field.
func (w Writer) Field(d protoreflect.FieldDescriptor, v protoreflect.Value) string {
	switch {
	case d.IsMap():
		var out []string
		v.Map().Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
			if v.Map().Len() == 1 {
				out = append(out, w.one(d.MapValue(), value))
			} else {
				out = append(out, key.String()+": "+w.one(d.MapValue(), value))
			}
			return true
		})
		sort.Strings(out)
		return strings.Join(out, "\n")
	case d.IsList():
		out := make([]string, v.List().Len())
		for i := range out {
			out[i] = w.one(d, v.List().Get(i))
		}
		return strings.Join(out, "\n")
	}
	return w.one(d, v)
}

// one writes one value.
func (w Writer) one(d protoreflect.FieldDescriptor, v protoreflect.Value) string {
	switch d.Kind() {
	case protoreflect.EnumKind:
		if words, ok := EnumWords(d.Enum(), v.Enum()); ok {
			return words.In(w.Lang)
		}
		return fmt.Sprintf("#%d", v.Enum())
	case protoreflect.BoolKind:
		if v.Bool() {
			return w.pick("是", "yes")
		}
		return w.pick("否", "no")
	case protoreflect.BytesKind:
		return w.id(v.Bytes())
	case protoreflect.MessageKind:
		return w.message(v.Message())
	}
	if rules, _ := proto.GetExtension(d.Options(), recordv1.E_Rules).(*recordv1.FieldRules); rules.GetTime() {
		return w.Time(v.Int())
	}
	return v.String()
}

// message writes the fields of a message in their order.
func (w Writer) message(m protoreflect.Message) string {
	var out []string
	all := m.Descriptor().Fields()
	for i := range all.Len() {
		if d := all.Get(i); m.Has(d) {
			out = append(out, inner(m.Descriptor(), d).In(w.Lang)+" "+w.Field(d, m.Get(d)))
		}
	}
	return strings.Join(out, ", ")
}

// inner gives the words of a field of a message within a record, which may have a meaning of its own there.
func inner(m protoreflect.MessageDescriptor, d protoreflect.FieldDescriptor) Words {
	if words, ok := fields[string(m.Name())+"."+string(d.Name())]; ok {
		return words
	}
	return Field(string(d.Name()))
}

// Time writes a time to the minute.
func (w Writer) Time(ms int64) string {
	return time.UnixMilli(ms).In(shanghai).Format(w.pick("2006年1月2日 15:04", "2 Jan 2006, 15:04"))
}

// id writes an id by what it names.
func (w Writer) id(b []byte) string {
	id, ok := syncengine.IDFromBytes(b)
	if !ok {
		return hex.EncodeToString(b)
	}
	if w.Names != nil {
		if name := w.Names(id); name != "" {
			return name
		}
	}
	return id.String()
}

func (w Writer) pick(zh, en string) string { return Words{zh, en}.In(w.Lang) }
