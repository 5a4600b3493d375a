package demo

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// Who is to see what: from the script's places, the people's areas, and the roles that stand beside kinds and fields in
// the record files.

// locate notes where a record lies: a visit, a hazard and a dispute at their doors, an event with its case, a new door
// in its territory; and for whom else a dispute is.
func (p *prediction) locate(at *predicted, c *Change) {
	for _, f := range c.Fields {
		switch v := f.Value.(type) {
		case Ref:
			if f.Name == FieldPremisesID || f.Name == FieldCaseID {
				at.follows = append(at.follows, p.records[p.ids[v]])
			}
		case Links:
			for _, ref := range v {
				at.follows = append(at.follows, p.records[p.ids[ref]])
			}
		case TerritoryCode:
			if at.ref.Kind == RecordPremises {
				at.places = append(at.places, v)
			}
		case UserIndex:
			if f.Name == FieldMediator {
				at.users = append(at.users, v)
			}
		}
	}
}

// settlePlaces gives every record the places and users of those that it follows: an event of a case is for whoever the
// case came to be for later.
func (p *prediction) settlePlaces() {
	for _, at := range p.records {
		at.settle()
	}
}

// settle takes over what the records have that this one follows. Nothing follows itself, since it is made later.
func (at *predicted) settle() {
	for _, other := range at.follows {
		other.settle()
		at.places, at.users = append(at.places, other.places...), append(at.users, other.users...)
	}
	at.follows = nil
	slices.Sort(at.places)
	slices.Sort(at.users)
	at.places, at.users = slices.Compact(at.places), slices.Compact(at.users)
}

// reader is what a phone's user may read.
type reader struct {
	user  UserIndex
	role  schema.Roles
	areas []TerritoryCode
}

// readerOf gives what a phone's user may read: the own area and those of the teams the user is in.
func (p *prediction) readerOf(phone PhoneIndex) reader {
	index := p.cast.Phones[phone].User
	user := p.cast.Users[index]
	r := reader{user: index, areas: slices.Clone(user.Areas), role: schema.RolesOf(uint32(roleNumber(user.Role)))}
	for _, t := range p.cast.Teams {
		if t.Officer == index || t.Worker == index || slices.Contains(t.Helpers, index) {
			r.areas = append(r.areas, t.Grids...)
		}
	}
	return r
}

// covers says whether one of the reader's areas holds a territory.
func (r *reader) covers(code TerritoryCode) bool {
	return slices.ContainsFunc(r.areas, func(area TerritoryCode) bool { return area.Contains(code) })
}

// sees says whether the reader is to see a record of the day or the street.
func (r *reader) sees(at *predicted) bool {
	if r.classes(at.kind) == 0 {
		return false
	}
	return slices.ContainsFunc(at.places, r.covers) || slices.Contains(at.users, r.user)
}

// classes are the visibility classes that the reader is to see of a kind.
func (r *reader) classes(kind *schema.Kind) schema.Classes {
	return schema.Load().Access.ReadClasses(kind.Number, r.role)
}

// roleNumber finds a role's number by its name.
func roleNumber(role Role) protoreflect.EnumNumber {
	return protoreflect.EnumNumber(recordv1.Role_value["ROLE_"+strings.ToUpper(string(role))])
}

// stateName spells a state as its enum does.
func stateName(e protoreflect.EnumDescriptor, s Symbol) string {
	return strings.TrimSuffix(string(e.Values().ByNumber(0).Name()), "UNSPECIFIED") + string(s)
}

// keysOf are the scope keys under which the reader holds a record that it sees.
func (p *prediction) keysOf(r *reader, at *predicted) []syncengine.ScopeKey {
	var out []syncengine.ScopeKey
	for _, place := range at.places {
		if r.covers(place) {
			out = append(out, syncengine.TerritoryKey(p.names.territories[place]))
		}
	}
	if slices.Contains(at.users, r.user) {
		out = append(out, syncengine.UserKey(p.names.users[r.user]))
	}
	return out
}
