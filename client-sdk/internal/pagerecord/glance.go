package pagerecord

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// Glance is what lists look at of a record, read in one walk over its fields.
type Glance struct {
	// Territory is the record's own; zero when its doors say it.
	Territory syncengine.ID
	// State is the number of the enum a list is filtered by.
	State int32
	// Due is the time a list is filtered and sorted by.
	Due syncengine.UnixMilli
	// Parents are the records this one follows, Users those it names as "mine".
	Parents, Users []syncengine.ID
}

// Read reads an encoded record message in place of what the glance was of.
func (g *Glance) Read(kind *schema.Kind, fields []byte) error {
	*g = Glance{Parents: g.Parents[:0], Users: g.Users[:0]}
	return eachOccurrence(fields, func(num protowire.Number, typ protowire.Type, value []byte) {
		f, known := kind.Field(syncengine.FieldNumber(num))
		if !known {
			return
		}
		switch {
		case typ == protowire.VarintType && (f.Rules.GetListState() || f.Rules.GetDue()):
			n, _ := protowire.ConsumeVarint(value)
			g.number(f, n)
		case typ == protowire.BytesType && (f.Engine.Scope != syncengine.NoScope || f.Rules.GetMine()):
			b, _ := protowire.ConsumeBytes(value)
			if id, ok := syncengine.IDFromBytes(b); ok {
				g.id(f, id)
			}
		}
	})
}

func (g *Glance) number(f *schema.Field, n uint64) {
	if f.Rules.GetListState() {
		g.State = int32(n)
	} else {
		g.Due = syncengine.UnixMilli(n)
	}
}

func (g *Glance) id(f *schema.Field, id syncengine.ID) {
	switch f.Engine.Scope {
	case syncengine.ScopeTerritory:
		g.Territory = id
	case syncengine.ScopeParent:
		g.Parents = append(g.Parents, id)
	}
	if f.Rules.GetMine() {
		g.Users = append(g.Users, id)
	}
}

func eachOccurrence(fields []byte, f func(num protowire.Number, typ protowire.Type, value []byte)) error {
	for len(fields) > 0 {
		num, typ, n := protowire.ConsumeTag(fields)
		if n < 0 {
			return damaged(n)
		}
		m := protowire.ConsumeFieldValue(num, typ, fields[n:])
		if m < 0 {
			return damaged(m)
		}
		f(num, typ, fields[n:n+m])
		fields = fields[n+m:]
	}
	return nil
}

// Texts lists the texts of a record that search covers: of a message or a map
// of messages, the inner texts that say so too.
func Texts(kind *schema.Kind, fields []byte) ([]string, error) {
	var out []string
	err := eachOccurrence(fields, func(num protowire.Number, typ protowire.Type, value []byte) {
		f, known := kind.Field(syncengine.FieldNumber(num))
		if !known || typ != protowire.BytesType || !f.Rules.GetSearch() {
			return
		}
		b, _ := protowire.ConsumeBytes(value)
		out = textsOf(f.Desc, b, out)
	})
	return out, err
}

func textsOf(d protoreflect.FieldDescriptor, b []byte, out []string) []string {
	switch {
	case d.IsMap():
		return entryTexts(d.MapValue(), b, out)
	case d.Kind() == protoreflect.StringKind:
		return append(out, string(b))
	case d.Kind() == protoreflect.MessageKind:
		return innerTexts(d.Message(), b, out)
	}
	return out
}

// entryTexts reads the value of a map entry; its key is an alias or an id.
func entryTexts(value protoreflect.FieldDescriptor, entry []byte, out []string) []string {
	// An entry is read leniently: what cannot be read holds no text.
	_ = eachOccurrence(entry, func(num protowire.Number, typ protowire.Type, v []byte) {
		if num == 2 && typ == protowire.BytesType {
			b, _ := protowire.ConsumeBytes(v)
			out = textsOf(value, b, out)
		}
	})
	return out
}

func innerTexts(m protoreflect.MessageDescriptor, b []byte, out []string) []string {
	_ = eachOccurrence(b, func(num protowire.Number, typ protowire.Type, v []byte) {
		d := m.Fields().ByNumber(num)
		if d == nil || typ != protowire.BytesType || !searched(d) {
			return
		}
		inner, _ := protowire.ConsumeBytes(v)
		out = textsOf(d, inner, out)
	})
	return out
}

// searched reports that a field of an inner message is covered by search.
func searched(d protoreflect.FieldDescriptor) bool {
	rules, _ := proto.GetExtension(d.Options(), recordv1.E_Rules).(*recordv1.FieldRules)
	return rules.GetSearch()
}
