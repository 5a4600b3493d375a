package replay

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/internal/rentsafe"
)

// Limits of the record fields that a feed is mapped to, as the proto options
// state them. What does not fit is refused by name and never cut.
const (
	externalRefCharsMax = 64
	addressCharsMax     = 200
	// factsCharsMax bounds the property type in a note: the feed's longest has 14.
	factsCharsMax = 60
)

// Where a door comes from, as its origin says.
const (
	// originRegister is the file name under which the operator imports the register.
	originRegister = "registrations.csv"
	// originInspection marks a door that no register has.
	originInspection = "from inspection"
)

// noon is the time of day that a visit gets, since the feed has dates only.
const noon = 12 * time.Hour

// answers translates marks; an item without one is not applicable.
var answers = map[rentsafe.Score]recordv1.Answer{
	rentsafe.ScoreWorst:     recordv1.Answer_ANSWER_POOR,
	rentsafe.ScoreWorst + 1: recordv1.Answer_ANSWER_FAIR,
	rentsafe.ScoreBest:      recordv1.Answer_ANSWER_GOOD,
}

func doorKey(rsn rentsafe.RSN) RecordKey {
	return RecordKey{recordv1.Kind_KIND_PREMISES, string(rsn)}
}

// visitKey joins the two parts of an inspection's key so that no two keys read
// the same, whatever characters the publisher uses.
func visitKey(key rentsafe.Key) RecordKey {
	return RecordKey{recordv1.Kind_KIND_VISIT, escape(string(key.RSN)) + "/" + escape(string(key.Year))}
}

func hazardKey(key rentsafe.Key, item string) RecordKey {
	return RecordKey{recordv1.Kind_KIND_HAZARD, visitKey(key).Ref + "/" + escape(item)}
}

var escaper = strings.NewReplacer("%", "%25", "/", "%2F")

func escape(part string) string { return escaper.Replace(part) }

// checkBuilding says why a building cannot be a door; empty when it can.
func checkBuilding(b rentsafe.Building) string {
	switch n := utf8.RuneCountInString(b.Address); {
	case utf8.RuneCountInString(string(b.RSN)) > externalRefCharsMax:
		return fmt.Sprintf("RSN of %d characters, the limit is %d", utf8.RuneCountInString(string(b.RSN)), externalRefCharsMax)
	case n == 0:
		return "the address is empty"
	case n > addressCharsMax:
		return fmt.Sprintf("address of %d characters, the limit is %d", n, addressCharsMax)
	case strings.ContainsFunc(string(b.RSN)+b.Address, unicode.IsControl):
		return "RSN or address holds a control character"
	case len(domain.FindIdentifiers(b.Address)) > 0:
		return "the address holds a personal number"
	}
	return ""
}

// checkInspection says why an inspection cannot be a visit; empty when it can.
func checkInspection(i rentsafe.Inspection) string {
	longest := visitKey(i.Key).Ref
	for _, item := range i.Items {
		if ref := hazardKey(i.Key, item.Name).Ref; len(ref) > len(longest) {
			longest = ref
		}
	}
	if n := utf8.RuneCountInString(longest); n > externalRefCharsMax {
		return fmt.Sprintf("key %.80q of %d characters, the limit is %d", longest, n, externalRefCharsMax)
	}
	return ""
}

// doorOf makes the door of a building.
func doorOf(b rentsafe.Building) *recordv1.Premises {
	m := &recordv1.Premises{
		Address:        proto.String(b.Address),
		KindOfPremises: recordv1.KindOfPremises_KIND_OF_PREMISES_BUILDING.Enum(),
		ExternalRef:    proto.String(string(b.RSN)),
		Rooms:          roomsOf(b),
		Status:         recordv1.PremisesStatus_PREMISES_STATUS_ACTIVE.Enum(),
		Origin:         proto.String(originRegister),
	}
	if b.FromInspection {
		m.Origin = proto.String(originInspection)
	}
	return m
}

// roomsOf gives the units of a building, absent when it has none or more than a
// door may have.
func roomsOf(b rentsafe.Building) *uint32 {
	if !b.Units.Known || b.Units.Value < 0 || b.Units.Value > domain.RoomsMax {
		return nil
	}
	return proto.Uint32(uint32(b.Units.Value))
}

// visitOf makes the visit of an inspection. The date of entry stands in for a
// date that the feed lacks.
func visitOf(i rentsafe.Inspection, entered domain.UnixMilli) *recordv1.Visit {
	m := &recordv1.Visit{
		Purpose:     recordv1.VisitPurpose_VISIT_PURPOSE_ROUTINE.Enum(),
		Outcome:     recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum(),
		Note:        proto.String(noteOf(i)),
		OccurredAt:  proto.Int64(int64(occurredAt(i, entered))),
		ExternalRef: proto.String(visitKey(i.Key).Ref),
		Checklist:   map[string]recordv1.Answer{},
	}
	for _, item := range i.Items {
		m.Checklist[item.Name] = answers[item.Score]
	}
	return m
}

// occurredAt is noon of the day of the inspection.
func occurredAt(i rentsafe.Inspection, entered domain.UnixMilli) domain.UnixMilli {
	if i.CompletedOn == "" {
		return entered
	}
	return midnight(i.CompletedOn) + domain.UnixMilli(noon.Milliseconds())
}

// midnight is the first instant of a day in street time, +08:00.
func midnight(date rentsafe.Date) domain.UnixMilli {
	day, err := time.ParseInLocation(time.DateOnly, string(date), streetZone)
	assert(err == nil, "date %q", date)
	return domain.UnixMilli(day.UnixMilli())
}

// streetZone is the zone of the scene, without a name lookup.
var streetZone = time.FixedZone("CST", 8*60*60)

// noteOf writes the columns that no field of a visit has: the scores, and what
// the inspectors were told of the building.
func noteOf(i rentsafe.Inspection) string {
	note := fmt.Sprintf("总分 %s，检查 %s，扣分 %s；%s 层，%s 户，建于 %s",
		count(i.Current), count(i.Proactive), count(i.Reactive),
		count(i.Building.Storeys), count(i.Building.Units), count(i.Building.YearBuilt))
	facts := i.Building.PropertyType
	if facts == "" || utf8.RuneCountInString(facts) > factsCharsMax || len(domain.FindIdentifiers(facts)) > 0 {
		return note
	}
	return note + "；" + facts
}

func count(c rentsafe.Count) string {
	if !c.Known {
		return "—"
	}
	return fmt.Sprint(c.Value)
}

// hazardCodes are the feed's codes as record values.
var hazardCodes = map[rentsafe.HazardCode]recordv1.HazardCode{
	rentsafe.Structure:  recordv1.HazardCode_HAZARD_CODE_STRUCT,
	rentsafe.Electrical: recordv1.HazardCode_HAZARD_CODE_ELEC,
	rentsafe.Exit:       recordv1.HazardCode_HAZARD_CODE_EXIT,
	rentsafe.Security:   recordv1.HazardCode_HAZARD_CODE_SECUR,
	rentsafe.Other:      recordv1.HazardCode_HAZARD_CODE_OTHER,
}

// hazardOf makes the hazard of an item that was scored worst.
func hazardOf(i rentsafe.Inspection, item string, entered domain.UnixMilli) *recordv1.Hazard {
	return &recordv1.Hazard{
		Code:          hazardCodes[rentsafe.CodeOf(item)].Enum(),
		State:         recordv1.HazardState_HAZARD_STATE_FOUND.Enum(),
		FoundAt:       proto.Int64(int64(occurredAt(i, entered))),
		ChecklistItem: proto.String(item),
		ExternalRef:   proto.String(hazardKey(i.Key, item).Ref),
	}
}

// revision is what of a visit a changed row says otherwise; nil when nothing
// that a visit holds has changed.
func revision(before, after rentsafe.Inspection, entered domain.UnixMilli) *recordv1.Visit {
	patch := &recordv1.Visit{}
	if note := noteOf(after); note != noteOf(before) {
		patch.Note = proto.String(note)
	}
	if after.CompletedOn != "" && after.CompletedOn != before.CompletedOn {
		patch.OccurredAt = proto.Int64(int64(occurredAt(after, entered)))
	}
	was, is := marks(before), marks(after)
	patch.Checklist = map[string]recordv1.Answer{}
	for _, item := range rentsafe.Checklist() {
		if was[item.Name] != is[item.Name] {
			patch.Checklist[item.Name] = answerOf(is[item.Name])
		}
	}
	if proto.Size(patch) == 0 {
		return nil
	}
	return patch
}

// marks gives the scored items by name; 0 stands for none.
func marks(i rentsafe.Inspection) map[string]rentsafe.Score {
	out := make(map[string]rentsafe.Score, len(i.Items))
	for _, item := range i.Items {
		out[item.Name] = item.Score
	}
	return out
}

// answerOf translates a mark; the feed leaves out what does not apply.
func answerOf(score rentsafe.Score) recordv1.Answer {
	if answer, ok := answers[score]; ok {
		return answer
	}
	return recordv1.Answer_ANSWER_NOT_APPLICABLE
}

// assert stops on a programmer's error; nothing a folder holds leads to one.
func assert(ok bool, format string, args ...any) {
	if !ok {
		panic("replay: " + fmt.Sprintf(format, args...))
	}
}
