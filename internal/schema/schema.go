// Package schema reads the rules that stand beside the fields of the record
// kinds (merge policy, visibility, person data, retention, scope) out of the
// proto options and builds from them the engine's Schema, the access table and
// the field descriptions that display, search and checks need.
//
// It never looks at a record and holds no rule of its own: a new record kind is
// one .proto file. A mistake in the options is a programmer's error and panics
// when the program starts.
//
// Read Load first.
package schema

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	"onedoor/syncengine"
)

// Version is the number of the schema this software knows. It grows whenever a
// kind or field is added, never otherwise; what is added says in its rules since
// which version it is there.
const Version uint32 = 4

// TextCharsDefault is the greatest length of a text field that names none: an
// address or a name on one screen line, with room.
const TextCharsDefault = 500

// BytesDefault is the greatest length of a bytes field that names none: an id.
const BytesDefault = 16

// Kind describes a record kind.
type Kind struct {
	Number syncengine.KindNumber
	// Name is the lower_snake name of the command line: premises, case_event.
	Name string
	// Engine is what the sync engine knows of the kind.
	Engine *syncengine.Kind
	// Message describes the record message.
	Message protoreflect.MessageDescriptor
	// Type makes record messages.
	Type protoreflect.MessageType
	// Fields are in order of their numbers.
	Fields []*Field
	// RequireAny lists fields of which a create needs at least one.
	RequireAny []string
	// ServerOnly marks kinds that only the server writes.
	ServerOnly bool
	// since is the version of the schema that brought the kind; 0 for those of the oldest.
	since uint32

	byNumber map[syncengine.FieldNumber]*Field
}

// Field describes a field of a kind.
type Field struct {
	Engine *syncengine.Field
	// Name is the lower_snake name.
	Name  string
	Desc  protoreflect.FieldDescriptor
	Rules *recordv1.FieldRules
	// Kind is the record kind the field belongs to.
	Kind *Kind
	// suffices marks one of the kind's RequireAny.
	suffices bool
	// since is the version of the schema that brought the field; 0 for those of the oldest.
	since uint32
}

// LengthMax gives the greatest length of the values of d, which is the field itself or
// stands inside its messages: its own, or that of the field where it names none; 0 where neither does.
func (f *Field) LengthMax(d protoreflect.FieldDescriptor) int {
	if d != f.Desc && !d.ContainingMessage().IsMapEntry() {
		inner, _ := proto.GetExtension(d.Options(), recordv1.E_Rules).(*recordv1.FieldRules)
		if n := inner.GetMaxLength(); n > 0 {
			return int(n)
		}
	}
	return int(f.Rules.GetMaxLength())
}

// Salted reports whether a change that writes the field carries a salt.
func (f *Field) Salted() bool {
	switch f.Rules.GetPerson() {
	case recordv1.PersonData_PERSON_DATA_UNSPECIFIED, recordv1.PersonData_PERSON_DATA_STAFF:
		return false
	}
	return true
}

// Field gives a field by number.
func (k *Kind) Field(n syncengine.FieldNumber) (*Field, bool) {
	f, ok := k.byNumber[n]
	return f, ok
}

// FieldByName gives a field by its lower_snake name.
func (k *Kind) FieldByName(name string) (*Field, bool) {
	i := slices.IndexFunc(k.Fields, func(f *Field) bool { return f.Name == name })
	if i < 0 {
		return nil, false
	}
	return k.Fields[i], true
}

// Schema is everything the proto options say.
type Schema struct {
	Engine *syncengine.Schema
	// Kinds are in order of their numbers.
	Kinds  []*Kind
	Access *Access

	byNumber map[syncengine.KindNumber]*Kind
	// oldest is the oldest version that At gives.
	oldest uint32
}

// Kind gives a kind by number.
func (s *Schema) Kind(n syncengine.KindNumber) (*Kind, bool) {
	k, ok := s.byNumber[n]
	return k, ok
}

// KindByName gives a kind by its command-line name.
func (s *Schema) KindByName(name string) (*Kind, bool) {
	i := slices.IndexFunc(s.Kinds, func(k *Kind) bool { return k.Name == name })
	if i < 0 {
		return nil, false
	}
	return s.Kinds[i], true
}

var loaded = load()

// Load gives the schema of this software. It is read once and never changed.
func Load() *Schema { return loaded }

func load() *Schema {
	s := (&Schema{oldest: Oldest}).blank(Version)
	pkg := recordv1.File_onedoor_record_v1_rules_proto.Package()
	protoregistry.GlobalFiles.RangeFilesByPackage(pkg, func(f protoreflect.FileDescriptor) bool {
		for i := 0; i < f.Messages().Len(); i++ {
			s.add(f.Messages().Get(i))
		}
		return true
	})
	slices.SortFunc(s.Kinds, func(a, b *Kind) int { return int(a.Number) - int(b.Number) })
	s.Access = newAccess(s)
	return s
}

func (s *Schema) add(m protoreflect.MessageDescriptor) {
	if !proto.HasExtension(m.Options(), recordv1.E_KindRules) {
		return
	}
	rules := proto.GetExtension(m.Options(), recordv1.E_KindRules).(*recordv1.KindRules)
	number := syncengine.KindNumber(rules.GetKind())
	mt, err := protoregistry.GlobalTypes.FindMessageByName(m.FullName())
	assert(err == nil && number != 0, "kind rules of %s", m.FullName())
	k := &Kind{
		Number:     number,
		Name:       strings.ToLower(strings.TrimPrefix(rules.GetKind().String(), "KIND_")),
		Message:    m,
		Type:       mt,
		RequireAny: rules.GetRequireAny(),
		ServerOnly: len(rules.GetWrite()) == 0,
		since:      since(rules.GetSince(), m.FullName()),
		byNumber:   map[syncengine.FieldNumber]*Field{},
		Engine: &syncengine.Kind{
			Number: number,
			Fields: map[syncengine.FieldNumber]*syncengine.Field{},
			Anchor: rules.GetAnchor(),
		},
	}
	k.Engine.RealmWide = k.ServerOnly
	for i := 0; i < m.Fields().Len(); i++ {
		k.addField(m.Fields().Get(i))
	}
	slices.SortFunc(k.Fields, func(a, b *Field) int { return int(a.Engine.Number) - int(b.Engine.Number) })
	for _, f := range k.Fields {
		if f.Engine.Scope != syncengine.NoScope {
			k.Engine.ScopeFields = append(k.Engine.ScopeFields, f.Engine)
		}
	}
	assert(s.byNumber[number] == nil, "kind number %d used twice", number)
	s.take(k)
}

func (k *Kind) addField(d protoreflect.FieldDescriptor) {
	rules, _ := proto.GetExtension(d.Options(), recordv1.E_Rules).(*recordv1.FieldRules)
	if rules == nil {
		rules = &recordv1.FieldRules{}
	}
	f := &Field{Name: string(d.Name()), Desc: d, Rules: rules, Kind: k, Engine: engineField(d, rules)}
	f.since = since(rules.GetSince(), d.FullName())
	f.suffices = slices.Contains(k.RequireAny, f.Name)
	k.Fields = append(k.Fields, f)
	k.byNumber[f.Engine.Number] = f
	k.Engine.Fields[f.Engine.Number] = f.Engine
}

func assert(ok bool, format string, args ...any) {
	if !ok {
		panic("schema: " + fmt.Sprintf(format, args...))
	}
}

// Complete reports whether a create that writes the fields for which has
// answers true brings the least the kind needs.
func (k *Kind) Complete(has func(syncengine.FieldNumber) bool) bool {
	any := len(k.RequireAny) == 0
	for _, f := range k.Fields {
		if f.Rules.GetRequired() && !has(f.Engine.Number) {
			return false
		}
		any = any || f.suffices && has(f.Engine.Number)
	}
	return any
}
