package client

import (
	"cmp"
	"iter"
	"slices"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/domain"
	"onedoor/internal/casebook"
	"onedoor/internal/recordunits"
	"onedoor/syncengine"
)

const (
	kindPremises = syncengine.KindNumber(recordv1.Kind_KIND_PREMISES)
	kindVisit    = syncengine.KindNumber(recordv1.Kind_KIND_VISIT)
	kindHazard   = syncengine.KindNumber(recordv1.Kind_KIND_HAZARD)
	kindDispute  = syncengine.KindNumber(recordv1.Kind_KIND_DISPUTE)
	kindTask     = syncengine.KindNumber(recordv1.Kind_KIND_TASK)
)

// finished holds the states in which nothing is due any more.
var finished = map[syncengine.KindNumber]map[int32]bool{
	kindHazard: {
		int32(recordv1.HazardState_HAZARD_STATE_RECHECKED): true, int32(recordv1.HazardState_HAZARD_STATE_CLOSED): true,
	},
	kindTask: {int32(recordv1.TaskState_TASK_STATE_DONE): true, int32(recordv1.TaskState_TASK_STATE_RETURNED): true},
	kindDispute: {
		int32(recordv1.DisputeState_DISPUTE_STATE_DECLINED): true, int32(recordv1.DisputeState_DISPUTE_STATE_CLOSED): true,
		int32(recordv1.DisputeState_DISPUTE_STATE_ARCHIVED): true,
	},
}

// doorHistory is what decides when a door is due.
type doorHistory struct {
	seen  map[syncengine.ID]domain.UnixMilli
	major map[syncengine.ID]bool
}

// dueDoors lists the doors of a query that are due by their cadence, those seen
// longest ago first.
func (r *Replica) dueDoors(tx *localdb.Tx, q localdb.Query) (iter.Seq2[localdb.Record, error], error) {
	history, err := r.doorHistory(tx)
	if err != nil {
		return nil, err
	}
	rules, err := r.rulesIn(tx)
	if err != nil {
		return nil, err
	}
	var due []localdb.Record
	last := map[syncengine.ID]domain.UnixMilli{}
	now := domain.UnixMilli(r.now())
	cadence := rules.Policy.Cadence(now.ShanghaiDay())
	for row, err := range tx.List(q) {
		if err != nil {
			return nil, err
		}
		door := &recordv1.Premises{}
		if err := r.readMessage(&row, door); err != nil {
			return nil, err
		}
		last[row.ID] = max(history.seen[row.ID], domain.UnixMilli(door.GetLastSeenAt()))
		if recordunits.Visited(door) && cadence.Due(recordunits.Class(door), domain.Grade(door.GetGrade()), history.major[row.ID], last[row.ID], now).Due {
			due = append(due, row)
		}
	}
	slices.SortStableFunc(due, func(a, b localdb.Record) int { return cmp.Compare(last[a.ID], last[b.ID]) })
	return func(yield func(localdb.Record, error) bool) {
		for _, row := range due {
			if !yield(row, nil) {
				return
			}
		}
	}, nil
}

// doorHistory reads when each door was last seen, and where a major hazard is open. refreshTurns comes first.
func (r *Replica) doorHistory(tx *localdb.Tx) (*doorHistory, error) {
	h := &doorHistory{seen: map[syncengine.ID]domain.UnixMilli{}, major: map[syncengine.ID]bool{}}
	for turn, err := range tx.DoorTurns() {
		if err != nil {
			return nil, err
		}
		h.seen[turn.ID] = domain.UnixMilli(turn.Seen)
	}
	return h, r.eachUnfinished(tx, kindHazard, func(row *localdb.Record) error {
		z := &recordv1.Hazard{}
		if err := r.readMessage(row, z); err != nil {
			return err
		}
		h.hazard(z)
		return nil
	})
}

// hazard notes a hazard that is open, at its ruled severity or else the one found.
func (h *doorHistory) hazard(z *recordv1.Hazard) {
	if door, ok := syncengine.IDFromBytes(z.GetPremisesId()); ok && casebook.Severity(z) == domain.SeverityMajor {
		h.major[door] = true
	}
}
