package casework_test

import (
	"testing"

	"onedoor/domain"
	"onedoor/domain/casework"
)

func TestRepeats_OfTheSameCodePutRightWithin90DaysBeforeItWasFound(t *testing.T) {
	entry := func(what casework.EventKind, when string) casework.Event {
		return casework.Event{What: what, At: at(t, when)}
	}
	past := func(id byte, state casework.State, events ...casework.Event) casework.HazardAtDoor {
		return casework.HazardAtDoor{ID: domain.ID{id}, Code: 4, Found: at(t, "2026-03-01 08:00"), State: state, Events: events}
	}
	right := func(id byte, when string) casework.HazardAtDoor {
		return past(id, casework.Rectified, entry(casework.EventRectified, when))
	}
	otherCode := right(1, "2026-05-03 23:00")
	otherCode.Code = 3
	sameVisit := right(1, "2026-05-03 23:00")
	sameVisit.Visit = domain.ID{7}
	for _, c := range []struct {
		why  string
		past []casework.HazardAtDoor
		want byte
	}{
		{"90 days", []casework.HazardAtDoor{right(1, "2026-03-03 23:00")}, 1},
		{"91 days", []casework.HazardAtDoor{right(1, "2026-03-02 01:00")}, 0},
		{"another code", []casework.HazardAtDoor{otherCode}, 0},
		{"found on the same visit", []casework.HazardAtDoor{sameVisit}, 0},
		{"still open", []casework.HazardAtDoor{past(1, casework.Notified, entry(casework.EventNotified, "2026-03-01 08:00"))}, 0},
		{"put right afterwards", []casework.HazardAtDoor{right(1, "2026-06-01 08:01")}, 0},
		{"open again by then", []casework.HazardAtDoor{
			past(1, casework.Rectified, entry(casework.EventRectified, "2026-05-01 08:00"), entry(casework.EventNotified, "2026-05-02 08:00"), entry(casework.EventRectified, "2026-07-02 08:00")),
		}, 0},
		{"noted as come back afterwards", []casework.HazardAtDoor{
			past(1, casework.Recurred, entry(casework.EventRechecked, "2026-05-01 08:00"), entry(casework.EventRecurred, "2026-06-01 09:00")),
		}, 1},
		{"the last of two", []casework.HazardAtDoor{right(1, "2026-05-20 23:00"), right(2, "2026-05-03 23:00")}, 1},
		{"the last of two, the other way round", []casework.HazardAtDoor{right(2, "2026-05-03 23:00"), right(1, "2026-05-20 23:00")}, 1},
		{"of two at one time always the same", []casework.HazardAtDoor{right(2, "2026-05-20 23:00"), right(1, "2026-05-20 23:00")}, 1},
		{"put right by a helper, who leaves no entry", []casework.HazardAtDoor{past(1, casework.Rectified)}, 0},
	} {
		of := casework.HazardAtDoor{ID: domain.ID{9}, Visit: domain.ID{7}, Code: 4, Found: at(t, "2026-06-01 08:00"), State: casework.Found}
		all := append([]casework.HazardAtDoor{of}, c.past...)
		got, ok := casework.Repeats(casework.DefaultRules(), of, all)
		if got.Earlier != (domain.ID{c.want}) || ok != (c.want != 0) {
			t.Errorf("%s: %s, %v", c.why, got.Earlier, ok)
		}
		for _, p := range c.past {
			back := casework.RepeatedBy(casework.DefaultRules(), p, all)
			if wanted := ok && p.ID == got.Earlier; (len(back) == 1 && back[0] == got) != wanted {
				t.Errorf("%s: %s came back as %+v", c.why, p.ID, back)
			}
		}
	}
	helped := past(1, casework.Rectified)
	again := casework.HazardAtDoor{ID: domain.ID{9}, Code: 4, Found: at(t, "2026-03-20 08:00")}
	if got, ok := casework.Repeats(casework.DefaultRules(), again, []casework.HazardAtDoor{helped}); !ok || got.PutRight != helped.Found {
		t.Errorf("put right by a helper when it was found: %+v, %v", got, ok)
	}
}
