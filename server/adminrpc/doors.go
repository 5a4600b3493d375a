package adminrpc

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/internal/importer"
	"onedoor/internal/wire"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// kindPremises and kindTask are the kinds that an import reads and writes.
const (
	kindPremises = syncengine.KindNumber(recordv1.Kind_KIND_PREMISES)
	kindTask     = syncengine.KindNumber(recordv1.Kind_KIND_TASK)
)

// door is a premises record that stands, with the values that are shown.
type door struct {
	id syncengine.ID
	*recordv1.Premises
	dead bool
	// byPhone lists the fields whose shown value, or its removal, came from a phone.
	byPhone []syncengine.FieldNumber
}

// doorOf reads a door. It keeps nothing of the record but what an import needs,
// since a whole street is in memory at once; isPhone tells devices from writes
// made at the server.
func doorOf(rec *syncengine.Record, isPhone func(incarnation syncengine.ID) bool) (door, error) {
	d := door{id: rec.ID, dead: rec.Dead(), Premises: &recordv1.Premises{}}
	if err := wire.ReadShown(rec, d.Premises, nil); err != nil {
		return d, err
	}
	for i := range rec.Cells {
		c := &rec.Cells[i]
		if isPhone(c.Shown().Write.Dot.Incarnation) {
			d.byPhone = append(d.byPhone, c.Key.Field)
		}
	}
	return d, nil
}

// territory is the finest known one; zero when the record names none.
func (d door) territory() syncengine.ID {
	id, _ := syncengine.IDFromBytes(d.GetTerritory())
	return id
}

// active reports a door that is still visited.
func (d door) active() bool {
	switch d.GetStatus() {
	case recordv1.PremisesStatus_PREMISES_STATUS_VOID, recordv1.PremisesStatus_PREMISES_STATUS_MERGED_INTO:
		return false
	}
	return !d.dead
}

// standing is the door as matching sees it.
func (d door) standing(tree *identity.Tree) importer.Standing {
	return importer.Standing{
		ExternalRef: d.GetExternalRef(),
		Territory:   domain.Code(codeOf(tree, d.territory())),
		Address:     d.GetAddress(),
		Place: importer.Place{
			Compound: d.GetCompound(), Building: d.GetBuilding(), Stair: d.GetStair(), Floor: d.GetFloor(), Door: d.GetDoor(),
		},
	}
}

// rowDoor turns a row of a file into the fields it tells about a door. What the
// file is silent about is absent.
func rowDoor(tree *identity.Tree, row importer.Premises) *recordv1.Premises {
	territory, _ := tree.ByCode(string(row.Territory))
	m := &recordv1.Premises{
		Territory:      territory.ID[:],
		Address:        told(row.Address),
		ExternalRef:    told(row.ExternalRef),
		Compound:       told(row.Place.Compound),
		Building:       told(row.Place.Building),
		Stair:          told(row.Place.Stair),
		Floor:          told(row.Place.Floor),
		Door:           told(row.Place.Door),
		Rooms:          count(row.Rooms),
		Headcount:      count(row.Headcount),
		LeaseFiled:     row.LeaseFiled,
		KindOfPremises: named[recordv1.KindOfPremises](row.KindOfPremises),
		Use:            named[recordv1.PremisesUse](row.Use),
		RentalKind:     named[recordv1.RentalKind](row.RentalKind),
		Grade:          named[recordv1.Grade](row.Grade),
	}
	if row.ContactName != "" || row.ContactPhone != "" {
		m.Contact = &recordv1.Contact{Name: told(row.ContactName), Phone: told(row.ContactPhone)}
	}
	return m
}

// told gives a text that the file holds; nil for an empty one.
func told(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// count gives a number that the file holds; the importer has bounded it.
func count(n *int) *uint32 {
	if n == nil {
		return nil
	}
	return proto.Uint32(uint32(*n))
}

// enum is a generated enum type.
type enum interface {
	~int32
	protoreflect.Enum
}

// shortNames maps the short names of an enum's values, such as RENTAL_UNIT, to
// the values. The zero value has none: a file that does not know is silent.
func shortNames(e protoreflect.EnumDescriptor) map[string]protoreflect.EnumNumber {
	out := map[string]protoreflect.EnumNumber{}
	prefix := strings.TrimSuffix(string(e.Values().ByNumber(0).Name()), "UNSPECIFIED")
	for i := range e.Values().Len() {
		if v := e.Values().Get(i); v.Number() != 0 {
			out[strings.TrimPrefix(string(v.Name()), prefix)] = v.Number()
		}
	}
	return out
}

// named finds the value of a short name; nil for an empty one. The importer has
// checked that it is one.
func named[E enum](name string) *E {
	var zero E
	n, ok := shortNames(zero.Descriptor())[name]
	if !ok {
		return nil
	}
	v := E(n)
	return &v
}

// premisesNames gives the short names that the columns of a premises file may hold.
func premisesNames() map[string][]string {
	out := map[string][]string{}
	for column, e := range map[string]protoreflect.EnumDescriptor{
		"kind_of_premises": recordv1.KindOfPremises(0).Descriptor(),
		"use":              recordv1.PremisesUse(0).Descriptor(),
		"rental_kind":      recordv1.RentalKind(0).Descriptor(),
		"grade":            recordv1.Grade(0).Descriptor(),
	} {
		for name := range shortNames(e) {
			out[column] = append(out[column], name)
		}
		slices.Sort(out[column])
	}
	return out
}

// neighbourhood is what an import must know of what stands.
type neighbourhood struct {
	tree  *identity.Tree
	doors []door
	// proposed holds the doors for which an open task proposes to void them.
	proposed map[syncengine.ID]bool
}

// neighbourhood reads the doors that stand: active ones, and others whose key the file names.
func (s *Service) neighbourhood(r store.Reader, refs map[string]bool) (*neighbourhood, error) {
	n := &neighbourhood{proposed: map[syncengine.ID]bool{}}
	var err error
	if n.tree, err = identity.LoadTree(r); err != nil {
		return nil, err
	}
	devices, err := identity.Devices(r)
	if err != nil {
		return nil, err
	}
	phones := map[syncengine.ID]bool{}
	for _, d := range devices {
		phones[d.Incarnation] = true
	}
	isPhone := func(incarnation syncengine.ID) bool { return phones[incarnation] }
	return n, s.eachRecord(r, func(rec *syncengine.Record) error {
		switch rec.Kind {
		case kindPremises:
			d, err := doorOf(rec, isPhone)
			if err != nil {
				return err
			}
			if d.active() || refs[d.GetExternalRef()] {
				n.doors = append(n.doors, d)
			}
		case kindTask:
			id, ok, err := proposal(rec)
			if err != nil {
				return err
			}
			if ok {
				n.proposed[id] = true
			}
		}
		return nil
	})
}
