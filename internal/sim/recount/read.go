package recount

import (
	"errors"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Empty makes a world without records, as it stands at a time.
func Empty(atMS int64) *World {
	return &World{
		Doors: map[ID]Door{}, Visits: map[ID]*recordv1.Visit{}, Hazards: map[ID]Case[*recordv1.Hazard]{}, Disputes: map[ID]Case[*recordv1.Dispute]{},
		Events: map[ID]*recordv1.CaseEvent{}, Until: date(atMS),
	}
}

// Read reads all records of a store as they stand at its head.
func Read(r store.Reader) (*World, error) {
	w := Empty(int64(r.Head().Committed))
	var failed error
	err := r.Records(func(row store.Record) bool {
		var rec *syncengine.Record
		if rec, failed = wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body); failed == nil {
			failed = w.Add(rec)
		}
		return failed == nil
	})
	return w, errors.Join(err, failed)
}

// Add takes a record in; a deleted one is left out.
func (w *World) Add(rec *syncengine.Record) error {
	if rec == nil || rec.Dead() {
		return nil
	}
	id := ID(rec.ID)
	switch recordv1.Kind(rec.Kind) {
	case recordv1.Kind_KIND_PREMISES:
		m := &recordv1.Premises{}
		w.Doors[id] = Door{m, born(rec), written(rec, 4)}
		return read(rec, m)
	case recordv1.Kind_KIND_VISIT:
		w.Visits[id] = &recordv1.Visit{}
		return read(rec, w.Visits[id])
	case recordv1.Kind_KIND_HAZARD:
		m := &recordv1.Hazard{}
		w.Hazards[id] = Case[*recordv1.Hazard]{m, written(rec, 6)}
		return read(rec, m)
	case recordv1.Kind_KIND_DISPUTE:
		m := &recordv1.Dispute{}
		w.Disputes[id] = Case[*recordv1.Dispute]{m, written(rec, 8)}
		return read(rec, m)
	case recordv1.Kind_KIND_CASE_EVENT:
		w.Events[id] = &recordv1.CaseEvent{}
		return read(rec, w.Events[id])
	}
	return nil
}

func read(rec *syncengine.Record, m proto.Message) error {
	for i := range rec.Cells {
		if c := &rec.Cells[i]; c.Key.Field != syncengine.LifeField && !c.Shown().Cleared {
			if err := (proto.UnmarshalOptions{Merge: true}).Unmarshal(c.Shown().Data, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// born gives the earliest stamp at which somebody made the record.
func born(rec *syncengine.Record) int64 {
	first := int64(0)
	for _, v := range rec.Cells[0].Values {
		if at := int64(v.Write.Stamp); first == 0 || at < first {
			first = at
		}
	}
	return first
}

// written gives the stamp of a field's shown value; 0 where it has none.
func written(rec *syncengine.Record, field syncengine.FieldNumber) int64 {
	for i := range rec.Cells {
		if rec.Cells[i].Key.Field == field {
			return int64(rec.Cells[i].Shown().Write.Stamp)
		}
	}
	return 0
}

// Within gives the sums of a figure within some territories, by part and for all parts together under "all".
func (s Sums) Within(inside func(ID) bool) map[string]Sum {
	out := map[string]Sum{}
	for at, sum := range s {
		if inside(at.Territory) {
			for _, class := range []string{at.Class, "all"} {
				was := out[class]
				out[class] = Sum{was.Num + sum.Num, was.Den + sum.Den}
			}
		}
	}
	return out
}
