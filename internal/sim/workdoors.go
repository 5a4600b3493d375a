package sim

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/syncengine"
)

func (p *phone) addDoor(d dice) {
	grid := p.grid(d)
	m := &recordv1.Premises{Address: proto.String(fmt.Sprintf("民主路%d号", d.IntN(100))), Territory: grid.id[:]}
	if d.oneIn(2) {
		m.Rooms = proto.Uint32(uint32(d.IntN(6)))
	}
	if d.oneIn(3) && p.user.role != recordv1.Role_ROLE_HELPER {
		m.Contact = &recordv1.Contact{Name: proto.String("王五"), Phone: proto.String("13800000000")}
	}
	p.room(d, m)
	id := p.made("premises")
	p.do(fmt.Sprintf("adds %s in %s", p.w.known.of(id), grid.code), edit{id: id, message: m, create: true})
}

func (p *phone) editDoor(d dice) {
	id, ok := p.seen(d, "premises")
	if !ok {
		return
	}
	e := edit{id: id, message: &recordv1.Premises{}}
	p.doorFields(d, e.message.(*recordv1.Premises), &e)
	e.writtenOnce()
	p.do("edits "+p.w.known.of(id), e)
}

// doorFields draws one or two fields of a door.
func (p *phone) doorFields(d dice, m *recordv1.Premises, e *edit) {
	for range 1 + d.IntN(2) {
		switch d.IntN(10) {
		case 0, 1:
			m.Rooms = proto.Uint32(uint32(d.IntN(4)))
		case 2, 3:
			m.Grade = some[recordv1.Grade](d, 4)
		case 4:
			m.Name = word(d)
		case 5:
			m.Contact = &recordv1.Contact{Name: proto.String("赵六"), Phone: proto.String(fmt.Sprintf("1380000%04d", d.IntN(4)))}
		case 6:
			m.LastSeenAt = proto.Int64(int64(p.w.now) - d.Int64N(dayMs))
		case 7:
			m.GradeReasons = []string{*word(d)}
		case 8:
			m.PoliceNote = word(d)
		default:
			e.cleared = []string{pick(d, []string{"name", "contact", "rooms"})}
		}
	}
}

// writtenOnce takes back clearing a field that the same edit writes.
func (e *edit) writtenOnce() {
	m := e.message.ProtoReflect()
	e.cleared = slices.DeleteFunc(e.cleared, func(name string) bool {
		return m.Has(m.Descriptor().Fields().ByName(protoreflect.Name(name)))
	})
}

func (p *phone) addVisit(d dice) {
	m := &recordv1.Visit{Note: word(d), Outcome: some[recordv1.VisitOutcome](d, 4)}
	where := "in "
	if doors := p.doors(d); len(doors) > 0 && d.IntN(4) > 0 {
		where = "at "
		for _, door := range doors {
			m.PremisesIds = append(m.PremisesIds, door[:])
			where += p.w.known.of(door) + " "
		}
	} else {
		grid := p.grid(d)
		m.Territory = grid.id[:]
		where += grid.code
	}
	id := p.made("visit")
	p.do(fmt.Sprintf("adds %s %s", p.w.known.of(id), where), edit{id: id, message: m, create: true})
}

// addVisitAt writes a visit to one door, whatever door that is.
func (p *phone) addVisitAt(d dice, door syncengine.ID) {
	grid := p.grid(d)
	id := p.made("visit")
	m := &recordv1.Visit{PremisesIds: [][]byte{door[:]}, Territory: grid.id[:], Note: word(d)}
	p.do("adds "+p.w.known.of(id)+", which the server cannot stand,", edit{id: id, message: m, create: true})
}

// doors draws one or two doors for a visit.
func (p *phone) doors(d dice) (out []syncengine.ID) {
	for range 1 + d.IntN(2) {
		if id, ok := p.seen(d, "premises"); ok && (len(out) == 0 || out[0] != id) {
			out = append(out, id)
		}
	}
	return out
}

// joinVisit writes to a visit that a colleague gave out the code of, whether or not it is on this phone.
func (p *phone) joinVisit(d dice) {
	id, ok := p.any(d, "visit")
	if !ok {
		return
	}
	grid := p.grid(d)
	m := &recordv1.Visit{Territory: grid.id[:], Contributions: map[string]string{p.user.id.String(): *word(d)}}
	if _, err := p.replica.Get(id); err == nil {
		m.Territory = nil // On the phone this is an edit, and records are moved by the server only.
	}
	p.do("joins "+p.w.known.of(id), edit{id: id, message: m, create: true})
}

func (p *phone) editVisit(d dice) {
	id, ok := p.seen(d, "visit")
	if !ok {
		return
	}
	m := &recordv1.Visit{}
	e := edit{id: id, message: m}
	switch d.IntN(9) {
	case 0, 1:
		m.Note = word(d)
	case 2:
		m.Outcome = some[recordv1.VisitOutcome](d, 4)
	case 3:
		m.Checklist = map[string]recordv1.Answer{pick(d, items): *some[recordv1.Answer](d, 4)}
	case 4:
		e.field, e.elements = "checklist", []string{pick(d, items)}
	case 5:
		m.Contributions = map[string]string{p.user.id.String(): *word(d)}
	case 6:
		if door, ok := p.seen(d, "premises"); ok {
			m.PremisesIds = [][]byte{door[:]}
		}
	case 7:
		if door, ok := p.seen(d, "premises"); ok {
			e.field, e.elements = "premises_ids", []string{string(door[:])}
		}
	default:
		e.cleared = []string{pick(d, []string{"note", "outcome"})}
	}
	p.do("edits "+p.w.known.of(id), e)
}

// items are the questions of the checklist.
var items = []string{"gas", "exit", "wiring"}
