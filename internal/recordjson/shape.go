package recordjson

import (
	"encoding/json"
	"slices"
	"strconv"

	"google.golang.org/protobuf/reflect/protoreflect"

	"onedoor/internal/schema"
)

// list reads a repeated field that is one cell; an empty one has no value.
func (d *decoder) list(f *schema.Field, v json.RawMessage) error {
	elements, err := d.elements(f, v)
	if err != nil {
		return err
	}
	if len(elements) == 0 {
		d.clear(f)
		return nil
	}
	list := d.message.Mutable(f.Desc).List()
	for _, e := range elements {
		list.Append(e)
	}
	return nil
}

// elements reads the values of an array.
func (d *decoder) elements(f *schema.Field, v json.RawMessage) ([]protoreflect.Value, error) {
	var array []json.RawMessage
	if err := json.Unmarshal(v, &array); err != nil || isNull(v) {
		return nil, unfit(v, "an array is needed")
	}
	out := make([]protoreflect.Value, len(array))
	for i, raw := range array {
		var err error
		if out[i], err = d.values.read(f.Desc, raw, nil); err != nil {
			return nil, within(strconv.Itoa(i), err)
		}
	}
	return out, nil
}

// set reads an array as the set as it is to be, null as the empty set, and an
// object as what is added and removed.
func (d *decoder) set(f *schema.Field, v json.RawMessage) error {
	if v[0] == '{' {
		return d.setChange(f, v)
	}
	var wanted []string
	if !isNull(v) {
		var err error
		if wanted, err = d.keys(f, v); err != nil {
			return err
		}
	}
	var shown []string
	for list, i := d.shown.Get(f.Desc).List(), 0; i < list.Len(); i++ {
		shown = append(shown, elementKey(f.Desc, list.Get(i)))
	}
	for _, key := range without(wanted, shown) {
		d.add(f, key)
	}
	for _, key := range without(shown, wanted) {
		d.remove(f, key)
	}
	return nil
}

// setChange reads {"add": […], "remove": […]}.
func (d *decoder) setChange(f *schema.Field, v json.RawMessage) error {
	object, err := members(v)
	if err != nil {
		return err
	}
	changed := map[string][]string{}
	for _, m := range object {
		if m.Name != "add" && m.Name != "remove" {
			return within(clip(m.Name), &Error{Cause: ErrField, Want: "an array, or an object of add and remove, is needed"})
		}
		if changed[m.Name], err = d.keys(f, m.Value); err != nil {
			return within(m.Name, err)
		}
	}
	add, remove := changed["add"], changed["remove"]
	if len(without(add, remove)) < len(add) {
		return unfit(v, "add and remove must not name the same element")
	}
	for _, key := range add {
		d.add(f, key)
	}
	for _, key := range remove {
		d.remove(f, key)
	}
	return nil
}

func (d *decoder) add(f *schema.Field, key string) {
	d.message.Mutable(f.Desc).List().Append(elementValue(f.Desc, key))
}

// keys reads an array of elements, each once.
func (d *decoder) keys(f *schema.Field, v json.RawMessage) ([]string, error) {
	elements, err := d.elements(f, v)
	var out []string
	for _, e := range elements {
		out = append(out, elementKey(f.Desc, e))
	}
	return without(out, nil), err
}

// without gives the keys of a that are not in b, each once, in order.
func without(a, b []string) []string {
	gone := make(map[string]bool, len(a)+len(b))
	for _, key := range b {
		gone[key] = true
	}
	return slices.DeleteFunc(slices.Clone(a), func(key string) bool {
		known := gone[key]
		gone[key] = true
		return known
	})
}

// elementKey gives the key of an element's cell.
func elementKey(d protoreflect.FieldDescriptor, v protoreflect.Value) string {
	if d.Kind() == protoreflect.StringKind {
		return v.String()
	}
	return string(v.Bytes())
}

// elementValue is the reverse of elementKey.
func elementValue(d protoreflect.FieldDescriptor, key string) protoreflect.Value {
	if d.Kind() == protoreflect.StringKind {
		return protoreflect.ValueOfString(key)
	}
	return protoreflect.ValueOfBytes([]byte(key))
}

// mapped merges an object into a map field, key by key; null removes every key shown.
func (d *decoder) mapped(f *schema.Field, v json.RawMessage) error {
	shown := d.shown.Get(f.Desc).Map()
	if isNull(v) {
		shown.Range(func(key protoreflect.MapKey, _ protoreflect.Value) bool {
			d.remove(f, key.String())
			return true
		})
		return nil
	}
	if v[0] != '{' {
		return unfit(v, "an object is needed")
	}
	object, err := members(v)
	if err != nil {
		return err
	}
	for _, m := range object {
		if m.Name == "" {
			return unfit(encode(""), "a key must not be empty")
		}
		if err := d.entry(f, shown, m); err != nil {
			return within(clip(m.Name), err)
		}
	}
	return nil
}

// entry reads one key of a map.
func (d *decoder) entry(f *schema.Field, shown protoreflect.Map, m Member) error {
	if isNull(m.Value) {
		d.remove(f, m.Name)
		return nil
	}
	key, desc := protoreflect.ValueOfString(m.Name).MapKey(), f.Desc.MapValue()
	var was protoreflect.Message
	if desc.Kind() == protoreflect.MessageKind && shown.Has(key) {
		was = shown.Get(key).Message()
	}
	value, err := d.values.read(desc, m.Value, was)
	if err != nil {
		return err
	}
	d.message.Mutable(f.Desc).Map().Set(key, value)
	return nil
}
