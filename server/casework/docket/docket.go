package docket

import (
	"cmp"
	"encoding/binary"

	"github.com/tidwall/btree"

	"onedoor/syncengine"
)

// Place is where a case stands in every list: its turn, and among those of one turn its id.
type Place struct {
	Turn Turn
	ID   syncengine.ID
}

// Compare orders places as lists show them.
func (p Place) Compare(other Place) int {
	return cmp.Or(cmp.Compare(p.Turn, other.Turn), cmp.Compare(string(p.ID[:]), string(other.ID[:])))
}

// PlaceBytes is the length of a place as a page's token carries it.
const PlaceBytes = 8 + len(syncengine.ID{})

// Bytes writes a place for a page's token.
func (p Place) Bytes() []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(p.Turn)), p.ID[:]...)
}

// PlaceOf reads what [Place.Bytes] wrote; false for anything else.
func PlaceOf(b []byte) (p Place, ok bool) {
	if len(b) != PlaceBytes {
		return Place{}, false
	}
	p.Turn = Turn(binary.BigEndian.Uint64(b))
	p.ID, ok = syncengine.IDFromBytes(b[8:])
	return p, ok
}

// Turn says when the turn of a case is: what has a running deadline by that, then what is open without one, then what is done.
type Turn uint64

const (
	// Open is the turn of an open case without a deadline, Done that of a finished one.
	Open Turn = 1 << 62
	Done Turn = 1 << 63
)

// Due is the turn of a case whose deadline, in milliseconds since the Unix epoch, counts.
func Due(ms int64) Turn { return min(Turn(max(ms, 0)), Open-1) }

// Deadline gives the deadline of a turn; false for one that has none.
func (t Turn) Deadline() (ms int64, ok bool) { return int64(t), t < Open }

// Facet is what lists are filtered by. Cases that differ in it lie in rows of their own.
type Facet struct {
	// Kind is the kind of record, State how far it has come.
	Kind, State uint32
	// Group is the clinic of a dispute or the code of a hazard, Severity that of a hazard.
	Group, Severity uint32
	// Flagged says that the case lacks something, CallBack that its parties are to be called back.
	Flagged, CallBack bool
}

// Shelf names a shelf.
type Shelf string

// Docket is the shelves with their cases.
type Docket struct {
	shelves map[Shelf]shelf
	filed   map[syncengine.ID]filed
}

// shelf is one row a facet, each in the order of places.
type shelf map[Facet]*btree.BTreeG[Place]

// filed is where a case lies.
type filed struct {
	turn    Turn
	facet   Facet
	shelves []Shelf
}

// New makes an empty docket.
func New() *Docket { return &Docket{shelves: map[Shelf]shelf{}, filed: map[syncengine.ID]filed{}} }

// Len counts the cases.
func (d *Docket) Len() int { return len(d.filed) }

// File puts a case on shelves, which are distinct, and takes it off those where it lay before.
func (d *Docket) File(at Place, facet Facet, shelves []Shelf) {
	d.Remove(at.ID)
	d.filed[at.ID] = filed{turn: at.Turn, facet: facet, shelves: shelves}
	for _, name := range shelves {
		s := d.shelves[name]
		if s == nil {
			s = shelf{}
			d.shelves[name] = s
		}
		row := s[facet]
		if row == nil {
			row = btree.NewBTreeGOptions(func(a, b Place) bool { return a.Compare(b) < 0 }, btree.Options{NoLocks: true})
			s[facet] = row
		}
		row.Set(at)
	}
}

// Remove takes a case off all shelves.
func (d *Docket) Remove(id syncengine.ID) {
	was, ok := d.filed[id]
	if !ok {
		return
	}
	delete(d.filed, id)
	for _, name := range was.shelves {
		s := d.shelves[name]
		s[was.facet].Delete(Place{Turn: was.turn, ID: id})
		if s[was.facet].Len() == 0 {
			delete(s, was.facet)
		}
		if len(s) == 0 {
			delete(d.shelves, name)
		}
	}
}

// FacetOf gives the facet and the turn of a case; false for one that is not filed.
func (d *Docket) FacetOf(id syncengine.ID) (Facet, Turn, bool) {
	f, ok := d.filed[id]
	return f.facet, f.turn, ok
}

// Each calls f for every case, in no order, until f returns false. It must not file or remove any.
func (d *Docket) Each(f func(syncengine.ID) bool) {
	for id := range d.filed {
		if !f(id) {
			return
		}
	}
}
