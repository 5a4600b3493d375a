package demo

import (
	"cmp"
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// prediction is what the script demands of every record at the end of the day. It is made of the street, the cast, the
// script and its ledger, with the ids that the doors were given and that the phones gave.
type prediction struct {
	street *Street
	cast   *Cast
	day    *Day
	ledger *Ledger
	names  *directory
	// ids are the records of the street and the day, records what is demanded of each.
	ids     map[Ref]syncengine.ID
	records map[syncengine.ID]*predicted
}

// predicted is what is demanded of one record.
type predicted struct {
	ref  Ref
	id   syncengine.ID
	kind *schema.Kind
	// register holds the cells that the register or an assignment wrote.
	register []cell
	// written holds the verdicts on the cells that phones wrote.
	written map[syncengine.CellKey]*verdict
	// deletion is the one the record is shown with; nil while it lives.
	deletion *cellWrite
	// follows are the records with which it is to be found.
	follows []*predicted
	// places are the territories in which it is to be found, users those it is for besides.
	places []TerritoryCode
	users  []UserIndex
}

// cell is one value of a record message, at its address.
type cell struct {
	key  syncengine.CellKey
	data string
}

// predict works out the prediction.
func predict(street *Street, cast *Cast, day *Day, names *directory, ids map[Ref]syncengine.ID) (*prediction, error) {
	p := &prediction{
		street: street, cast: cast, day: day, ledger: day.Ledger(), names: names, ids: ids,
		records: make(map[syncengine.ID]*predicted, len(ids)),
	}
	for i := range street.Premises {
		if err := p.predictDoor(PremisesIndex(i)); err != nil {
			return nil, err
		}
	}
	if err := p.predictDay(); err != nil {
		return nil, err
	}
	p.settlePlaces()
	return p, nil
}

// predictDoor takes over what the register says of a door.
func (p *prediction) predictDoor(i PremisesIndex) error {
	at, err := p.record(door(i))
	if err != nil {
		return err
	}
	at.places = []TerritoryCode{p.street.Premises[i].Territory}
	c := Change{Op: OpCreate, Ref: at.ref, Fields: p.registerFields(i)}
	cells, err := p.cells(&c)
	at.register = append(cells, cell{syncengine.CellKey{Field: syncengine.LifeField}, lifeAlive})
	return err
}

// registerFields are the fields that the register, its import and the assignment give a door.
func (p *prediction) registerFields(i PremisesIndex) []Field {
	d, a := &p.street.Premises[i], p.cast.Assignments[i]
	fields := []Field{
		field(FieldTerritory, d.Territory), field(FieldStatus, Symbol("ACTIVE")), field(FieldGrade, Symbol(d.Grade)),
		field(FieldKindOfPremises, Symbol(d.Kind)), field("worker", a.Worker),
	}
	for name, text := range map[string]string{
		FieldAddress: d.Address, FieldCompound: d.Key.Compound, FieldBuilding: d.Key.Building, "stair": d.Key.Stair, "floor": d.Key.Floor,
		FieldDoor: d.Key.Door, "origin": registerFile, "external_ref": doorRef(int(i)),
	} {
		if text != "" {
			fields = append(fields, field(name, Text(text)))
		}
	}
	if d.Rental != RentalNone {
		fields = append(fields, field(FieldRental, Symbol(d.Rental)))
	}
	if d.Rooms > 0 {
		fields = append(fields, field(FieldRooms, Number(d.Rooms)))
	}
	if d.Kind == KindRentalUnit {
		fields = append(fields, field(FieldHeadcount, Number(d.Headcount)), field(FieldLeaseFiled, Truth(d.LeaseFiled)))
	}
	if d.Contact != (Contact{}) {
		fields = append(fields, field(FieldContact, d.Contact))
	}
	if a.Officer != NoUser {
		fields = append(fields, field("officer", a.Officer))
	}
	return fields
}

// predictDay replays the day's writes cell by cell.
func (p *prediction) predictDay() error {
	writes := map[syncengine.ID]map[syncengine.CellKey][]cellWrite{}
	for entry := range p.ledger.Entries {
		at, cells, err := p.entered(entry)
		if err != nil {
			return err
		}
		if writes[at.id] == nil {
			writes[at.id] = map[syncengine.CellKey][]cellWrite{}
		}
		for _, c := range cells {
			writes[at.id][c.key] = append(writes[at.id][c.key], p.write(entry, c.data))
		}
	}
	for id, cells := range writes {
		at := p.records[id]
		for key, list := range cells {
			v := judge(p.ledger, fieldOf(at.kind, key.Field), list)
			at.written[key] = &v
		}
		if life := at.written[syncengine.CellKey{Field: syncengine.LifeField}]; life != nil && life.shown.data == lifeDead {
			at.deletion = &life.shown
		}
	}
	return nil
}

// entered gives the record of a ledger entry and the cells it writes, and notes where a new record lies.
func (p *prediction) entered(entry int) (*predicted, []cell, error) {
	e := &p.ledger.Entries[entry]
	c := &p.day.Steps[e.Step].Changes[e.Index]
	at, err := p.record(c.Ref)
	if err != nil {
		return nil, nil, err
	}
	p.locate(at, c)
	cells, err := p.cells(c)
	switch c.Op {
	case OpCreate:
		cells = append(cells, cell{syncengine.CellKey{Field: syncengine.LifeField}, lifeAlive})
	case OpDelete:
		cells = append(cells, cell{syncengine.CellKey{Field: syncengine.LifeField}, lifeDead})
	}
	return at, cells, err
}

// write is one value of a ledger entry.
func (p *prediction) write(entry int, data string) cellWrite {
	e := &p.ledger.Entries[entry]
	return cellWrite{
		entry: entry, position: e.Position, seen: e.Seen, phone: e.Phone, data: data,
		atMs: p.day.Steps[e.Step].At.UnixMilli(), rank: ranks[p.cast.UserOf(e.Phone).Role],
	}
}

// record gives what is demanded of a record.
func (p *prediction) record(ref Ref) (*predicted, error) {
	id, ok := p.ids[ref]
	kind, known := schema.Load().KindByName(string(ref.Kind))
	if !ok || !known {
		return nil, fmt.Errorf("%s was never given an id", ref)
	}
	if p.records[id] == nil {
		p.records[id] = &predicted{ref: ref, id: id, kind: kind, written: map[syncengine.CellKey]*verdict{}}
	}
	return p.records[id], nil
}

// cells gives the cells that a change writes, by address.
func (p *prediction) cells(c *Change) ([]cell, error) {
	m, err := p.names.message(c)
	if err != nil {
		return nil, err
	}
	return cellsOf(m)
}

// cellsOf cuts a record message into cells: its fields, the elements of its sets and the keys of its maps. Record
// messages that the script writes have no list that is one cell.
func cellsOf(m proto.Message) ([]cell, error) {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return nil, err
	}
	fields := m.ProtoReflect().Descriptor().Fields()
	var out []cell
	for len(b) > 0 {
		number, typ, tag := protowire.ConsumeTag(b)
		n := tag + protowire.ConsumeFieldValue(number, typ, b[tag:])
		key := syncengine.CellKey{Field: syncengine.FieldNumber(number), Key: keyIn(fields.ByNumber(number), b[tag:n])}
		out = append(out, cell{key, string(b[:n])})
		b = b[n:]
	}
	slices.SortFunc(out, func(a, b cell) int {
		return cmp.Or(cmp.Compare(a.key.Field, b.key.Field), cmp.Compare(a.key.Key, b.key.Key))
	})
	return out, nil
}

// keyIn gives the element of a set, or the key of a map's entry, which is its first field; empty for a whole field.
func keyIn(f protoreflect.FieldDescriptor, value []byte) string {
	if f.Cardinality() != protoreflect.Repeated {
		return ""
	}
	content, _ := protowire.ConsumeBytes(value)
	if f.IsMap() {
		_, _, tag := protowire.ConsumeTag(content)
		content, _ = protowire.ConsumeBytes(content[tag:])
	}
	return string(content)
}
