package syncengine

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// ConflictID names what is open at a cell: a hash of record and cell, so that
// every replica gives it the same name.
type ConflictID [16]byte

// String prints the id in hexadecimal.
func (c ConflictID) String() string { return hex.EncodeToString(c[:]) }

// ConflictIDOf derives the id of a cell's conflict.
func ConflictIDOf(record ID, key CellKey) (id ConflictID) {
	h := sha256.New()
	h.Write([]byte("onedoor conflict 1"))
	h.Write(record[:])
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], uint32(key.Field))
	h.Write(n[:])
	h.Write([]byte(key.Key))
	copy(id[:], h.Sum(nil))
	return id
}

// ConflictKind says what is open at a cell.
type ConflictKind uint8

const (
	// NoConflict: nothing is open.
	NoConflict ConflictKind = iota
	// Contested: the set holds two or more distinct values.
	Contested
	// KeptOpen: a value was covered by someone who had not been shown it.
	KeptOpen
	// DeleteEdit: the record was deleted by someone who had not seen a value of this cell.
	DeleteEdit
)

// Conflict is an open conflict of a record.
type Conflict struct {
	ID   ConflictID
	Kind ConflictKind
	Cell *Cell
}

// Conflicts lists what is open in a record of a kind, in cell order.
func (w World) Conflicts(kind *Kind, rec *Record) []Conflict {
	var out []Conflict
	for i := range rec.Cells {
		c := &rec.Cells[i]
		if open := w.ConflictAt(kind, rec, c); open != NoConflict {
			out = append(out, Conflict{ID: ConflictIDOf(rec.ID, c.Key), Kind: open, Cell: c})
		}
	}
	return out
}

// AnyConflict reports whether anything is open in a record of a kind.
func (w World) AnyConflict(kind *Kind, rec *Record) bool {
	for i := range rec.Cells {
		if c := &rec.Cells[i]; (c.contested() || len(c.Kept) > 0) && !kind.SelfFilled(c.Key.Field) {
			return true
		}
	}
	return w.anyDeleteEdit(rec)
}

// ConflictAt says what is open at one cell of a record of a kind. Values of a field that
// fills itself in wait for nobody, but for those that a deletion had not seen.
func (w World) ConflictAt(kind *Kind, rec *Record, c *Cell) ConflictKind {
	switch {
	case rec.Dead() && w.uncoveredByDelete(rec, c):
		return DeleteEdit
	case kind.SelfFilled(c.Key.Field):
		return NoConflict
	case c.contested():
		return Contested
	case len(c.Kept) > 0:
		return KeptOpen
	}
	return NoConflict
}

// contested reports two or more distinct values.
func (c *Cell) contested() bool {
	for i := 1; i < len(c.Values); i++ {
		if !c.Values[i].Same(c.Values[0]) {
			return true
		}
	}
	return false
}

// uncoveredByDelete reports a value that the deletion had not seen. A delete
// reads the whole record, in whatever order edits and delete arrive. It goes by what
// the log knew of the epochs when the record was last written: phones that hold it
// have been told so, and are sent it again when something touches it.
func (w World) uncoveredByDelete(rec *Record, c *Cell) bool {
	if c.Key.Field == LifeField {
		return false
	}
	life, _ := rec.Find(CellKey{Field: LifeField})
	deletion := life.Shown().Write
	w.History = w.History.AsOf(rec.Seq)
	reading := deletion.reading(c.Key.Field)
	for _, v := range c.Values {
		if v.Write.Dot != deletion.Dot && !w.covers(reading, v.Write) {
			return true
		}
	}
	return false
}

// anyDeleteEdit reports whether a standing deletion had not seen some value.
func (w World) anyDeleteEdit(rec *Record) bool {
	if !rec.Dead() {
		return false
	}
	for i := range rec.Cells {
		if w.uncoveredByDelete(rec, &rec.Cells[i]) {
			return true
		}
	}
	return false
}
