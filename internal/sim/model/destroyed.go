package model

import "slices"

// A phone that nobody has heard of for a month destroys what it holds. What is left are its own rows, sealed: all that it ever
// had from others, and all words of its own, must be in its files no more. CheckFiles looks.

// Destroyed tells that a phone has destroyed what it held: from now on it holds its own rows alone, which it can hand in and not
// read, until it has caught up again.
func (m *Model) Destroyed(p PhoneID) { m.phones[p].destroyed = true }

// wantDestroyed wants every row that is left on a phone which has destroyed what it held to be sealed. Of one of which all was
// erased there is nothing to seal.
func (m *Model) wantDestroyed(ph *phone) {
	for _, r := range ph.rows[min(len(ph.rows), max(int(ph.first), 1)-1):] {
		m.at(ph.id, r.change.RecordID).want(ph.sealed[r.seq] || !ph.destroyed || m.goneFrom(ph, r), I11,
			"row %d can be read on a phone that has destroyed what it held", r.seq)
	}
}

// mayRead lists the rows of a phone that it may still hold as they were written.
func (ph *phone) mayRead() []*row {
	if !ph.destroyed {
		return ph.rows
	}
	return slices.DeleteFunc(slices.Clone(ph.rows), func(r *row) bool { return r.seq < ph.first })
}
