package exchange

import (
	"errors"
	"slices"

	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
)

const kindOfVisits = syncengine.KindNumber(recordv1.Kind_KIND_VISIT)

// Following calls f for every record that follows a door or case, in id order.
func (s *Service) Following(r store.Reader, anchor syncengine.ID, f func(*syncengine.Record) error) error {
	return s.In(r, syncengine.RecordKey(anchor), func(rec *syncengine.Record) error {
		if rec.ID == anchor {
			return nil
		}
		return f(rec)
	})
}

// In calls f for every record that is in a scope key now, in id order.
func (s *Service) In(r store.Reader, key syncengine.ScopeKey, f func(*syncengine.Record) error) error {
	ids, err := presentIn(r, key)
	slices.SortFunc(ids, func(a, b syncengine.ID) int { return slices.Compare(a[:], b[:]) })
	for _, id := range ids {
		if err != nil {
			return err
		}
		var rec *syncengine.Record
		if rec, err = s.Record(r, id); err == nil && rec != nil {
			err = f(rec)
		}
	}
	return err
}

// presentIn lists the records that are in a scope key now.
func presentIn(r store.Reader, key syncengine.ScopeKey) (out []syncengine.ID, err error) {
	var rows []store.ScopeRow
	for after := syncengine.Seq(0); ; {
		if rows, err = r.Scope(rows[:0], key, after, scopeScanRows); err != nil {
			return nil, err
		}
		for _, row := range rows {
			after = row.Seq
			if row.Type == store.RowPresent {
				out = append(out, row.RecordID)
			}
		}
		if len(rows) < scopeScanRows {
			return out, nil
		}
	}
}

// VisitsBy counts the visits that each of some users made in a period, by the
// time at which they took place and by who wrote them: the log says it, whoever has
// the doors now. A visit that several made together counts for each of them once.
func (s *Service) VisitsBy(r store.Reader, users []syncengine.ID, from, until syncengine.UnixMilli) (map[syncengine.ID]int, error) {
	made := map[[2]syncengine.ID]bool{}
	out := map[syncengine.ID]int{}
	var failed error
	err := r.Entries(0, func(e store.Entry) bool {
		user := s.UserOf(r, e.Incarnation)
		if e.Kind != kindOfVisits || !slices.Contains(users, user) {
			return true
		}
		var at syncengine.UnixMilli
		var creates bool
		if at, creates, failed = madeVisit(r, e); failed != nil {
			return false
		}
		if key := [2]syncengine.ID{user, e.RecordID}; creates && from <= at && at < until && !made[key] {
			made[key] = true
			out[user]++
		}
		return true
	})
	return out, errors.Join(err, failed)
}

// madeVisit tells whether an entry made a visit, and when that took place. A
// change whose content was erased is known by its place in the log alone.
func madeVisit(r store.Reader, e store.Entry) (at syncengine.UnixMilli, creates bool, err error) {
	body := e.Body
	switch e.Type {
	case store.EntryReleased:
		original, _, err := r.Entry(e.Ref)
		if err != nil {
			return 0, false, err
		}
		body = original.Body
	case store.EntryApplied, store.EntryMerged:
	default:
		return 0, false, nil
	}
	c, err := wire.DecodeChange(body)
	if err != nil {
		return e.Stamp, e.Prev == 0, nil
	}
	return c.OccurredAt, c.Create, nil
}
