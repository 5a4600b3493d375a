package demo

// Covers reports whether the author of w had seen v when writing w. It is meant for two writes of one record.
func (l *Ledger) Covers(w, v Write) bool {
	later, earlier := &l.Entries[w.Entry], &l.Entries[v.Entry]
	if later.Phone == earlier.Phone {
		return earlier.Order < later.Order
	}
	return later.Op != OpCreate && earlier.Position != 0 && earlier.Position <= later.Seen
}

// Concurrent reports whether neither author had seen the other's value. Values of one change are not concurrent.
func (l *Ledger) Concurrent(v, w Write) bool {
	return v.Entry != w.Entry && !l.Covers(v, w) && !l.Covers(w, v)
}

// Standing returns the values of a cell that no other value covers, in script order: what must be there at the end.
func (l *Ledger) Standing(cell Cell) []Write { return l.uncovered(l.WritesOf(cell)) }

// VisibleTo returns the values of a cell that stand on a phone at this point of the replay: the phone's own, and what
// it has seen of others.
func (l *Ledger) VisibleTo(phone PhoneIndex, cell Cell) []Write {
	var visible []Write
	for _, w := range l.WritesOf(cell) {
		if l.sees(phone, w.Entry) {
			visible = append(visible, w)
		}
	}
	return l.uncovered(visible)
}

// Knows reports whether a phone has seen the record at this point of the replay. It says nothing of who may read it.
func (l *Ledger) Knows(phone PhoneIndex, ref Ref) bool {
	if ref.Kind == RecordPremises && ref.Number < l.seedPremises {
		return true
	}
	for _, entry := range l.creates[ref] {
		if l.sees(phone, entry) {
			return true
		}
	}
	return false
}

// Conflicts returns every conflict that stands at the end, in the order of the cells' first writes.
func (l *Ledger) Conflicts() []Conflict {
	var conflicts []Conflict
	for _, cell := range l.cells {
		if cell.Field == FieldLife {
			continue
		}
		standing := l.Standing(cell)
		if differ(standing) && !byItself(cell.Field) {
			conflicts = append(conflicts, Conflict{Cell: cell, Writes: standing})
		}
		for _, dead := range l.Standing(Cell{Ref: cell.Ref, Field: FieldLife}) {
			if unseen := l.concurrentWith(dead, standing); len(unseen) > 0 {
				conflicts = append(conflicts, Conflict{Cell: cell, DeleteEdit: true, Writes: append([]Write{dead}, unseen...)})
			}
		}
	}
	return conflicts
}

// byItself names what each phone that makes a record writes by itself, so that nobody is asked which of them holds.
func byItself(field string) bool {
	return field == FieldRegisteredBy || field == FieldActor || field == FieldOccurredAt
}

// sees reports whether a phone has an entry: its own, or one the server had committed at its last full sync.
func (l *Ledger) sees(phone PhoneIndex, entry int) bool {
	e := &l.Entries[entry]
	return e.Phone == phone || e.Position != 0 && e.Position <= l.phones[phone].seen
}

// uncovered returns the writes that no other of them covers.
func (l *Ledger) uncovered(writes []Write) []Write {
	var standing []Write
	for i, v := range writes {
		covered := false
		for k, w := range writes {
			covered = covered || i != k && l.Covers(w, v)
		}
		if !covered {
			standing = append(standing, v)
		}
	}
	return standing
}

// concurrentWith returns those of writes that are concurrent with one.
func (l *Ledger) concurrentWith(one Write, writes []Write) []Write {
	var with []Write
	for _, w := range writes {
		if l.Concurrent(one, w) {
			with = append(with, w)
		}
	}
	return with
}

// differ reports whether not all values are the same.
func differ(writes []Write) bool {
	for _, w := range writes {
		if !Same(w.Value, writes[0].Value) {
			return true
		}
	}
	return false
}
