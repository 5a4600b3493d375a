package wire

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// ErrMalformed marks a message or patch that is not in the protocol's form.
var ErrMalformed = errors.New("malformed")

// InvalidError is a patch that is well formed but breaks a rule of its field.
type InvalidError struct {
	// Field is the name of the field, empty when the patch as a whole is wrong.
	Field string
	// Why says what is wrong, with value and limit.
	Why string
}

// Error gives field and reason.
func (e *InvalidError) Error() string {
	if e.Field == "" {
		return e.Why
	}
	return e.Field + ": " + e.Why
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

func invalid(f *schema.Field, format string, args ...any) error {
	return &InvalidError{Field: f.Name, Why: fmt.Sprintf(format, args...)}
}

// Cells cuts a patch into the cells it writes, sorted by address. Fields that
// this software does not know come back as cells of their own, whole.
func Cells(kind *schema.Kind, create bool, p *syncv1.Patch) ([]syncengine.CellWrite, error) {
	return AppendCells(make([]syncengine.CellWrite, 0, 16), kind, create, p)
}

// AppendCells is Cells in the room that dst, which must be empty, has behind it.
func AppendCells(dst []syncengine.CellWrite, kind *schema.Kind, create bool, p *syncv1.Patch) ([]syncengine.CellWrite, error) {
	c := cutting{kind: kind, out: dst}
	if err := c.life(create, p.GetLife()); err != nil {
		return nil, err
	}
	if err := c.fields(p.GetFields()); err != nil {
		return nil, err
	}
	if err := c.removals(p); err != nil {
		return nil, err
	}
	return c.sorted()
}

type cutting struct {
	kind *schema.Kind
	out  []syncengine.CellWrite
}

func (c *cutting) life(create bool, life syncv1.Life) error {
	switch {
	case create && life != syncv1.Life_LIFE_UNSPECIFIED:
		return malformed("a create carries no life")
	case create, life == syncv1.Life_LIFE_ALIVE:
		c.out = append(c.out, syncengine.LifeWrite(false))
	case life == syncv1.Life_LIFE_DEAD:
		c.out = append(c.out, syncengine.LifeWrite(true))
	case life != syncv1.Life_LIFE_UNSPECIFIED:
		return malformed("life %d", life)
	}
	return nil
}

// fields walks the encoded record message, one occurrence of a field at a time.
func (c *cutting) fields(b []byte) error {
	for len(b) > 0 {
		num, typ, n, m, err := consumeField(b)
		if err != nil {
			return err
		}
		if err := c.occurrence(syncengine.FieldNumber(num), typ, b[:n+m], b[n:n+m]); err != nil {
			return err
		}
		if len(c.out) > ElementsMax {
			return malformed("more than the %d cells that are allowed", ElementsMax)
		}
		b = b[n+m:]
	}
	return nil
}

// consumeField measures the field that b begins with: a tag of n bytes, a value
// of m. It refuses numbers that protobuf does not have: nobody who is sent such
// a field could read the record.
func consumeField(b []byte) (num protowire.Number, typ protowire.Type, n, m int, err error) {
	num, typ, n = protowire.ConsumeTag(b)
	switch {
	case n < 0:
		return 0, 0, 0, 0, malformed("tag: %v", protowire.ParseError(n))
	case num > protowire.MaxValidNumber:
		return 0, 0, 0, 0, malformed("field number %d, the greatest is %d", num, protowire.MaxValidNumber)
	}
	if m = protowire.ConsumeFieldValue(num, typ, b[n:]); m < 0 {
		return 0, 0, 0, 0, malformed("field %d: %v", num, protowire.ParseError(m))
	}
	return num, typ, n, m, nil
}

func (c *cutting) occurrence(num syncengine.FieldNumber, typ protowire.Type, whole, value []byte) error {
	f, ok := c.kind.Field(num)
	if !ok {
		return c.join(num, whole)
	}
	if err := checkValue(f, f.Desc, typ, value, 0); err != nil {
		return err
	}
	switch f.Engine.Shape {
	case syncengine.Set:
		element, _ := protowire.ConsumeBytes(value)
		if len(element) == 0 {
			return invalid(f, "an empty element, which nobody could take out again")
		}
		c.put(num, string(element), whole)
	case syncengine.Map:
		entry, _ := protowire.ConsumeBytes(value)
		key, err := mapKey(f, entry)
		if err != nil {
			return err
		}
		c.put(num, string(key), whole)
	default:
		if f.Desc.IsList() {
			return c.join(num, whole)
		}
		c.put(num, "", whole)
	}
	return nil
}

func (c *cutting) put(num syncengine.FieldNumber, key string, data []byte) {
	c.out = append(c.out, syncengine.CellWrite{Key: syncengine.CellKey{Field: num, Key: key}, Data: data})
}

// join adds an occurrence of a repeated or unknown field to the one cell it is.
func (c *cutting) join(num syncengine.FieldNumber, data []byte) error {
	key := syncengine.CellKey{Field: num}
	i := slices.IndexFunc(c.out, func(w syncengine.CellWrite) bool { return w.Key == key })
	if i < 0 {
		c.put(num, "", slices.Clip(data))
		return nil
	}
	// The first append leaves the patch's own bytes, which have no room behind them.
	c.out[i].Data = append(c.out[i].Data, data...)
	return nil
}

func (c *cutting) removals(p *syncv1.Patch) error {
	if n := len(p.GetCleared()) + len(p.GetSetRemoved()) + len(p.GetMapRemoved()); n > ElementsMax {
		return malformed("%d removals, %d are allowed", n, ElementsMax)
	}
	for _, num := range p.GetCleared() {
		f, ok := c.kind.Field(syncengine.FieldNumber(num))
		if num == 0 || ok && f.Engine.Shape != syncengine.Single {
			return malformed("field %d cannot be cleared whole", num)
		}
		c.remove(syncengine.FieldNumber(num), nil)
	}
	if err := c.removeElements(p.GetSetRemoved(), syncengine.Set); err != nil {
		return err
	}
	return c.removeElements(p.GetMapRemoved(), syncengine.Map)
}

func (c *cutting) removeElements(elements []*syncv1.Element, shape syncengine.Shape) error {
	for _, e := range elements {
		f, ok := c.kind.Field(syncengine.FieldNumber(e.GetField()))
		if e.GetField() == 0 || len(e.GetElement()) == 0 || ok && f.Engine.Shape != shape {
			return malformed("field %d has no such elements", e.GetField())
		}
		if ok {
			if err := checkElement(f, e.GetElement()); err != nil {
				return err
			}
		}
		c.remove(syncengine.FieldNumber(e.GetField()), e.GetElement())
	}
	return nil
}

func (c *cutting) remove(num syncengine.FieldNumber, key []byte) {
	c.out = append(c.out, syncengine.CellWrite{
		Key: syncengine.CellKey{Field: num, Key: string(key)}, Cleared: true,
	})
}

func (c *cutting) sorted() ([]syncengine.CellWrite, error) {
	if len(c.out) > ElementsMax {
		return nil, malformed("%d cells, %d are allowed", len(c.out), ElementsMax)
	}
	byKey := func(a, b syncengine.CellWrite) int { return a.Key.Compare(b.Key) }
	if !slices.IsSortedFunc(c.out, byKey) {
		slices.SortStableFunc(c.out, byKey)
	}
	for i := 1; i < len(c.out); i++ {
		if c.out[i].Key == c.out[i-1].Key {
			return nil, malformed("field %d is written twice", c.out[i].Key.Field)
		}
	}
	return c.out, nil
}

// checkElement checks an element or key that is removed as one that is added.
func checkElement(f *schema.Field, b []byte) error {
	d := f.Desc
	if d.IsMap() {
		d = d.MapKey()
	}
	switch d.Kind() {
	case protoreflect.StringKind:
		return checkText(f, d, b)
	case protoreflect.BytesKind:
		return checkBytes(f, d, b)
	}
	return nil
}

// mapKey reads the key of a map entry whose fields have been checked.
func mapKey(f *schema.Field, entry []byte) (key []byte, err error) {
	for len(entry) > 0 {
		num, typ, n := protowire.ConsumeTag(entry)
		m := protowire.ConsumeFieldValue(num, typ, entry[n:])
		value := entry[n : n+m]
		entry = entry[n+m:]
		if num != 1 {
			continue
		}
		if key != nil {
			// Readers of the record take the last one, so the cell would have another name there.
			return nil, malformed("field %s: an entry has two keys", f.Name)
		}
		if typ == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(value)
		}
		key = value
	}
	if len(key) == 0 {
		return nil, invalid(f, "an entry has no key")
	}
	return key, nil
}

// checkValue checks one occurrence of a field against its declaration.
func checkValue(f *schema.Field, d protoreflect.FieldDescriptor, typ protowire.Type, value []byte, depth int) error {
	want := wireType(d)
	packed := d.IsList() && typ == protowire.BytesType && want != protowire.BytesType
	if typ != want && !packed {
		return malformed("field %s has wire type %d, not %d", d.Name(), typ, want)
	}
	if want != protowire.BytesType {
		return nil
	}
	b, n := protowire.ConsumeBytes(value)
	if n < 0 {
		return malformed("field %s: %v", d.Name(), protowire.ParseError(n))
	}
	switch d.Kind() {
	case protoreflect.StringKind:
		return checkText(f, d, b)
	case protoreflect.BytesKind:
		return checkBytes(f, d, b)
	}
	if depth >= DepthMax {
		return malformed("field %s is nested deeper than %d", d.Name(), DepthMax)
	}
	return checkMessage(f, d.Message(), b, depth+1)
}

func checkText(f *schema.Field, d protoreflect.FieldDescriptor, b []byte) error {
	if !utf8.Valid(b) {
		return malformed("field %s is not UTF-8", d.Name())
	}
	limit := f.LengthMax(d)
	if limit == 0 {
		limit = schema.TextCharsDefault
	}
	if len(b) <= limit {
		return nil // No text has more characters than bytes.
	}
	if n := utf8.RuneCount(b); n > limit {
		return invalid(f, "%d characters of %s, %d are allowed", n, d.Name(), limit)
	}
	return nil
}

func checkBytes(f *schema.Field, d protoreflect.FieldDescriptor, b []byte) error {
	if limit := f.LengthMax(d); limit > 0 {
		if len(b) > limit {
			return invalid(f, "%d bytes, %d are allowed", len(b), limit)
		}
		return nil
	}
	if len(b) != schema.BytesDefault {
		return invalid(f, "%d bytes, an id has %d", len(b), schema.BytesDefault)
	}
	return nil
}

func checkMessage(f *schema.Field, d protoreflect.MessageDescriptor, b []byte, depth int) error {
	for len(b) > 0 {
		num, typ, n, m, err := consumeField(b)
		if err != nil {
			return err
		}
		if fd := d.Fields().ByNumber(num); fd != nil {
			if err := checkValue(f, fd, typ, b[n:n+m], depth); err != nil {
				return err
			}
		}
		b = b[n+m:]
	}
	return nil
}

func wireType(d protoreflect.FieldDescriptor) protowire.Type {
	switch d.Kind() {
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.MessageKind:
		return protowire.BytesType
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind, protoreflect.FloatKind:
		return protowire.Fixed32Type
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
		return protowire.Fixed64Type
	}
	return protowire.VarintType
}
