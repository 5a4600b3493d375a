package model

import (
	"fmt"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// outcome is what a phone must be told of a change, for ever the same in one history.
type outcome struct {
	entry     store.Entry
	late      bool
	conflicts []syncengine.ConflictID
}

// text tells an outcome in words, so that two can be compared and read.
func (o *outcome) text(r *row) string {
	e := o.entry
	if e.Type != store.EntryApplied && e.Type != store.EntryMerged {
		return outcomeText(syncv1.OutcomeCode(e.Type), reason(e.Reason), uint64(e.Seq), 0, false, false, nil)
	}
	return outcomeText(syncv1.OutcomeCode(e.Type), none, uint64(e.Seq), int64(e.Stamp-r.change.DeviceTime), e.Suspect, o.late, o.conflicts)
}

func toldText(o *syncv1.Outcome) string {
	var ids []syncengine.ConflictID
	for _, b := range o.GetConflicts() {
		var id syncengine.ConflictID
		copy(id[:], b)
		ids = append(ids, id)
	}
	return outcomeText(o.GetCode(), o.GetReason(), o.GetSeq(), o.GetStampDiffMs(), o.GetSuspect(), o.GetAfterHandover(), ids)
}

func outcomeText(code syncv1.OutcomeCode, why reason, seq uint64, diff int64, suspect, late bool, conflicts []syncengine.ConflictID) string {
	return fmt.Sprintf("%s %s at %d, stamp %+d suspect %v, after handover %v, conflicts %v", code, why, seq, diff, suspect, late, conflicts)
}
