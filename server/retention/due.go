package retention

import (
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// The states in which a case is over, and those in which a door is none any more.
var (
	disputeOver = map[int64]bool{
		int64(recordv1.DisputeState_DISPUTE_STATE_CLOSED): true, int64(recordv1.DisputeState_DISPUTE_STATE_ARCHIVED): true,
		int64(recordv1.DisputeState_DISPUTE_STATE_DECLINED): true,
	}
	hazardOver = map[int64]bool{
		int64(recordv1.HazardState_HAZARD_STATE_CLOSED): true, int64(recordv1.HazardState_HAZARD_STATE_RECHECKED): true,
	}
	doorOver = map[int64]bool{
		int64(recordv1.PremisesStatus_PREMISES_STATUS_VOID): true, int64(recordv1.PremisesStatus_PREMISES_STATUS_MERGED_INTO): true,
	}
)

// ended names the field by which a record of a kind is over.
var ended = map[recordv1.Kind]struct {
	field string
	over  map[int64]bool
}{
	recordv1.Kind_KIND_PREMISES: {"status", doorOver},
	recordv1.Kind_KIND_DISPUTE:  {"state", disputeOver},
	recordv1.Kind_KIND_HAZARD:   {"state", hazardOver},
}

// Clock says when the time of a field began and ends.
type Clock struct {
	// Since is when it began to run, Until when the field is to be destroyed; both 0 while it does not run yet.
	Since, Until syncengine.UnixMilli
}

// Rules decide when what is due.
type Rules struct {
	Schema   *schema.Schema
	Settings Settings
	// Case gives the record that an event, a task or a file belongs to; nil when there is none.
	Case func(syncengine.ID) (*syncengine.Record, error)
}

// Clock gives the clock of one field of a record; ok is false for a field that is kept as long as its record.
func (r *Rules) Clock(rec *syncengine.Record, f *schema.Field) (c Clock, ok bool, err error) {
	written := newest(rec, f.Engine.Number)
	switch f.Rules.GetRetention() {
	case recordv1.RetentionClass_RETENTION_CLASS_VISIT_NOTE:
		return clock(written, r.Settings.VisitNote), true, nil
	case recordv1.RetentionClass_RETENTION_CLASS_CONTACT:
		return clock(r.overSince(rec), r.Settings.Contact), true, nil
	case recordv1.RetentionClass_RETENTION_CLASS_CASE_CONTACT:
		days := r.Settings.CaseFile
		if r.simple(rec) {
			days = r.Settings.CaseContact
		}
		return clock(r.overSince(rec), days), true, nil
	case recordv1.RetentionClass_RETENTION_CLASS_CASE_FILE:
		since, err := r.caseOver(rec, written)
		return clock(since, r.Settings.CaseFile), true, err
	}
	return c, false, nil
}

// clock runs for some days from a time on; from 0 it does not run.
func clock(since syncengine.UnixMilli, days uint32) Clock {
	if since == 0 {
		return Clock{}
	}
	return Clock{Since: since, Until: since + syncengine.UnixMilli(days)*dayMs}
}

// caseOver gives since when the case that a text belongs to is over. A text that belongs to none that is here counts from
// when it was written.
func (r *Rules) caseOver(rec *syncengine.Record, written syncengine.UnixMilli) (syncengine.UnixMilli, error) {
	if _, own := ended[recordv1.Kind(rec.Kind)]; own {
		return r.overSince(rec), nil
	}
	kind, known := r.Schema.Kind(rec.Kind)
	if !known {
		return 0, nil
	}
	for _, name := range []string{"case_id", "owner_id"} {
		f, has := kind.FieldByName(name)
		if !has {
			continue
		}
		cell, has := rec.Find(syncengine.CellKey{Field: f.Engine.Number})
		if !has || cell.Shown().Cleared || f.Engine.IDs == nil {
			continue
		}
		for _, id := range f.Engine.IDs(cell.Shown().Data) {
			parent, err := r.Case(id)
			if err != nil {
				return 0, err
			}
			if parent != nil {
				return r.overSince(parent), nil
			}
		}
	}
	return written, nil
}

// overSince gives since when a record is over: deleted, or in a state in which it ends; 0 while it is not.
func (r *Rules) overSince(rec *syncengine.Record) syncengine.UnixMilli {
	if rec.Dead() {
		return newest(rec, syncengine.LifeField)
	}
	e, ends := ended[recordv1.Kind(rec.Kind)]
	kind, known := r.Schema.Kind(rec.Kind)
	if !ends || !known {
		return 0
	}
	f, has := kind.FieldByName(e.field)
	if !has {
		return 0
	}
	cell, has := rec.Find(syncengine.CellKey{Field: f.Engine.Number})
	if !has || cell.Shown().Cleared || !e.over[schema.VarintOf(cell.Shown().Data)] {
		return 0
	}
	return cell.Shown().Write.Stamp
}

// simple reports a case that was dealt with at the desk.
func (r *Rules) simple(rec *syncengine.Record) bool {
	kind, known := r.Schema.Kind(rec.Kind)
	if !known {
		return false
	}
	f, has := kind.FieldByName("clinic")
	if !has {
		return false
	}
	cell, has := rec.Find(syncengine.CellKey{Field: f.Engine.Number})
	return !has || cell.Shown().Cleared || schema.VarintOf(cell.Shown().Data) == int64(recordv1.Clinic_CLINIC_GENERAL)
}

// newest gives the newest stamp in a field's cells, those that lost and are kept too; 0 where there is none.
func newest(rec *syncengine.Record, field syncengine.FieldNumber) (at syncengine.UnixMilli) {
	cells := rec.Field(field)
	for i := range cells {
		for _, v := range cells[i].Values {
			at = max(at, v.Write.Stamp)
		}
		for _, k := range cells[i].Kept {
			at = max(at, k.Value.Write.Stamp)
		}
	}
	return at
}

// Item is what is due of one record.
type Item struct {
	Record  syncengine.ID
	Kind    syncengine.KindNumber
	Fields  []*schema.Field
	Expired syncengine.UnixMilli
}

// Due gives what is due of a record at a time; ok is false when nothing is.
func (r *Rules) Due(rec *syncengine.Record, now syncengine.UnixMilli) (item Item, ok bool, err error) {
	kind, known := r.Schema.Kind(rec.Kind)
	if !known {
		return item, false, nil
	}
	item = Item{Record: rec.ID, Kind: rec.Kind}
	for _, f := range kind.Fields {
		if len(rec.Field(f.Engine.Number)) == 0 {
			continue
		}
		c, expires, err := r.Clock(rec, f)
		if err != nil {
			return item, false, err
		}
		if expires && c.Until != 0 && c.Until <= now {
			item.Fields, item.Expired = append(item.Fields, f), max(item.Expired, c.Until)
		}
	}
	return item, len(item.Fields) > 0, nil
}
