package report_test

import (
	"strings"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/server/identity"
	"onedoor/server/report"
	"onedoor/syncengine"
)

// measures gives the measures of one territory's rows, by name.
func measures(rows []report.Row, territory string) map[string]int64 {
	out := map[string]int64{}
	for _, r := range rows {
		if r.Territory == territory && !strings.HasSuffix(r.Name, "（本级）") {
			out[r.Class] = r.Sum.Num
		}
	}
	return out
}

func TestSyncHealth_TellsOfUnsentWorkByTerritoryAndOfNobody(t *testing.T) {
	w := newWorld(t)
	w.now = time.Date(2026, 3, 9, 2, 0, 0, 0, time.UTC)
	const hour, aDay = int64(3_600_000), int64(86_400_000)
	ago := func(ms int64) identity.Contact {
		return identity.Contact{LastContact: w.unix() - syncengine.UnixMilli(ms), AppVersion: "1.2"}
	}
	late := ago(9 * aDay)
	late.Pending, late.OldestPending = 3, w.unix()-syncengine.UnixMilli(50*hour)
	w.phone(w.worker, ago(hour/2))
	w.phone(w.worker, ago(5*hour))
	w.phone(w.person(recordv1.Role_ROLE_GRID_WORKER, gridA2), late)
	w.phone(w.person(recordv1.Role_ROLE_HELPER, gridC1), identity.Contact{})
	q := report.Query{Figure: "sync_health", Territory: county, By: domain.Community, From: day("2026-03-09"), To: day("2026-03-09")}
	out := w.pull(w.operator, q)
	here := measures(out.Rows, comA)
	for name, want := range map[string]int64{
		"contact_1h": 1, "contact_24h": 1, "contact_7d": 0, "contact_older": 1, "contact_never": 0, "unsent": 3, "unsent_oldest_hours": 50, "app:1.2": 3,
	} {
		if here[name] != want {
			t.Errorf("%s is %d, want %d: %v", name, here[name], want, here)
		}
	}
	if far := measures(out.Rows, comC); far["contact_never"] != 1 || far["unsent"] != 0 {
		t.Errorf("the other street: %v", far)
	}
	if all := measures(out.Totals, county); all["contact_1h"] != 1 || all["contact_never"] != 1 || all["unsent"] != 3 {
		t.Errorf("in all: %v", all)
	}
	for _, row := range out.Rows {
		if strings.Contains(row.Name, "GRID_WORKER") || row.Suppressed {
			t.Errorf("%+v", row)
		}
	}
}

func TestSyncLag_IsThePercentilesOfTheMinutesToTheServer(t *testing.T) {
	w := newWorld(t)
	door := w.door(gridA1, nil)
	for i, hours := range []int{1, 2, 3, 4, 40} {
		w.now = time.Date(2026, 3, 3, 2+hours, 0, 0, 0, time.UTC)
		if i == 4 {
			w.now = time.Date(2026, 3, 4, 18, 0, 0, 0, time.UTC)
		}
		w.visit(3, seen, w.worker.UserID, door) // Made at two o'clock UTC.
	}
	out := w.pull(w.district, report.Query{Figure: "sync_lag", Territory: county, By: domain.Street, From: day("2026-03-03"), To: day("2026-03-03")})
	if got := line(out.Totals[0]) + ", " + line(out.Totals[1]); got != "530702 p50 180/5, 530702 p95 2400/5" {
		t.Errorf("%s", got)
	}
	grids := w.pull(w.staff, report.Query{Figure: "sync_lag", Territory: comA, By: domain.Grid, From: day("2026-03-03"), To: day("2026-03-03")})
	for _, row := range grids.Rows {
		if row.Sum == nil {
			t.Errorf("five visits are hidden: %+v", row)
		}
	}
	w.now = time.Date(2026, 3, 5, 3, 0, 0, 0, time.UTC)
	w.visit(5, seen, w.worker.UserID, door)
	grids = w.pull(w.staff, report.Query{Figure: "sync_lag", Territory: comA, By: domain.Grid, From: day("2026-03-05"), To: day("2026-03-05")})
	hidden := 0
	for _, row := range grids.Rows {
		if row.Suppressed && row.Sum == nil && row.Value == nil {
			hidden++
		}
	}
	if hidden != 2 {
		t.Errorf("the lag of one visit in a grid is shown: %q", lines(grids.Rows))
	}
}

// TestSyncHealth_ByGridTellsTroubleAndNotHowMuchAPhoneSent pulls a grid that one worker serves.
func TestSyncHealth_ByGridTellsTroubleAndNotHowMuchAPhoneSent(t *testing.T) {
	w := newWorld(t)
	phone := w.phone(w.worker, identity.Contact{LastContact: w.unix()})
	w.must(w.reports.Warm(w.ctx))
	w.reports.Sent(phone, day("2026-03-02"), 40, 2, 9_000)
	q := report.Query{Figure: "sync_health", Territory: comA, By: domain.Grid, From: day("2026-03-02"), To: day("2026-03-02")}
	for _, row := range w.pull(w.operator, q).Rows {
		if row.Class == "bytes" || row.Class == "suspect_clocks" && (row.Sum.Den != 0 || row.Territory == gridA1 && row.Sum.Num != 2) {
			t.Errorf("%s tells what a worker did", line(row))
		}
	}
	q.By = domain.Community
	if here := measures(w.pull(w.operator, q).Rows, comA); here["bytes"] != 9_000 || here["suspect_clocks"] != 2 {
		t.Errorf("the community: %v", here)
	}
}
