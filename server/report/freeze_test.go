package report_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/report"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// freeze freezes a month at the district's word.
func (w *world) freeze(f report.Freezing) (report.Month, bool) {
	w.t.Helper()
	month, done, err := w.reports.Freeze(w.ctx, w.district, f)
	w.must(err)
	return month, done
}

// months lists how the months stand, such as "2026-03 1".
func (w *world) months() (out []report.Month) {
	w.t.Helper()
	out, err := w.reports.Months(w.ctx)
	w.must(err)
	return out
}

var marchMonth = metrics.Month{Year: 2026, Month: 3}

// ledgerOf gives what the access ledger tells of an action.
func (w *world) ledgerOf(action accessledger.Action) (out []accessledger.Entry) {
	w.t.Helper()
	w.must(w.realm.View(w.ctx, func(r store.Reader) error {
		return accessledger.Walk(r, accessledger.Filter{}, func(e accessledger.Entry) bool {
			if e.Action == action {
				out = append(out, e)
			}
			return true
		})
	}))
	return out
}

func TestFreeze_WaitsForTheMonthsEndAndForPhonesUnlessToldOtherwise(t *testing.T) {
	w := newWorld(t)
	w.dispute(3, comA, nil)
	w.phone(w.worker, identity.Contact{LastContact: w.unix(), Pending: 2, OldestPending: w.unix()})
	try := func(f report.Freezing) error {
		_, _, err := w.reports.Freeze(w.ctx, w.district, f)
		return err
	}
	if err := try(report.Freezing{Month: marchMonth, Early: true}); !errors.Is(err, report.ErrEarly) {
		t.Errorf("within the month: %v", err)
	}
	w.now = time.Date(2026, 4, 3, 2, 0, 0, 0, time.UTC)
	if err := try(report.Freezing{Month: marchMonth}); !errors.Is(err, report.ErrEarly) || !strings.Contains(err.Error(), "2026-04-05") {
		t.Errorf("within the days for phones to come back: %v", err)
	}
	dry, done := w.freeze(report.Freezing{Month: marchMonth, Early: true, DryRun: true})
	if done || dry.State != report.MonthProvisional || len(dry.Hash) == 0 || dry.Heard != 0 || dry.Of != 1 || dry.Unsent != 2 || len(dry.Stale) != 1 || dry.Stale[0].Code != gridA1 {
		t.Errorf("a dry run: %+v, %v", dry, done)
	}
	if got := w.pull(w.district, march("found", county, domain.Street)); !got.Provisional {
		t.Error("a dry run has frozen the month")
	}
	month, done := w.freeze(report.Freezing{Month: marchMonth, Early: true})
	if !done || month.State != report.MonthFrozen || !slices.Equal(month.Hash, dry.Hash) || month.Of != 1 || month.FrozenAt != w.unix() {
		t.Errorf("%+v, %v", month, done)
	}
	entries := w.ledgerOf(accessledger.MonthFreeze)
	if len(entries) != 1 || entries[0].Actor.User != w.district.UserID || !strings.HasPrefix(entries[0].Place, "2026-03 as of ") {
		t.Errorf("the access ledger has %+v", entries)
	}
	w.dispute(4, comA, nil)
	again, done := w.freeze(report.Freezing{Month: marchMonth, Early: true})
	if done || !slices.Equal(again.Hash, month.Hash) || len(w.ledgerOf(accessledger.MonthFreeze)) != 1 {
		t.Errorf("a second time: %+v, %v", again, done)
	}
	if got := w.pull(w.district, march("found", county, domain.Street)); got.Provisional || lines(got.Totals)[0] != "530702 all 1/0" || len(got.Late) != 1 {
		t.Errorf("March is %q, late %q", lines(got.Totals), lines(got.Late))
	}
}

func TestFreeze_AMonthOlderThanTheRealmIsFrozenAtAPersonsWordAlone(t *testing.T) {
	w := newWorld(t)
	w.dispute(-40, comA, nil) // January: brought in with the register.
	january := metrics.Month{Year: 2026, Month: 1}
	if _, done := w.freeze(report.Freezing{Month: january}); !done {
		t.Error("January is not frozen")
	}
	var got []string
	for _, m := range w.months() {
		got = append(got, m.Month.String()+" "+map[report.MonthState]string{report.MonthRunning: "running", report.MonthProvisional: "provisional", report.MonthFrozen: "frozen"}[m.State])
	}
	if want := []string{"2026-03 running", "2026-02 provisional", "2026-01 frozen"}; !slices.Equal(got, want) {
		t.Errorf("months %q, want %q", got, want)
	}
	list := w.months()
	if list[0].FreezesOn != day("2026-04-06") || list[1].FreezesOn != metrics.NoDay || list[2].At.Seq == 0 {
		t.Errorf("%+v", list)
	}
	w.verified()
}

// TestFreeze_OfSeveralServersAtOnceOneFreezes has services over one store freeze the same month side by side.
func TestFreeze_OfSeveralServersAtOnceOneFreezes(t *testing.T) {
	w := newWorld(t)
	w.dispute(3, comA, nil)
	w.now = time.Date(2026, 4, 20, 2, 0, 0, 0, time.UTC)
	const servers = 4
	frozen := make([]int, servers)
	var all sync.WaitGroup
	for i := range servers {
		all.Go(func() {
			months, err := report.New(w.realm, report.Options{}).FreezeRipe(w.ctx)
			if err != nil {
				t.Error(err)
			}
			frozen[i] = len(months)
		})
	}
	all.Wait()
	total := 0
	for _, n := range frozen {
		total += n
	}
	if entries := w.ledgerOf(accessledger.MonthFreeze); total != 1 || len(entries) != 1 || entries[0].Actor != (accessledger.Actor{}) {
		t.Errorf("%v were frozen, the access ledger has %d entries", frozen, len(entries))
	}
}

func TestPull_SaysHowFarTheCountOfTheLogIsThatItWaitsFor(t *testing.T) {
	w := newWorld(t)
	w.door(gridA1, nil)
	release := w.reports.Counting(40, 100)
	q := march("coverage", county, domain.County)
	q.AtOnce = true
	if _, err := w.reports.Pull(w.ctx, w.district, q); !errors.Is(err, report.ErrCounting) || !strings.Contains(err.Error(), "40%") {
		t.Errorf("at once: %v", err)
	}
	q.AtOnce = false
	var told [][2]int
	q.Waiting = report.Progress(func(done, total syncengine.Seq) {
		if told = append(told, [2]int{int(done), int(total)}); len(told) == 1 {
			release()
		}
	})
	if _, err := w.reports.Pull(w.ctx, w.district, q); err != nil || len(told) == 0 || told[0] != [2]int{40, 100} {
		t.Errorf("waiting: %v, %v", told, err)
	}
}
