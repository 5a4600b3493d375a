package replay

import (
	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/internal/rentsafe"
)

// Plan says who writes what, when and where. It is made of feed and seed alone.
type Plan struct {
	// Wards are independent of each other.
	Wards []*WardPlan
	// Sessions are the dates of the working days, the same for all wards.
	Sessions []Date
	// Days tells what each day file brought.
	Days []DayFigures
	// Totals are the distinct things of all files together.
	Totals rentsafe.Totals
	// Refused lists what of the folder was not taken.
	Refused []Refused
}

// Date is the midnight, in street time, with which a working day begins.
type Date = domain.UnixMilli

// Refused is a part of the folder that was not taken, and why.
type Refused = rentsafe.Refused

// DayFigures are what one day file brought.
type DayFigures struct {
	// Date is the file's.
	Date rentsafe.Date
	// Rows are its data lines, New and Changed the inspections that were new and
	// that said something else than what stood.
	Rows, New, Changed int
}

// WardPlan is one ward's part: its place, team, doors and work.
type WardPlan struct {
	Ward Ward
	// Team holds the phones; a PhoneIndex is a place in it.
	Team []Seat
	// Register holds the doors that are imported before the first session.
	Register []Change
	// Sessions stand one for one beside the plan's.
	Sessions []Session
}

// PhoneIndex is a phone's place in its ward's team.
type PhoneIndex int

// register stands for the author of what the operator imported.
const register PhoneIndex = -1

// Session is one working day of a ward: everything is written offline, then some
// phones sync.
type Session struct {
	// Commits are in the order of their times.
	Commits []Commit
	// Syncs are the phones that come into reach in the evening, in their order.
	Syncs []PhoneIndex
}

// Commit is what a phone writes in one group.
type Commit struct {
	Phone PhoneIndex
	// At is the true time; the phone's own clock may be wrong.
	At domain.UnixMilli
	// Changes belong together.
	Changes []Change
	// Generated says that the feed knows nothing of it: it belongs to a meeting of
	// two phones. It is for the reader of a plan; the auditor does not look at it.
	Generated bool
}

// Change is what a commit writes to one record.
type Change struct {
	// Key names the record.
	Key RecordKey
	// Create makes it. Two phones may both make a record: a joint visit.
	Create bool
	// Message holds the written fields, but for those below that can only be
	// filled in when ids are known.
	Message proto.Message
	// Refs are the fields that name other records.
	Refs []Ref
	// Territory is where a new door lies; empty for anything else.
	Territory domain.Code
	// Contribution is the author's own text on a visit; empty for none.
	Contribution string
}

// Ref is a field that names another record.
type Ref struct {
	// Field is premises_ids, premises_id or visit_id.
	Field string
	// Target is the record named.
	Target RecordKey
}

// RecordKey names a record by what its source calls it.
type RecordKey struct {
	Kind recordv1.Kind
	// Ref is the record's external_ref.
	Ref string
}

// String prints kind and reference, as findings name a record.
func (k RecordKey) String() string { return kindName(k.Kind) + " " + k.Ref }

// kindName is the kind's name in findings.
func kindName(kind recordv1.Kind) string {
	switch kind {
	case recordv1.Kind_KIND_PREMISES:
		return "door"
	case recordv1.Kind_KIND_VISIT:
		return "visit"
	case recordv1.Kind_KIND_HAZARD:
		return "hazard"
	}
	return kind.String()
}
