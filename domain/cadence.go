package domain

import (
	"fmt"
	"slices"
)

// CadenceClass groups doors that are visited equally often; the numbers are those of the proto enum. The zero value
// means that the class is derived with [CadenceClassOf].
type CadenceClass int32

// The cadence classes.
const (
	CadenceRental    CadenceClass = 1
	CadenceGroupLet  CadenceClass = 2
	CadenceMixed     CadenceClass = 3
	CadenceHousehold CadenceClass = 4
	CadenceHotel     CadenceClass = 5
)

// Cadence is how often doors are to be seen, in days: rows of the policy, see domain/policy.
type Cadence struct {
	// GreenDays, YellowDays, OrangeDays and RedDays hold for rentals; an ungraded rental counts as green.
	GreenDays, YellowDays, OrangeDays, RedDays Days
	// MonthlyDays bounds the group-let and the mixed from above.
	MonthlyDays Days
	// HouseholdDays hold for ordinary households, and for shops, stalls and others, which have no turn of their own.
	HouseholdDays Days
	// HotelDays hold for hotels, inns and homestays.
	HotelDays Days
}

// CadenceClassOf derives the class of a door from its kind, letting and use. The most demanding fact decides, and a door
// of unknown kind counts as a rental, since an unknown door is no safe door.
func CadenceClassOf(kind KindOfPremises, letting RentalKind, use PremisesUse) CadenceClass {
	switch {
	case use == UseMixed:
		return CadenceMixed
	case letting == GroupLet:
		return CadenceGroupLet
	case kind == Hotel || letting == Homestay || letting == HotelLetting:
		return CadenceHotel
	case letting == WholeLet || letting == SharedLet:
		return CadenceRental
	case kind == Household || kind == Shop || kind == MarketStall || kind == OtherDoor:
		return CadenceHousehold
	}
	return CadenceRental
}

// Every gives the days after which a door of the class and grade is due again. A yellow, orange or red door of any class
// is never seen less often than a rental of that grade.
func (c Cadence) Every(class CadenceClass, grade Grade) Days {
	graded := c.rental(grade)
	var own Days
	switch class {
	case CadenceHotel:
		own = c.HotelDays
	case CadenceHousehold:
		own = c.HouseholdDays
	case CadenceMixed:
		own = c.MonthlyDays
	case CadenceGroupLet:
		return min(graded, c.MonthlyDays)
	default:
		return graded
	}
	if grade >= GradeYellow {
		return min(own, graded)
	}
	return own
}

// Range gives the shortest and the longest time between two visits that any door has.
func (c Cadence) Range() (least, most Days) {
	all := []Days{c.GreenDays, c.YellowDays, c.OrangeDays, c.RedDays, c.MonthlyDays, c.HouseholdDays, c.HotelDays}
	return slices.Min(all), slices.Max(all)
}

func (c Cadence) rental(grade Grade) Days {
	switch grade {
	case GradeYellow:
		return c.YellowDays
	case GradeOrange:
		return c.OrangeDays
	case GradeRed:
		return c.RedDays
	}
	return c.GreenDays
}

// NeverSeen stands for the time of the last seen visit of a door that has none.
const NeverSeen UnixMilli = 0

// Turn says whether a door is due, and why.
type Turn struct {
	// Due is true when the door is to be visited.
	Due bool
	// DaysSince counts calendar days (Asia/Shanghai) since the door was last seen; 0 when it never was.
	DaysSince Days
	// Every is the door's cadence.
	Every Days
	// ZH and EN say why in a few words, for the line of the list.
	ZH, EN string
}

// Due tells whether a door is due at now: when it was never seen, when the days since its last seen visit have reached
// its cadence, or while a hazard of severity 重大 is open, until it is re-checked.
func (c Cadence) Due(class CadenceClass, grade Grade, majorHazardOpen bool, lastSeen, now UnixMilli) Turn {
	turn := Turn{Every: c.Every(class, grade)}
	if lastSeen == NeverSeen {
		turn.Due, turn.ZH, turn.EN = true, "从未走访", "never seen"
		return turn
	}
	turn.DaysSince = max(now.DaysSince(lastSeen), 0)
	zh, en := gradeWords(grade)
	turn.ZH = fmt.Sprintf("%s，距上次走访%d天，每%d天一次", zh, turn.DaysSince, turn.Every)
	turn.EN = fmt.Sprintf("%s, %d days since seen, every %d days", en, turn.DaysSince, turn.Every)
	turn.Due = turn.DaysSince >= turn.Every
	if majorHazardOpen {
		turn.Due = true
		turn.ZH, turn.EN = "重大隐患未复查；"+turn.ZH, "open major hazard; "+turn.EN
	}
	return turn
}

func gradeWords(grade Grade) (zh, en string) {
	switch grade {
	case GradeGreen:
		return "绿色", "green"
	case GradeYellow:
		return "黄色", "yellow"
	case GradeOrange:
		return "橙色", "orange"
	case GradeRed:
		return "红色", "red"
	}
	return "未评级", "ungraded"
}
