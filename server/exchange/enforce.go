package exchange

import (
	"context"
	"errors"

	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// What a restore has lost of erasures comes back: from the side ledger, which has
// the barriers, and from phones, which carry them with the realm's signature. A
// barrier that does not stand in this log is raised again, and what it erases is
// destroyed again, before anybody is answered.

// enforce erases again what the barriers say that this log holds nothing of.
func (s *Service) enforce(ctx context.Context) error {
	var list []Erasing
	err := s.store.View(ctx, func(r store.Reader) (err error) {
		list, err = unenforced(r)
		return err
	})
	for len(list) > 0 && err == nil {
		n := min(len(list), ErasuresMax)
		_, err = s.Erase(ctx, syncengine.ID{}, "", list[:n])
		list = list[n:]
		s.log.Warn("erasures that a restore had undone stand again", "records", n)
	}
	return err
}

// unenforced lists the barriers that stand nowhere in this log, by record and place.
func unenforced(r store.Reader) (list []Erasing, err error) {
	history, err := readHistory(r)
	if err != nil {
		return nil, err
	}
	var records []syncengine.ID
	barriers, err := barriersBetween(r, nil, nil, func(id syncengine.ID) { records = append(records, id) })
	for i := range barriers {
		stands := false
		for _, at := range barriers[i].At {
			if stands, err = erasedAt(r, history, records[i], at); stands || err != nil {
				break
			}
		}
		if err != nil {
			return nil, err
		}
		if !stands {
			list = addErasing(list, records[i], barriers[i].Cells, earlierThan(history, barriers[i].At...))
		}
	}
	return list, err
}

// addErasing puts cells of one record into one erasure.
func addErasing(list []Erasing, id syncengine.ID, cells syncengine.Cells, earlier []syncengine.Coordinate) []Erasing {
	if n := len(list); n == 0 || list[n-1].RecordID != id {
		list = append(list, Erasing{RecordID: id})
	}
	last := &list[len(list)-1]
	last.Cells = append(last.Cells, cells)
	for _, at := range earlier {
		last.Earlier = syncengine.Raise(last.Earlier, at)
	}
	return list
}

// erasedAt reports that an erasure of a record stands at a coordinate in this log.
func erasedAt(r store.Reader, history syncengine.History, record syncengine.ID, at syncengine.Coordinate) (bool, error) {
	seq, ok := history.Current(at)
	if !ok {
		return false, nil
	}
	e, ok, err := r.Entry(seq)
	return ok && e.Type == store.EntryErased && e.RecordID == record, err
}

// takeBarriers raises what a phone hands back with the realm's own signature and
// this log has lost.
func (s *Service) takeBarriers(ctx context.Context, c *call) error {
	if len(c.body.GetBarriers()) == 0 {
		return nil
	}
	var list []Erasing
	err := s.store.View(ctx, func(r store.Reader) error {
		history, err := readHistory(r)
		for _, m := range c.body.GetBarriers() {
			if err != nil {
				return err
			}
			id, ok := syncengine.IDFromBytes(m.GetRecordId())
			if !ok || !wire.VerifyBarrier(s.receiptPublicKey(), m) {
				continue
			}
			cells := syncengine.Cells{Field: syncengine.FieldNumber(m.GetField()), Key: string(m.GetKey())}
			at := wireCoordinate(m.GetCoordinate())
			var known bool
			if known, err = barrierKnown(r, history, id, cells, at); err == nil && !known {
				list = addErasing(list, id, cells, earlierThan(history, at))
			}
		}
		return err
	})
	if err != nil || len(list) == 0 {
		return err
	}
	if _, err := s.Erase(ctx, syncengine.ID{}, "", list); err != nil {
		return err
	}
	s.log.Warn("erasures that a restore had lost were handed back by a phone", "incarnation", c.push.device.Incarnation, "records", len(list))
	return s.Scrub(ctx)
}

// earlierThan gives those places of an erasure that are in histories which this log has lost. At a place that this log has, it has
// something else: there the number is another history's, and whoever stood on it here has not seen the erasure.
func earlierThan(history syncengine.History, places ...syncengine.Coordinate) (lost []syncengine.Coordinate) {
	for _, at := range places {
		if _, here := history.Current(at); !here {
			lost = append(lost, at)
		}
	}
	return lost
}

// barrierKnown reports that an erasure stands in this log, or that its barrier has
// been taken up before.
func barrierKnown(r store.Reader, history syncengine.History, id syncengine.ID, cells syncengine.Cells, at syncengine.Coordinate) (bool, error) {
	if stands, err := erasedAt(r, history, id, at); stands || err != nil {
		return stands, err
	}
	barriers, err := Barriers(r, id)
	for _, b := range barriers {
		for _, c := range b.At {
			// A newer erasure of the same log takes the older one's place.
			if b.Cells == cells && (c.Epoch == at.Epoch && c.Seq >= at.Seq || history.Reaches(c, at)) {
				return true, nil
			}
		}
	}
	return false, err
}

// asideListed is the key that says that the list of what was ever quarantined is whole.
var asideListed = []byte{0}

// listAside makes the list of what was ever quarantined for a log of software that
// kept none.
func (s *Service) listAside(ctx context.Context) error {
	var listed bool
	var found []store.Entry
	err := s.store.View(ctx, func(r store.Reader) (err error) {
		if _, listed, err = r.Document(bucketAside, asideListed); listed || err != nil {
			return err
		}
		return errors.Join(err, r.Entries(0, func(e store.Entry) bool {
			if e.Type == store.EntryQuarantined && len(e.Body) > 0 {
				found = append(found, store.Entry{Seq: e.Seq, RecordID: e.RecordID})
			}
			return true
		}))
	})
	if err != nil || listed {
		return err
	}
	return s.inGroup(ctx, func(k *work) error {
		for _, e := range found {
			k.putBytes(bucketAside, numberedKey(e.RecordID, uint64(e.Seq)), []byte{1})
		}
		k.putBytes(bucketAside, asideListed, []byte{1})
		return nil
	})
}
