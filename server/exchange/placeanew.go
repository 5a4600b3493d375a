package exchange

import (
	"context"
	"slices"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// Records are placed by fields that name what they are about and whom they are for. Software that gives one more field that
// power places the records anew that hold it, once: the first server of that software does so before it answers anybody. The
// document in bucket "placed" says by which rules a store's records are placed, so that an older backup is placed anew too.
//
// Rules 1: a hazard stands before the department that it was handed over to.

// placedRules is the number of the rules of this software; a store without the document is placed by none of them.
const placedRules = 1

// placeAnewMax bounds the records of one transaction.
const placeAnewMax = 500

// newlyPlaced reports that a record holds a field that places records by these rules and did not before.
func newlyPlaced(rec *syncengine.Record) bool {
	if rec.Kind != syncengine.KindNumber(recordv1.Kind_KIND_HAZARD) {
		return false
	}
	const handedOverTo syncengine.FieldNumber = 13
	return slices.ContainsFunc(rec.Cells, func(c syncengine.Cell) bool { return c.Key.Field == handedOverTo && !c.Shown().Cleared })
}

// placedBy gives the number of the rules by which a store's records are placed.
func placedBy(r store.Reader) (byte, error) {
	value, ok, err := r.Document(bucketPlaced, historyKey)
	if err != nil || !ok || len(value) != 1 {
		return 0, err
	}
	return value[0], nil
}

// placeAnew places what older software placed otherwise.
func (s *Service) placeAnew(ctx context.Context) error {
	var done bool
	var todo []syncengine.ID
	err := s.View(ctx, func(r store.Reader) (err error) {
		rules, err := placedBy(r)
		if done = rules >= placedRules; err == nil && !done {
			todo, err = s.toPlace(r)
		}
		return err
	})
	if err != nil || done {
		return err
	}
	for batch := range slices.Chunk(todo, placeAnewMax) {
		if err := s.inGroup(ctx, func(k *work) error { return k.placeAll(batch) }); err != nil {
			return err
		}
	}
	return s.inGroup(ctx, func(k *work) error {
		k.putBytes(bucketPlaced, historyKey, []byte{placedRules})
		return nil
	})
}

// toPlace lists the records that these rules may place otherwise.
func (s *Service) toPlace(r store.Reader) (out []syncengine.ID, err error) {
	var failed error
	err = r.Records(func(row store.Record) bool {
		if row.Kind != syncengine.KindNumber(recordv1.Kind_KIND_HAZARD) {
			return true
		}
		var rec *syncengine.Record
		if rec, failed = s.Record(r, row.ID); failed != nil {
			return false
		}
		if rec != nil && newlyPlaced(rec) {
			out = append(out, row.ID)
		}
		return true
	})
	if err == nil {
		err = failed
	}
	return out, err
}

// placeAll places records, and what follows them.
func (k *work) placeAll(ids []syncengine.ID) error {
	for _, id := range ids {
		if _, err := k.moveDependent(id); err != nil {
			return err
		}
		if err := k.followOne(id); err != nil {
			return err
		}
	}
	return nil
}
