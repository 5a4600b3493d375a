package demo

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// directory says which ids stand for the script's people, places and records.
type directory struct {
	territories map[TerritoryCode]syncengine.ID
	// users are in the order of Cast.Users.
	users []syncengine.ID
	// record finds a record; an error says that it has no id.
	record func(Ref) (syncengine.ID, error)
}

// message writes the fields of a change as a record message.
func (d *directory) message(c *Change) (proto.Message, error) {
	kind, known := schema.Load().KindByName(string(c.Ref.Kind))
	if !known {
		return nil, fmt.Errorf("%s: no such kind of record", c.Ref)
	}
	m := kind.Type.New()
	for i := range c.Fields {
		if err := d.set(m, &c.Fields[i]); err != nil {
			return nil, fmt.Errorf("%s of %s: %w", c.Fields[i].Name, c.Ref, err)
		}
	}
	return m.Interface(), nil
}

// set writes one field into a message.
func (d *directory) set(m protoreflect.Message, f *Field) error {
	field := m.Descriptor().Fields().ByName(protoreflect.Name(f.Name))
	switch {
	case field == nil:
		return fmt.Errorf("%s has no such field", m.Descriptor().Name())
	case field.IsMap():
		value, err := d.value(field.MapValue(), f.Value)
		if err == nil {
			m.Mutable(field).Map().Set(protoreflect.ValueOfString(d.key(f.Key)).MapKey(), value)
		}
		return err
	case field.IsList():
		return d.appendLinks(m.Mutable(field).List(), f.Value)
	}
	value, err := d.value(field, f.Value)
	if err == nil {
		m.Set(field, value)
	}
	return err
}

// key writes the key of a map: a user's id where it stands for a user.
func (d *directory) key(key string) string {
	if user, ok := KeyAuthor(key); ok {
		return d.users[user].String()
	}
	return key
}

func (d *directory) appendLinks(list protoreflect.List, v Value) error {
	links, ok := v.(Links)
	if !ok {
		return fmt.Errorf("%T is no list of records", v)
	}
	for _, ref := range links {
		id, err := d.record(ref)
		if err != nil {
			return err
		}
		list.Append(protoreflect.ValueOfBytes(id[:]))
	}
	return nil
}

// value writes one value as a field wants it.
func (d *directory) value(field protoreflect.FieldDescriptor, v Value) (protoreflect.Value, error) {
	switch v := v.(type) {
	case Text:
		return protoreflect.ValueOfString(string(v)), nil
	case Number:
		return numberValue(field, v)
	case Truth:
		return protoreflect.ValueOfBool(bool(v)), nil
	case Symbol:
		return enumValue(field, v)
	case Move:
		return enumValue(field, v.To)
	case Moment:
		return protoreflect.ValueOfInt64(time.Time(v).UnixMilli()), nil
	case Contact:
		return d.messageValue(field, Field{Name: "name", Value: Text(v.Name)}, Field{Name: "phone", Value: Text(v.Phone)})
	case Party:
		return d.messageValue(field, Field{Name: "consent", Value: v.Consent})
	}
	id, err := d.id(v)
	return protoreflect.ValueOfBytes(id[:]), err
}

// id gives the id that a value names.
func (d *directory) id(v Value) (syncengine.ID, error) {
	switch v := v.(type) {
	case Ref:
		return d.record(v)
	case UserIndex:
		return d.users[v], nil
	case TerritoryCode:
		if id, ok := d.territories[v]; ok {
			return id, nil
		}
	}
	return syncengine.ID{}, fmt.Errorf("%T %s has no id", v, v)
}

// messageValue writes a value that has parts.
func (d *directory) messageValue(field protoreflect.FieldDescriptor, parts ...Field) (protoreflect.Value, error) {
	found, err := protoregistry.GlobalTypes.FindMessageByName(field.Message().FullName())
	if err != nil {
		return protoreflect.Value{}, err
	}
	m := found.New()
	for i := range parts {
		if err := d.set(m, &parts[i]); err != nil {
			return protoreflect.Value{}, err
		}
	}
	return protoreflect.ValueOfMessage(m), nil
}

func numberValue(field protoreflect.FieldDescriptor, n Number) (protoreflect.Value, error) {
	switch field.Kind() {
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(uint32(n)), nil
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(int64(n)), nil
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(uint64(n)), nil
	}
	return protoreflect.Value{}, fmt.Errorf("%s is no number", field.FullName())
}

// enumValue finds the value of an enum by its short name: what follows the prefix that all its values share.
func enumValue(field protoreflect.FieldDescriptor, name Symbol) (protoreflect.Value, error) {
	if field.Enum() == nil {
		return protoreflect.Value{}, fmt.Errorf("%s is no enum", field.FullName())
	}
	values := field.Enum().Values()
	prefix := strings.TrimSuffix(string(values.ByNumber(0).Name()), "UNSPECIFIED")
	found := values.ByName(protoreflect.Name(prefix + string(name)))
	if found == nil {
		return protoreflect.Value{}, fmt.Errorf("%s has no value %s", field.Enum().FullName(), name)
	}
	return protoreflect.ValueOfEnum(found.Number()), nil
}
