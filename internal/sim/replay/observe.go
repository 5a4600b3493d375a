package replay

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// audited are the kinds that a plan writes.
var audited = []recordv1.Kind{recordv1.Kind_KIND_PREMISES, recordv1.Kind_KIND_VISIT, recordv1.Kind_KIND_HAZARD}

// newMessage makes an empty message of a kind that a plan writes, or of a
// territory; nil for any other.
func newMessage(kind recordv1.Kind) proto.Message {
	switch kind {
	case recordv1.Kind_KIND_PREMISES:
		return &recordv1.Premises{}
	case recordv1.Kind_KIND_VISIT:
		return &recordv1.Visit{}
	case recordv1.Kind_KIND_HAZARD:
		return &recordv1.Hazard{}
	case recordv1.Kind_KIND_TERRITORY:
		return &recordv1.Territory{}
	}
	return nil
}

// referenced is a record with the key of its source.
type referenced interface{ GetExternalRef() string }

// ground is the server's content as it was read at one moment. Rows are kept as
// they are stored and decoded ward by ward, since a realm decoded as a whole
// takes a hundred times its size.
type ground struct {
	rows map[syncengine.ID]store.Record
	// keys are the audited records by what they call themselves, names what any
	// id stands for.
	keys  map[syncengine.ID]RecordKey
	names map[syncengine.ID]string
}

// readGround reads all records of a realm.
func readGround(r store.Reader) (*ground, error) {
	g := &ground{rows: map[syncengine.ID]store.Record{}, keys: map[syncengine.ID]RecordKey{}, names: map[syncengine.ID]string{}}
	var failed error
	err := r.Records(func(row store.Record) bool {
		failed = g.add(row)
		return failed == nil
	})
	if err == nil {
		err = failed
	}
	return g, err
}

func (g *ground) add(row store.Record) error {
	kind := recordv1.Kind(row.Kind)
	m := newMessage(kind)
	if m == nil {
		return nil
	}
	rec, err := wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body)
	if err != nil {
		return fmt.Errorf("record %s: %w", row.ID, err)
	}
	if err := shownMessage(rec, m); err != nil {
		return err
	}
	switch m := m.(type) {
	case *recordv1.Territory:
		g.names[row.ID] = placeName(m.GetCode())
	case referenced:
		key := RecordKey{kind, m.GetExternalRef()}
		g.rows[row.ID], g.keys[row.ID], g.names[row.ID] = row, key, key.String()
	}
	return nil
}

// shownMessage fills m with the values shown of a record.
func shownMessage(rec *syncengine.Record, m proto.Message) error {
	return wire.ReadShown(rec, m, nil)
}

// encoded is a message as text that is equal for equal messages.
func encoded(m proto.Message) string {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	assert(err == nil, "encode %T: %v", m, err)
	return string(b)
}

// difference tells in which cells two encoded messages of a kind differ.
func difference(kind recordv1.Kind, got, want string) string {
	a, b := newMessage(kind), newMessage(kind)
	if err := errors.Join(proto.Unmarshal([]byte(got), a), proto.Unmarshal([]byte(want), b)); err != nil {
		return err.Error()
	}
	has, should := messageValues(a, nil), messageValues(b, nil)
	var out []string
	for _, v := range should {
		if !slices.Contains(has, v) {
			out = append(out, fmt.Sprintf("%s = %.60q is not there", v.cell, v.value))
		}
	}
	for _, v := range has {
		if !slices.Contains(should, v) {
			out = append(out, fmt.Sprintf("%s = %.60q is", v.cell, v.value))
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// seen decodes a record. People are named by the ward it belongs to.
func (g *ground) seen(id syncengine.ID, people map[syncengine.ID]PhoneIndex) (seenRecord, error) {
	row := g.rows[id]
	rec, err := wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body)
	if err != nil {
		return seenRecord{}, fmt.Errorf("record %s: %w", id, err)
	}
	out := seenRecord{id: id, key: g.keys[id], dead: rec.Dead(), cells: map[cell]seenCell{}}
	m := newMessage(out.key.Kind)
	if err := shownMessage(rec, m); err != nil {
		return out, err
	}
	out.shown = encoded(m)
	name := g.namer(people)
	for i := range rec.Cells {
		if rec.Cells[i].Key.Field == syncengine.LifeField {
			continue
		}
		if err := out.add(&rec.Cells[i], name); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (g *ground) namer(people map[syncengine.ID]PhoneIndex) namer {
	return func(id syncengine.ID) string {
		if phone, ok := people[id]; ok {
			return personOf(phone)
		}
		if name, ok := g.names[id]; ok {
			return name
		}
		return id.String()
	}
}

// add takes in one cell with all that is found in it.
func (r *seenRecord) add(c *syncengine.Cell, name namer) error {
	at, shown, err := valueOf(r.key.Kind, c.Shown(), name)
	if err != nil {
		return fmt.Errorf("%s, field %d: %w", r.key, c.Key.Field, err)
	}
	found := seenCell{shown: shown}
	beside := slices.Clone(c.Values[1:])
	for _, k := range c.Kept {
		beside = append(beside, k.Value)
	}
	for i := range beside {
		_, value, err := valueOf(r.key.Kind, &beside[i], name)
		if err != nil {
			return fmt.Errorf("%s, field %d: %w", r.key, c.Key.Field, err)
		}
		// An equal value in the set is the shown one written twice.
		if i >= len(c.Values)-1 || value != shown {
			found.beside = append(found.beside, value)
		}
	}
	slices.Sort(found.beside)
	found.beside = slices.Compact(found.beside)
	r.cells[at] = found
	return nil
}

// errCleared means a removed value, which no plan writes.
var errCleared = fmt.Errorf("a value was removed that nobody removed")

// valueOf reads the one cell that an encoded value holds.
func valueOf(kind recordv1.Kind, v *syncengine.Value, name namer) (cell, string, error) {
	if v.Cleared {
		return cell{}, "", errCleared
	}
	m := newMessage(kind)
	if err := proto.Unmarshal(v.Data, m); err != nil {
		return cell{}, "", err
	}
	values := messageValues(m, name)
	if len(values) != 1 {
		return cell{}, "", fmt.Errorf("one value decodes to %d", len(values))
	}
	return values[0].cell, values[0].value, nil
}
