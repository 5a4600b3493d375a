package demo

import (
	"strconv"
	"time"
)

// countOf returns a corrected headcount: the register's, and so many more.
func (w *dayWriter) countOf(i PremisesIndex, more int) Field {
	return field(FieldHeadcount, Number(w.street.Premises[i].Headcount+more))
}

// roomsOf returns a corrected number of rooms.
func (w *dayWriter) roomsOf(i PremisesIndex, more int) Field {
	return field(FieldRooms, Number(w.street.Premises[i].Rooms+more))
}

// anyDoor draws a door of the phone's round that stands and that the other phones may read too, or NoPremises.
func (w *dayWriter) anyDoor(c *carrier, others ...*carrier) PremisesIndex {
	for range probesMax {
		i := oneOf(w.rng, c.doors)
		fits := !w.retired[door(i)]
		for _, o := range others {
			fits = fits && o.user.Covers(w.street.Premises[i].Territory)
		}
		if fits {
			return i
		}
	}
	return NoPremises
}

// editDoor corrects one or two facts of a door.
func (w *dayWriter) editDoor(c *carrier, _ time.Time) []Change {
	i := w.anyDoor(c)
	if i == NoPremises {
		return nil
	}
	switch w.rng.IntN(5) {
	case 0:
		return edit(door(i), w.roomsOf(i, 1+w.rng.IntN(2)))
	case 1:
		return edit(door(i), w.roomsOf(i, 1+w.rng.IntN(2)), w.countOf(i, 1+w.rng.IntN(3)))
	case 2:
		return edit(door(i), field(FieldLeaseFiled, Truth(!w.street.Premises[i].LeaseFiled)))
	case 3:
		return edit(door(i), field(FieldContact, w.newContact()))
	default:
		return edit(door(i), w.countOf(i, 1+w.rng.IntN(3)))
	}
}

// newContact returns a contact that no door had in the morning.
func (w *dayWriter) newContact() Contact {
	return testContact(w.day.SeedPremises + len(w.ledger.Entries))
}

// grade grades a door anew.
func (w *dayWriter) grade(c *carrier, _ time.Time) []Change {
	i := w.anyDoor(c)
	if i == NoPremises {
		return nil
	}
	return edit(door(i), field(FieldGrade, w.gradeBut(w.street.Premises[i].Grade, w.rng.IntN(2))))
}

// gradeBut returns the n-th grade that is not the given one.
func (w *dayWriter) gradeBut(but Grade, n int) Symbol {
	for _, g := range []Grade{GradeOrange, GradeYellow, GradeRed, GradeGreen} {
		if g == but {
			continue
		}
		if n == 0 {
			return Symbol(g)
		}
		n--
	}
	return Symbol(GradeGreen)
}

// registerDoor registers a rental room the register lacks, in a building it has.
func (w *dayWriter) registerDoor(c *carrier, _ time.Time) []Change {
	i := w.anyDoor(c)
	if i == NoPremises || w.street.Premises[i].Parent == NoPremises {
		return nil
	}
	parent := w.street.Premises[i].Parent
	building := &w.street.Premises[parent]
	ref := w.number(RecordPremises)
	name := "附" + strconv.Itoa(ref.Number-w.day.SeedPremises+1) + "室"
	w.keep(&madeRecord{ref: ref, territory: building.Territory, author: c.index, door: parent})
	return []Change{{Op: OpCreate, Ref: ref, Fields: []Field{
		field(FieldAddress, Text(building.Address+name)), field(FieldTerritory, building.Territory),
		field(FieldKindOfPremises, Symbol(KindRentalUnit)), field(FieldStatus, Symbol("ACTIVE")), field(FieldParent, door(parent)),
		field(FieldCompound, Text(building.Key.Compound)), field(FieldBuilding, Text(building.Key.Building)),
		field(FieldDoor, Text(name)), field(FieldRental, Symbol(RentalWhole)), field(FieldRooms, Number(1)),
		field(FieldHeadcount, Number(1+w.rng.IntN(3))), field(FieldContact, w.newContact()),
	}}}
}
