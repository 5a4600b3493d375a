package exchange

import (
	"slices"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// Seen is a state of the realm in which something was planned that takes too long to be planned under the realm's write lock. Whoever
// writes what was planned asks in that transaction whether it stands: else it would write over what nobody looked at.
type Seen struct {
	at       store.Head
	revision uint64
}

// SeenIn notes the state that a reader sees.
func SeenIn(r store.Reader) (Seen, error) {
	revision, err := identityRevision(r)
	return Seen{at: r.Head(), revision: revision}, err
}

// Same reports that a reader sees the very state: nothing was written to the log since, and identity has not changed.
func (s Seen) Same(r store.Reader) (bool, error) {
	now, err := SeenIn(r)
	return now == s, err
}

// Stands reports that a reader sees the same of all records of some kinds and of identity. It may deny that where nothing has changed.
func (s Seen) Stands(r store.Reader, kinds ...syncengine.KindNumber) (bool, error) {
	revision, err := identityRevision(r)
	if err != nil || revision != s.revision {
		return false, err
	}
	head := r.Head()
	if head == s.at {
		return true, nil
	}
	if head.Epoch != s.at.Epoch || head.Seq < s.at.Seq || head.Seq-s.at.Seq > followMax {
		return false, nil
	}
	stands, err := hasTag(r, s.at.Seq, s.at.Tag)
	if err != nil || !stands {
		return false, err
	}
	err = r.Entries(s.at.Seq, func(e store.Entry) bool {
		stands = !slices.Contains(kinds, e.Kind)
		return stands
	})
	return stands, err
}
