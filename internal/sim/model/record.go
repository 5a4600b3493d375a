package model

import (
	"slices"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// change is one change under the name by which the log knows it.
type change struct {
	dot syncengine.Dot
	row *row
	// writes are its cells, held ones too, in cell order.
	writes []*write
	// credit, stamp, suspect and rank are those of the decision about it that is being followed.
	credit
	stamp   syncengine.UnixMilli
	suspect bool
	rank    syncengine.Rank
	// first are its places in earlier histories, as its newest entry carries them.
	first []syncengine.Coordinate
}

// credit is how much of what a change's author saw counts in one history.
type credit struct {
	// blind are the classes whose cells its author could not read.
	blind schema.Classes
	// doubted tells that its base counts up to counted only: the history it names was
	// put back without a word, and nothing proves more.
	doubted bool
	counted place
}

// stamped is a stored stamp.
type stamped struct {
	at      syncengine.UnixMilli
	suspect bool
}

// write is what one change wrote into one cell.
type write struct {
	by      *change
	key     syncengine.CellKey
	data    []byte
	cleared bool
	class   syncengine.Class
	// hash is the write's share of digests; 0 until it is asked for.
	hash uint64
	// at says where it stands in every history that merged it.
	at []place
}

// same reports whether two writes read the same.
func (w *write) same(o *write) bool {
	return w.cleared == o.cleared && string(w.data) == string(o.data)
}

// value is a write that stands in a cell's set, or is kept beside it.
type value struct {
	*write
	// credit, known, stamp, suspect and rank are those of the entry that merged it in this history:
	// a backup of before a change was supplied again knows nothing of its later places.
	credit
	// known are the places by which this history knows it.
	known   []place
	stamp   syncengine.UnixMilli
	suspect bool
	rank    syncengine.Rank
	// from and until bound the seqs at which it, or another that reads the same,
	// was last the one shown; from 0 for never, until 0 while it is.
	from, until syncengine.Seq
	// covered is where a kept value was covered.
	covered place
}

// standing gives a write as it is about to be merged: known by its earlier places.
func standing(w *write) value {
	return value{write: w, credit: w.by.credit, known: w.by.places(), stamp: w.by.stamp, suspect: w.by.suspect, rank: w.by.rank}
}

// mergedAt gives the value as it stands once it is merged at a place.
func (v value) mergedAt(at place) value {
	v.known = append(slices.Clip(v.known), at)
	return v
}

// mergedSeq is where it was merged.
func (v value) mergedSeq() syncengine.Seq {
	if len(v.known) == 0 {
		return 0
	}
	return v.known[len(v.known)-1].seq
}

func (v value) shownAt(seq syncengine.Seq) bool {
	return v.from != 0 && v.from <= seq && (v.until == 0 || seq < v.until)
}

// cell is one cell of a record.
type cell struct {
	key syncengine.CellKey
	// set has the value that stands first, the others in the policy's order.
	set  []value
	kept []value
	// merged lists every write that the log ever merged here, in log order.
	merged []merged
}

// merged is a write with whether its own author's later one came before it: then
// it covers nothing.
type merged struct {
	value
	outrun bool
}

// contested reports two or more distinct values.
func (c *cell) contested() bool {
	return slices.ContainsFunc(c.set, func(v value) bool { return !v.same(c.set[0].write) })
}

// stay is a record's stay in a scope key: [entered, left), left 0 while it lasts.
type stay struct {
	key           syncengine.ScopeKey
	entered, left syncengine.Seq
}

// record is one state of a record. It is never altered once it is in a history.
type record struct {
	id    syncengine.ID
	kind  *schema.Kind
	seq   syncengine.Seq
	cells []*cell
	stays []stay
	cut   map[schema.Classes]*cutRecord
}

// next gives a copy that may be altered; cells are still shared.
func (r *record) next(seq syncengine.Seq) *record {
	return &record{id: r.id, kind: r.kind, seq: seq, cells: slices.Clone(r.cells), stays: slices.Clone(r.stays)}
}

func (r *record) find(key syncengine.CellKey) *cell {
	if r == nil {
		return nil
	}
	for _, c := range r.cells {
		if c.key == key {
			return c
		}
	}
	return nil
}

// own gives a cell that may be altered, made when missing.
func (r *record) own(key syncengine.CellKey) *cell {
	for i, c := range r.cells {
		if c.key == key {
			r.cells[i] = &cell{key: key, set: slices.Clone(c.set), kept: slices.Clone(c.kept), merged: slices.Clip(c.merged)}
			return r.cells[i]
		}
	}
	made := &cell{key: key}
	r.cells = append(r.cells, made)
	slices.SortFunc(r.cells, func(a, b *cell) int { return a.key.Compare(b.key) })
	return made
}

// deletion gives the deletion that stands; nil while the record lives.
func (r *record) deletion() *value {
	life := r.find(syncengine.CellKey{Field: syncengine.LifeField})
	if life == nil || len(life.set) == 0 || !isDead(life.set[0].write) {
		return nil
	}
	return &life.set[0]
}

// lifeDead is the encoded value of a deletion.
const lifeDead = "\x02"

func isDead(w *write) bool { return w.key.Field == syncengine.LifeField && string(w.data) == lifeDead }

// keys lists the scope keys the record is in, sorted.
func (r *record) keys() []syncengine.ScopeKey {
	var out []syncengine.ScopeKey
	for _, s := range r.stays {
		if s.left == 0 {
			out = append(out, s.key)
		}
	}
	slices.Sort(out)
	return out
}
