package exchange

import (
	"bytes"
	"slices"

	"onedoor/syncengine"
)

// createsMany is from how many creations on it is worth asking once whether the
// store has any record in their range.
const createsMany = 8

// lookAhead asks once for all records that a batch makes, and for what follows them. Ids are ordered by
// the time they were made at, so where a phone's are not mixed with others' the
// store need not be searched for each of them.
func (k *work) lookAhead(fresh []supplied) (err error) {
	if k.svc.gathers {
		return nil // It was asked for each of them, with the group.
	}
	k.absent, k.unfollowed = nil, nil
	ids := k.ids[:0]
	for i := range fresh {
		if c := fresh[i].change; c != nil && c.Create {
			ids = append(ids, c.RecordID)
		}
	}
	k.ids = ids
	slices.SortFunc(ids, func(a, b syncengine.ID) int { return bytes.Compare(a[:], b[:]) })
	if k.absent, err = emptyRanges(ids, k.w.AnyRecord); err != nil {
		return err
	}
	k.unfollowed, err = emptyRanges(ids, func(from, to syncengine.ID) (bool, error) {
		return k.w.AnyScope(syncengine.RecordKey(from), syncengine.RecordKey(to))
	})
	return err
}

// idRange is a run of record ids, both ends in it.
type idRange struct{ from, to syncengine.ID }

func (r idRange) holds(id syncengine.ID) bool {
	return bytes.Compare(r.from[:], id[:]) <= 0 && bytes.Compare(id[:], r.to[:]) <= 0 && !id.IsZero()
}

// idRanges are some of them.
type idRanges []idRange

func (r idRanges) holds(id syncengine.ID) bool {
	return slices.ContainsFunc(r, func(one idRange) bool { return one.holds(id) })
}

// emptyRanges gives ranges over ids, which are in order, in which the store has nothing. What was made in the millisecond
// in which a batch ends and the next begins stands in both: where something is found, it is looked for in halves, as long as
// one of the two is empty. Where both have something, ids are mixed with others' all over, and each is looked up by itself.
func emptyRanges(ids []syncengine.ID, any func(from, to syncengine.ID) (bool, error)) (out idRanges, err error) {
	if len(ids) < createsMany {
		return nil, nil
	}
	found, err := any(ids[0], ids[len(ids)-1])
	if err != nil || !found {
		return idRanges{{ids[0], ids[len(ids)-1]}}, err
	}
	for len(ids) >= 2*createsMany {
		low, high := ids[:len(ids)/2], ids[len(ids)/2:]
		inLow, err := any(low[0], low[len(low)-1])
		if err != nil {
			return nil, err
		}
		if !inLow { // Then it is in the other half.
			out, ids = append(out, idRange{low[0], low[len(low)-1]}), high
			continue
		}
		inHigh, err := any(high[0], high[len(high)-1])
		if err != nil || inHigh {
			return out, err
		}
		out, ids = append(out, idRange{high[0], high[len(high)-1]}), low
	}
	return out, nil
}
