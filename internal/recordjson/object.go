package recordjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// Names that stand beside a record's fields at the top level where it is shown.
// No field of a kind has one of these names. They are read over where what was
// shown is handed in again, but for the id, which Patch carries, and the kind,
// which must be the right one.
const (
	NameID        = "id"
	NameKind      = "kind"
	NameSeq       = "seq"
	NameSyncState = "sync_state"
)

// Member is one name and value of a JSON object.
type Member struct {
	Name  string
	Value json.RawMessage
}

// Object is a JSON object whose members keep their order. Objects are joined by
// append: a record is shown as append(Object{}.With(NameID, id), fields...).
type Object []Member

// With gives the object with one more member; a value that cannot be written in
// JSON is a programmer's error.
func (o Object) With(name string, value any) Object {
	return append(slices.Clip(o), Member{Name: name, Value: encode(value)})
}

// Get gives a member's value.
func (o Object) Get(name string) (json.RawMessage, bool) {
	i := slices.IndexFunc(o, func(m Member) bool { return m.Name == name })
	if i < 0 {
		return nil, false
	}
	return o[i].Value, true
}

// MarshalJSON writes the members in order.
func (o Object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(encode(m.Name))
		b.WriteByte(':')
		b.Write(m.Value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// encode writes a value without escaping for HTML.
func encode(value any) json.RawMessage {
	if raw, ok := value.(json.RawMessage); ok {
		return raw
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic("recordjson: " + err.Error())
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// members reads a JSON object in order; a name must not come twice.
func members(text []byte) (Object, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, syntax(d, "it begins with {")
	}
	var out Object
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		name, isText := t.(string)
		if err != nil || !isText {
			return nil, syntax(d, "a name in quotes is needed")
		}
		if seen[name] {
			return nil, within(clip(name), &Error{Cause: ErrTwice})
		}
		seen[name] = true
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return nil, syntax(d, "a value is needed")
		}
		out = append(out, Member{Name: name, Value: v})
	}
	if _, err := d.Token(); err != nil {
		return nil, syntax(d, "it ends with }")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, syntax(d, "nothing may follow the object")
	}
	return out, nil
}

func syntax(d *json.Decoder, want string) error {
	return &Error{Cause: ErrSyntax, Want: fmt.Sprintf("after %d bytes: %s", d.InputOffset(), want)}
}
