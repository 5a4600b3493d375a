package domain

// Kind is the number of a record kind on the wire (onedoor.record.v1.Kind).
type Kind int32

// The kinds that people write. A number is never reused.
const (
	KindPremises   Kind = 1
	KindVisit      Kind = 2
	KindHazard     Kind = 3
	KindDispute    Kind = 4
	KindCaseEvent  Kind = 5
	KindTask       Kind = 6
	KindAttachment Kind = 7
)

// KindOfPremises says what kind of door it is; the zero value is not told.
type KindOfPremises int32

// The kinds of doors.
const (
	RentalUnit  KindOfPremises = 1
	Building    KindOfPremises = 2
	Hotel       KindOfPremises = 3
	Shop        KindOfPremises = 4
	MarketStall KindOfPremises = 5
	Household   KindOfPremises = 6
	OtherDoor   KindOfPremises = 7
)

// StatusMergedInto is the premises status that needs merged_into.
const StatusMergedInto = 3

// Grade is the risk of a door; the zero value is ungraded.
type Grade int32

// The grades, from low to high.
const (
	GradeGreen  Grade = 1
	GradeYellow Grade = 2
	GradeOrange Grade = 3
	GradeRed    Grade = 4
)

// PremisesUse says what goes on behind a door; the zero value is not told.
type PremisesUse int32

// UseMixed is living under one roof with trade, storage or production (三合一).
const UseMixed PremisesUse = 5

// RentalKind says how premises are let; the zero value is not let, or not told.
type RentalKind int32

// The ways of letting.
const (
	WholeLet     RentalKind = 1
	SharedLet    RentalKind = 2
	GroupLet     RentalKind = 3
	Homestay     RentalKind = 4
	HotelLetting RentalKind = 5
)

// Outcome is what came of a visit; the zero value is an attempt.
type Outcome int32

// The outcomes of a visit. All are valid results.
const (
	OutcomeSeen        Outcome = 1
	OutcomeNobody      Outcome = 2
	OutcomeRefused     Outcome = 3
	OutcomeRescheduled Outcome = 4
)

// Numbers of enum values that the preconditions look at.
const (
	// checkReturn is CHECK_RESULT_RETURN.
	checkReturn = 2
	// disputeDeclined is DISPUTE_STATE_DECLINED.
	disputeDeclined = 11
	// taskReturned is TASK_STATE_RETURNED.
	taskReturned = 4
	// eventExtended and eventPaused are CASE_EVENT_KIND_EXTENDED and CASE_EVENT_KIND_PAUSED.
	eventExtended = 7
	eventPaused   = 18
)
