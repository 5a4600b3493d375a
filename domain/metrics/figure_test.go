package metrics_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"onedoor/domain"
	"onedoor/domain/metrics"
)

// calls makes a door's calls from words such as "3s" (seen on day 3 of the month), "4n" (nobody).
func calls(words string) (out []metrics.Call) {
	outcomes := map[byte]domain.Outcome{'s': domain.OutcomeSeen, 'n': domain.OutcomeNobody, 'r': domain.OutcomeRefused, 'a': 0}
	for _, w := range strings.Fields(words) {
		var day int32
		var kind byte
		if _, err := fmt.Sscanf(w, "%d%c", &day, &kind); err != nil {
			panic(err)
		}
		out = append(out, metrics.NewCall(march.From+domain.Days(day)-1, outcomes[kind]))
	}
	return out
}

// on gives a day of the month.
func on(day int) domain.Days { return march.From + domain.Days(day) - 1 }

func ofDoor(name string, d metrics.Door, p metrics.Period) string {
	f, _ := metrics.Find(name)
	return collected(f, func(add metrics.Adding) { f.OfDoor(&d, p, add) })
}

// collected writes what a unit gives, such as "RENTAL 1/2".
func collected(f *metrics.Figure, of func(metrics.Adding)) string {
	var out []string
	of(func(c metrics.Class, s metrics.Sum) {
		out = append(out, fmt.Sprintf("%s %d/%d", f.Split.Name(c), s.Num, s.Den))
	})
	return strings.Join(out, ", ")
}

func TestDoors_CountAsTheFormulasSay(t *testing.T) {
	rental := metrics.Door{Class: domain.CadenceRental, Every: 7, Registered: march.From - 100}
	with := func(change func(*metrics.Door)) metrics.Door {
		d := rental
		change(&d)
		return d
	}
	called := func(words string) metrics.Door { return with(func(d *metrics.Door) { d.Calls = calls(words) }) }
	early := march
	early.Known = on(10)
	for _, c := range []struct {
		what, figure string
		door         metrics.Door
		period       metrics.Period
		want         string
	}{
		{"seen once", "coverage", called("3n 5s"), march, "RENTAL 1/1"},
		{"never seen", "coverage", called("3n 5r 9a"), march, "RENTAL 0/1"},
		{"seen the month before", "coverage", called("-3s"), march, "RENTAL 0/1"},
		{"void before the end", "coverage", with(func(d *metrics.Door) { d.Ended = on(20); d.Calls = calls("5s") }), march, ""},
		{"void after it", "coverage", with(func(d *metrics.Door) { d.Ended = on(32); d.Calls = calls("5s") }), march, "RENTAL 1/1"},
		{"entered after the end", "coverage", with(func(d *metrics.Door) { d.Registered = on(40) }), march, ""},
		{"entered after its first call", "coverage", with(func(d *metrics.Door) { d.Registered = on(40); d.Calls = calls("5s") }), march, "RENTAL 1/1"},
		{"every attempt counts", "contact_made", called("3n 5s 9r 10a"), march, "RENTAL 1/4"},
		{"no attempt", "contact_made", rental, march, ""},
		{"seen in each week", "due_done", with(func(d *metrics.Door) { d.Registered = on(-6); d.Calls = calls("1s 8s 15s 22s 29s") }), march, "RENTAL 5/5"},
		{"seen within the grace", "due_done", with(func(d *metrics.Door) { d.Registered = on(1); d.Calls = calls("11s") }), early, "RENTAL 1/1"},
		{"seen after the grace", "due_done", with(func(d *metrics.Door) { d.Registered = on(1); d.Calls = calls("12s") }), early, "RENTAL 0/1"},
		{"what is not due yet does not count", "due_done", with(func(d *metrics.Door) { d.Registered = on(4) }), early, ""},
		{"nobody at home is not done", "due_done", with(func(d *metrics.Door) { d.Registered = on(1); d.Calls = calls("5n 8n") }), early, "RENTAL 0/1"},
		{"void doors fall due no more", "due_done", with(func(d *metrics.Door) { d.Registered = on(1); d.Ended = on(8) }), march, ""},
		{"checked and passed", "police_check", with(func(d *metrics.Door) {
			d.Officer = true
			d.Checks = []metrics.Check{{Day: on(2), Result: metrics.CheckPassed}, {Day: on(3), Result: metrics.CheckReturned}, {Day: on(4)}, {Day: on(40), Result: metrics.CheckPassed}}
		}), march, "CHECKED 1/1, PASSED 1/2"},
		{"of nobody", "police_check", rental, march, ""},
		{"visited", "hazard_density", called("3s 4s"), march, "RENTAL 0/1"},
	} {
		if got := ofDoor(c.figure, c.door, c.period); got != c.want {
			t.Errorf("%s, %s: %q, want %q", c.figure, c.what, got, c.want)
		}
	}
}

func TestHazards_CountAsTheFormulasSay(t *testing.T) {
	gas := metrics.Hazard{Class: domain.CadenceHotel, Code: 4, Found: on(5)}
	for _, c := range []struct {
		figure string
		change func(*metrics.Hazard)
		want   string
	}{
		{"hazards_found", nil, "GAS 1/0"},
		{"hazard_density", nil, "HOTEL 1/0"},
		{"hazards_found", func(h *metrics.Hazard) { h.Found = on(33) }, ""},
		{"fixed_on_spot", func(h *metrics.Hazard) { h.FixedOnSpot = true }, "GAS 1/1"},
		{"fixed_on_spot", nil, "GAS 0/1"},
		{"rectified", func(h *metrics.Hazard) { h.Closed = true }, "GAS 1/1"},
		{"rectified_on_time", nil, ""},
		{"rectified_on_time", func(h *metrics.Hazard) { h.Deadline, h.Right = on(9), on(9) }, "GAS 1/1"},
		{"rectified_on_time", func(h *metrics.Hazard) { h.Deadline, h.Right = on(9), on(10) }, "GAS 0/1"},
		{"rectified_on_time", func(h *metrics.Hazard) { h.Deadline = on(9) }, "GAS 0/1"},
		{"recurrence", func(h *metrics.Hazard) { h.Closing = on(9) }, "GAS 0/1"},
		{"recurrence", func(h *metrics.Hazard) { h.Closing, h.Again = on(9), []domain.Days{on(5), on(9 + 90)} }, "GAS 1/1"},
		{"recurrence", func(h *metrics.Hazard) { h.Closing, h.Again = on(9), []domain.Days{on(9 + 91)} }, "GAS 0/1"},
		{"recurrence", func(h *metrics.Hazard) { h.Closing, h.Recurred = on(9), on(20) }, "GAS 1/1"},
	} {
		h := gas
		if c.change != nil {
			c.change(&h)
		}
		f, _ := metrics.Find(c.figure)
		if got := collected(f, func(add metrics.Adding) { f.OfHazard(&h, march, add) }); got != c.want {
			t.Errorf("%s of %+v: %q, want %q", c.figure, h, got, c.want)
		}
	}
}

func TestDisputes_CountAsTheFormulasSay(t *testing.T) {
	base := metrics.Dispute{Category: 2, Registered: on(3), Accepted: on(3)}
	for _, c := range []struct {
		figure string
		change func(*metrics.Dispute)
		want   string
	}{
		{"found", nil, "NEIGHBOUR 1/0"},
		{"found", func(d *metrics.Dispute) { d.Category = 99 }, "UNKNOWN 1/0"},
		{"handled", func(d *metrics.Dispute) { d.Handled = true }, "NEIGHBOUR 1/1"},
		{"open_stock", nil, "21-60 1/0"},
		{"open_stock", func(d *metrics.Dispute) { d.Registered = on(24) }, "0-7 1/0"},
		{"open_stock", func(d *metrics.Dispute) { d.Registered = on(23) }, "8-20 1/0"},
		{"open_stock", func(d *metrics.Dispute) { d.Registered = on(-30) }, "61+ 1/0"},
		{"open_stock", func(d *metrics.Dispute) { d.Ended = on(31) }, ""},
		{"open_stock", func(d *metrics.Dispute) { d.Ended = on(32) }, "21-60 1/0"},
		{"closed", nil, ""},
		{"same_day", nil, ""},
		{"same_day", func(d *metrics.Dispute) { d.General, d.Ended = true, on(3) }, "NEIGHBOUR 1/1"},
		{"same_day", func(d *metrics.Dispute) { d.General, d.Ended = true, on(4) }, "NEIGHBOUR 0/1"},
		{"escalated", func(d *metrics.Dispute) { d.Escalated = true }, "NEIGHBOUR 1/1"},
		{"returned", nil, "NEIGHBOUR 0/1"},
		{"to_community", func(d *metrics.Dispute) { d.ToCommunity = true }, "NEIGHBOUR 1/1"},
		{"follow_ups", nil, ""},
		{"follow_ups", func(d *metrics.Dispute) {
			d.FollowUpFrom, d.FollowUpEvery, d.FollowUps = on(3), 14, []domain.Days{on(17)}
		}, "NEIGHBOUR 1/2"},
		{"follow_ups", func(d *metrics.Dispute) {
			d.FollowUpFrom, d.FollowUpEvery, d.FollowUps, d.Ended = on(3), 14, []domain.Days{on(17)}, on(20)
		}, "NEIGHBOUR 1/1"},
		{"relapse", func(d *metrics.Dispute) { d.Closings, d.Reopenings = []domain.Days{on(5)}, []domain.Days{on(5 + 90)} }, "NEIGHBOUR 1/1"},
		{"relapse", func(d *metrics.Dispute) { d.Closings, d.Reopenings = []domain.Days{on(5)}, []domain.Days{on(4)} }, "NEIGHBOUR 0/1"},
		{"performed", func(d *metrics.Dispute) { d.Effective, d.Performed = on(8), true }, "NEIGHBOUR 1/1"},
		{"confirmed", func(d *metrics.Dispute) { d.Effective = on(8) }, ""},
		{"confirmed", func(d *metrics.Dispute) { d.Effective, d.Written, d.Confirmed = on(8), true, true }, "NEIGHBOUR 1/1"},
		{"responded", func(d *metrics.Dispute) { d.CallBack, d.Responded = on(8), metrics.Yes }, "NEIGHBOUR 1/1"},
		{"solved", func(d *metrics.Dispute) { d.CallBack, d.Solved = on(8), metrics.No }, "NEIGHBOUR 0/1"},
		{"satisfied", func(d *metrics.Dispute) { d.CallBack = on(8) }, ""},
	} {
		d := base
		if c.change != nil {
			c.change(&d)
		}
		f, _ := metrics.Find(c.figure)
		if got := collected(f, func(add metrics.Adding) { f.OfDispute(&d, march, add) }); got != c.want {
			t.Errorf("%s of %+v: %q, want %q", c.figure, d, got, c.want)
		}
	}
}

func TestFigures_AreThoseOfTheContract(t *testing.T) {
	const contract = "coverage due_done contact_made police_check hazards_found hazard_density fixed_on_spot rectified rectified_on_time recurrence " +
		"found handled resolved open_stock closed closed_on_time same_day escalated returned to_community follow_ups relapse performed confirmed " +
		"responded solved satisfied sync_lag sync_health"
	var names []string
	for _, f := range metrics.Figures() {
		names = append(names, f.Name)
		doors, hazards, disputes := f.Counts()
		if counted := doors || hazards || disputes; counted == (f.Topic == metrics.TopicSync) {
			t.Errorf("%s counts units: %v", f.Name, counted)
		}
		if f.ZH == "" || f.EN == "" || f.Formula == "" || f.Source == "" || f.NumZH == "" || f.NumEN == "" || (f.DenZH == "") != (f.Unit == metrics.Count) || (f.DenEN == "") != (f.DenZH == "") {
			t.Errorf("%s lacks a text", f.Name)
		}
	}
	if got := strings.Join(names, " "); got != contract {
		t.Errorf("figures are %s", got)
	}
	if len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(names) {
		t.Error("a name stands twice")
	}
}

func TestValue_HasNoneOverNothing(t *testing.T) {
	if _, ok := metrics.Share.Value(metrics.Sum{}); ok {
		t.Error("a share of nothing has a value")
	}
	if v, ok := metrics.Count.Value(metrics.Sum{Num: 0}); v != 0 || !ok {
		t.Error("a count of nothing is not 0")
	}
	if v, _ := metrics.PerHundred.Value(metrics.Sum{Num: 3, Den: 200}); v != 1.5 {
		t.Errorf("3 for 200 doors: %v", v)
	}
}

func TestBounds_HoldWhateverTheUnsentChangesAre(t *testing.T) {
	for num := int64(0); num <= 6; num++ {
		for den := num; den <= 6; den++ {
			for unsent := int64(0); unsent <= 3; unsent++ {
				checkBounds(t, metrics.Sum{Num: num, Den: den}, unsent)
			}
		}
	}
}

// checkBounds tries every way in which so many units may each come or go, counted or not, or turn.
func checkBounds(t *testing.T, s metrics.Sum, unsent int64) {
	t.Helper()
	low, high, ok := metrics.Share.Bounds(s, unsent, unsent)
	for counted := range unsent + 1 {
		for beside := range unsent - counted + 1 {
			for turned := -(unsent - counted - beside); turned <= unsent-counted-beside; turned++ {
				num := s.Num + counted + turned
				den := s.Den + counted + beside
				gone, fewer := metrics.Share.Value(metrics.Sum{Num: s.Num - counted + turned, Den: s.Den - counted - beside})
				if n, d := s.Num-counted+turned, s.Den-counted-beside; fewer && n >= 0 && n <= d && (gone < low || gone > high) {
					t.Errorf("%+v with %d unsent: %d/%d lies outside of %v..%v", s, unsent, n, d, low, high)
				}
				value, some := metrics.Share.Value(metrics.Sum{Num: num, Den: den})
				if num < 0 || num > den || !some || unsent == 0 && s.Den == 0 {
					continue
				}
				if !ok || value < low || value > high {
					t.Errorf("%+v with %d unsent: %d/%d lies outside of %v..%v", s, unsent, num, den, low, high)
				}
			}
		}
	}
}

func TestPercentile_IsTheNearestRank(t *testing.T) {
	var l metrics.Lags
	for _, minutes := range []uint32{9, 1, 3, 7, metrics.LagNone, 5} {
		l.Add(minutes)
	}
	if p50, p95 := l.Percentile(50), l.Percentile(95); p50 != (metrics.Sum{Num: 5, Den: 5}) || p95 != (metrics.Sum{Num: 9, Den: 5}) {
		t.Errorf("p50 %+v, p95 %+v", p50, p95)
	}
	if got := new(metrics.Lags).Percentile(50); got != (metrics.Sum{}) {
		t.Errorf("of nothing: %+v", got)
	}
}
