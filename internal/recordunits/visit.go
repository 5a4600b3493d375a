package recordunits

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/metrics"
)

// Visit is what figures look at of a visit.
type Visit struct {
	// Occurred is when it was made, Day the day of that.
	Occurred domain.UnixMilli
	Day      domain.Days
	// Calls are the calls at doors, by the doors' ids. A visit without doors has none, and so has a check at which nobody
	// called.
	Calls []DoorCall
	// Check says that it checks another visit: Checks names that one, Result is what was found, and CheckedDoors are the
	// doors that the check itself names.
	Check        bool
	Checks       domain.ID
	Result       metrics.CheckResult
	CheckedDoors []domain.ID
	// Crew are the users who made it, ascending: who registered it and who wrote their own part of it.
	Crew []domain.ID
}

// DoorCall is one door's part of a visit.
type DoorCall struct {
	Door    domain.ID
	Outcome domain.Outcome
}

// ReadVisit reads a visit.
func ReadVisit(v *recordv1.Visit) Visit {
	out := Visit{Occurred: domain.UnixMilli(v.GetOccurredAt()), Crew: crewOf(v)}
	out.Day = metrics.DayOf(out.Occurred)
	doors := doorsOf(v)
	if v.GetPurpose() == recordv1.VisitPurpose_VISIT_PURPOSE_CHECK {
		out.Check, out.Checks, out.CheckedDoors = true, idOf(v.GetChecksVisitId()), doors
		switch v.GetCheckResult() {
		case recordv1.CheckResult_CHECK_RESULT_PASS:
			out.Result = metrics.CheckPassed
		case recordv1.CheckResult_CHECK_RESULT_RETURN:
			out.Result = metrics.CheckReturned
		}
		if v.GetOutcome() == recordv1.VisitOutcome_VISIT_OUTCOME_UNSPECIFIED {
			return out // A colleague's visit was checked, and nobody called at the door.
		}
	}
	exceptions := make(map[string]domain.Outcome, len(v.GetExceptions()))
	for door, outcome := range v.GetExceptions() {
		exceptions[door] = domain.Outcome(outcome)
	}
	for _, door := range doors {
		outcome := domain.Outcome(v.GetOutcome())
		if len(exceptions) > 0 {
			outcome = domain.OutcomeAt(uuid(door), outcome, exceptions)
		}
		out.Calls = append(out.Calls, DoorCall{door, outcome})
	}
	return out
}

// doorsOf gives the doors of a visit, ascending, each once.
func doorsOf(v *recordv1.Visit) []domain.ID {
	out := make([]domain.ID, 0, len(v.GetPremisesIds()))
	for _, b := range v.GetPremisesIds() {
		if id := idOf(b); id != (domain.ID{}) {
			out = append(out, id)
		}
	}
	return sorted(out)
}

func crewOf(v *recordv1.Visit) []domain.ID {
	var out []domain.ID
	if id := idOf(v.GetRegisteredBy()); id != (domain.ID{}) {
		out = append(out, id)
	}
	for author := range v.GetContributions() {
		b, err := hex.DecodeString(strings.ReplaceAll(author, "-", ""))
		if id := idOf(b); err == nil && id != (domain.ID{}) {
			out = append(out, id)
		}
	}
	return sorted(out)
}

func sorted(ids []domain.ID) []domain.ID {
	if len(ids) > 1 {
		slices.SortFunc(ids, func(a, b domain.ID) int { return bytes.Compare(a[:], b[:]) })
		ids = slices.Compact(ids)
	}
	return ids
}

// uuid writes an id as the keys of a visit's exceptions have it.
func uuid(id domain.ID) string {
	text := hex.EncodeToString(id[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// Number tells visits apart where millions of calls name theirs: the random half of a version 7 UUID.
func Number(visit domain.ID) uint64 { return binary.BigEndian.Uint64(visit[8:]) }
