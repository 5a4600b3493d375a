package syncengine

import "fmt"

// ID is a 16-byte identifier: of a record, an incarnation, a user, a territory.
type ID [16]byte

// IsZero reports whether the id is absent.
func (id ID) IsZero() bool { return id == ID{} }

// String prints the id as UUID text.
func (id ID) String() string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[0:4], id[4:6], id[6:8], id[8:10], id[10:16])
}

// IDFromBytes copies a 16-byte slice; ok is false for any other length.
func IDFromBytes(b []byte) (id ID, ok bool) {
	if len(b) != len(id) {
		return ID{}, false
	}
	copy(id[:], b)
	return id, true
}

// Epoch numbers a history of the log. 0 is no epoch.
type Epoch uint32

// Seq numbers a log entry, dense from 1.
type Seq uint64

// DeviceSeq numbers a change within its incarnation, dense from 1.
type DeviceSeq uint64

// KindNumber is the number of a record kind on the wire.
type KindNumber uint32

// FieldNumber is the number of a field in its record message. LifeField is none of them.
type FieldNumber uint32

// LifeField addresses the cell that says whether a record lives.
const LifeField FieldNumber = 0

// Class numbers a visibility class.
type Class uint32

// Rank orders the roles of authors for the ranked policy.
type Rank uint8

// UnixMilli is a time in milliseconds since the Unix epoch.
type UnixMilli int64

// Coordinate names one log entry of one history.
type Coordinate struct {
	Epoch Epoch
	Seq   Seq
}

// IsZero reports whether there is no coordinate.
func (c Coordinate) IsZero() bool { return c == Coordinate{} }

// String prints "epoch/seq".
func (c Coordinate) String() string { return fmt.Sprintf("%d/%d", c.Epoch, c.Seq) }

// Dot is the identity of a change.
type Dot struct {
	Incarnation ID
	Seq         DeviceSeq
}

// Fork says where an epoch began: its entries at or below At are those of Parent.
type Fork struct {
	Epoch Epoch
	At    Seq
	// Parent is the epoch it branched off, always a lower one; 0 stands for the one numbered before it.
	Parent Epoch
	// Learned is the epoch with which the log was told of it, by a restore; 0 for one that the log has seen begin.
	Learned Epoch
}

// From gives the epoch that f branched off.
func (f Fork) From() Epoch {
	if f.Parent == 0 {
		return f.Epoch - 1
	}
	return f.Parent
}

// History knows the epochs of a log and where each began. Epochs form a tree: a
// backup from before an earlier restore begins a branch beside it.
type History struct {
	// Epoch is the one in force.
	Epoch Epoch
	// Forks holds one entry for each epoch but the first that is known, ascending. Of
	// an epoch that is not, nothing is shared with any other.
	Forks []Fork
}

// Knows reports that it is known where an epoch began.
func (h History) Knows(e Epoch) bool {
	_, known := h.fork(e)
	return known || e <= 1
}

// fork finds where an epoch began; ok is false for the first and for one that is not known.
func (h History) fork(e Epoch) (f Fork, ok bool) {
	for _, f := range h.Forks {
		if f.Epoch == e {
			return f, true
		}
	}
	return Fork{}, false
}

// SharedBy gives the greatest seq up to which two epochs hold the same entries.
func (h History) SharedBy(a, b Epoch) Seq {
	shared := Seq(1<<63 - 1)
	for a != b {
		if a < b {
			a, b = b, a
		}
		f, ok := h.fork(a)
		if !ok {
			return 0
		}
		a, shared = f.From(), min(shared, f.At)
	}
	return shared
}

// Shared gives the greatest seq up to which an epoch holds the same entries as the one in force.
func (h History) Shared(e Epoch) Seq { return h.SharedBy(e, h.Epoch) }

// EpochAt gives the epoch in which the entry at seq of the log in force was written.
func (h History) EpochAt(seq Seq) Epoch {
	e := h.Epoch
	for {
		f, ok := h.fork(e)
		if !ok || seq > f.At {
			return e
		}
		e = f.From()
	}
}

// AsOf gives what the log knew of the epochs when its entry at seq was written. What a restore has told it of since decides
// about what comes after: what was said of a record stays as it was said until something touches the record.
func (h History) AsOf(seq Seq) History {
	then := h.EpochAt(seq)
	if then == h.Epoch {
		return h
	}
	known := History{Epoch: then}
	for _, f := range h.Forks {
		if max(f.Learned, f.Epoch) <= then {
			known.Forks = append(known.Forks, f)
		}
	}
	return known
}

// Reaches reports whether c stands at or below base in base's own history. A
// value of a restored prefix has the same seq in every later epoch.
func (h History) Reaches(base, c Coordinate) bool {
	if base.IsZero() || c.IsZero() || c.Seq > base.Seq || c.Epoch > base.Epoch {
		return false
	}
	return c.Seq <= h.SharedBy(c.Epoch, base.Epoch)
}

// Current translates a coordinate into the epoch in force; ok is false when
// that entry is not part of it.
func (h History) Current(c Coordinate) (seq Seq, ok bool) {
	if c.IsZero() || c.Epoch > h.Epoch || c.Seq > h.SharedBy(c.Epoch, h.Epoch) {
		return 0, false
	}
	return c.Seq, true
}

// Lineage tells where an incarnation branched off another: a copied database
// inherits its parent's chain up to and including last as its own past.
type Lineage func(incarnation ID) (parent ID, last DeviceSeq, ok bool)

// InPast reports whether v is an earlier change of w's own chain.
func (l Lineage) InPast(w, v Dot) bool {
	for w.Incarnation != v.Incarnation {
		if l == nil {
			return false
		}
		parent, last, ok := l(w.Incarnation)
		if !ok {
			return false
		}
		// Everything up to last is in the past, so the bound is one above it.
		if w.Seq > last {
			w.Seq = last + 1
		}
		w.Incarnation = parent
	}
	return v.Seq < w.Seq
}
