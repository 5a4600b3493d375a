package metrics_test

import (
	"fmt"
	"testing"

	"onedoor/domain"
	"onedoor/domain/metrics"
)

// march is March 2026 as it stands on its last day.
var march = func() metrics.Period {
	m, err := metrics.ParseMonth("2026-03")
	if err != nil {
		panic(err)
	}
	return metrics.Period{From: m.First(), To: m.Last(), Known: m.Last()}
}()

// total sums a figure over disputes.
func total(t *testing.T, name string, p metrics.Period, disputes []metrics.Dispute) (sum metrics.Sum, unit metrics.Unit) {
	t.Helper()
	f, ok := metrics.Find(name)
	if !ok {
		t.Fatalf("no figure %s", name)
	}
	for i := range disputes {
		f.OfDispute(&disputes[i], p, func(_ metrics.Class, s metrics.Sum) { sum.Add(s) })
	}
	return sum, f.Unit
}

// TestResolved_GivesThePublishedSuccessRate counts as 黄石's bulletin of August 2016 does: of 869 disputes found, 842 were
// settled, 96.9 %.
func TestResolved_GivesThePublishedSuccessRate(t *testing.T) {
	disputes := make([]metrics.Dispute, 869)
	for i := range disputes {
		disputes[i] = metrics.Dispute{Registered: march.From + domain.Days(i%31), Resolved: i < 842}
	}
	sum, unit := total(t, "resolved", march, disputes)
	value, ok := unit.Value(sum)
	if sum != (metrics.Sum{Num: 842, Den: 869}) || !ok || fmt.Sprintf("%.1f", 100*value) != "96.9" {
		t.Errorf("%+v gives %v", sum, value)
	}
}

// TestClosed_GivesThePublishedRates counts as 天门's bulletin of December 2016 does: of 972 cases due, 911 were closed,
// 93.72 %, and 737 of them on time, 75.82 %.
func TestClosed_GivesThePublishedRates(t *testing.T) {
	disputes := make([]metrics.Dispute, 972)
	for i := range disputes {
		disputes[i] = metrics.Dispute{Due: march.From + domain.Days(i%31)}
		if i < 911 {
			disputes[i].Ended, disputes[i].OnTime = march.To, i < 737
		}
	}
	for name, want := range map[string]string{"closed": "911/972 93.72", "closed_on_time": "737/972 75.82"} {
		sum, unit := total(t, name, march, disputes)
		value, _ := unit.Value(sum)
		if got := fmt.Sprintf("%d/%d %.2f", sum.Num, sum.Den, 100*value); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
