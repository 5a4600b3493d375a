package accessledger

import (
	"errors"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// Mend tells entries as lost that a ledger which was put together from two places
// lacks: a database and what was kept of it elsewhere. The chain then goes on
// behind them; verify and every reader are told of the gap for as long as it stands.
func Mend(w store.Writer, now syncengine.UnixMilli) error {
	m := &mending{now: now}
	v := &verifying{out: &Verification{}, next: 1, cuts: map[uint64]*storedv1.AccessCut{}}
	if err := v.readCuts(w); err != nil {
		return err
	}
	var failed error
	err := w.Documents(bucketEntries, nil, nil, func(d store.Document) bool {
		v.skipCuts()
		number, _ := numberOf(d.Key)
		var e Entry
		if e, failed = decode(d.Value); failed != nil {
			return false
		}
		if number > v.next {
			m.lost = append(m.lost, gap{v.next, number - 1, e.Previous})
		}
		v.next = number + 1
		return true
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	v.skipCuts()
	return m.write(w, v.next)
}

// mending gathers what is lost.
type mending struct {
	now  syncengine.UnixMilli
	lost []gap
}

// gap is a run of entries that are not there, with the hash of the last one.
type gap struct {
	from, to uint64
	hash     Hash
}

// write notes the gaps, and the one between the last entry and the head.
func (m *mending) write(w store.Writer, next uint64) error {
	number, hash, err := Head(w)
	if err != nil {
		return err
	}
	if number >= next {
		m.lost = append(m.lost, gap{next, number, hash})
	}
	for _, g := range m.lost {
		cut := &storedv1.AccessCut{To: g.to, Hash: g.hash[:], AtMs: int64(m.now), Lost: true}
		if err := put(w, bucketCuts, key(g.from), cut); err != nil {
			return err
		}
	}
	return nil
}
