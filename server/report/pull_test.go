package report_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/casework"
	"onedoor/domain/metrics"
	"onedoor/server/accessledger"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/report"
	"onedoor/server/store"
	"onedoor/syncengine"
)

func TestPull_CountsByTerritoryInCodeOrderWithTotalsApart(t *testing.T) {
	w := newWorld(t)
	a, b, c := w.door(gridA1, nil), w.door(gridA2, nil), w.door(gridC1, nil)
	w.door(comA, nil) // In no grid yet.
	w.now = began.AddDate(0, 0, 2)
	w.visit(3, seen, w.worker.UserID, a)
	w.visit(3, nobody, w.worker.UserID, b, c)
	q := report.Query{Figure: "coverage", Territory: county, By: domain.Community, From: day("2026-03-02"), To: day("2026-03-04")}
	out := w.pull(w.district, q)
	want := []string{"530702 all 0/0", "530702001 all 0/0", "530702001001 all 1/3", "530702001002 all 0/0", "530702002 all 0/0", "530702002001 all 0/1"}
	if got := lines(out.Rows); !slices.Equal(got, want) {
		t.Errorf("rows %q, want %q", got, want)
	}
	if got := lines(out.Totals); !slices.Equal(got, []string{"530702 all 1/4"}) || !out.Provisional || out.Split {
		t.Errorf("totals %q", got)
	}
	if empty := out.Rows[0]; empty.Value != nil {
		t.Errorf("a share of nothing has the value %v", *empty.Value)
	}
	q.Figure, q.By = "contact_made", 0
	if got := lines(w.pull(w.district, q).Rows); !slices.Equal(got, []string{"530702 all 1/3"}) {
		t.Errorf("calls: %q", got)
	}
}

func TestPull_IsForTheDistrictTheStreetAndTheCommunityInTheirPlaces(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		who  identity.Principal
		q    report.Query
		want error
	}{
		"a worker":                        {w.worker, march("coverage", gridA1, 0), report.ErrNotPermitted},
		"the street of another":           {w.street, march("coverage", streetB, 0), report.ErrNotPermitted},
		"the whole county":                {w.street, march("coverage", county, 0), report.ErrNotPermitted},
		"the district by grid":            {w.district, march("coverage", comA, domain.Grid), report.ErrTooFine},
		"the district in one grid":        {w.district, march("coverage", gridA1, 0), report.ErrTooFine},
		"the street by grid":              {w.street, march("coverage", comA, domain.Grid), report.ErrTooFine},
		"another community by grid":       {w.staff, march("coverage", comB, domain.Grid), report.ErrNotPermitted},
		"by residents' group":             {w.staff, march("coverage", comA, domain.Microgrid), report.ErrTooFine},
		"the operator":                    {w.operator, march("coverage", county, 0), report.ErrNotPermitted},
		"the operator's lag by grid":      {w.operator, march("sync_lag", county, domain.Grid), report.ErrTooFine},
		"the operator's own":              {w.operator, march("sync_health", county, domain.Grid), nil},
		"the community's own grids":       {w.staff, march("coverage", comA, domain.Grid), nil},
		"the street's communities":        {w.street, march("coverage", streetA, domain.Community), nil},
		"the district":                    {w.district, march("sync_lag", county, domain.Community), nil},
		"no such figure":                  {w.district, march("ranking", county, 0), report.ErrUnknownFigure},
		"no such place":                   {w.district, march("coverage", "530799", 0), identity.ErrTerritoryUnknown},
		"rows larger than the place":      {w.district, march("coverage", streetA, domain.County), report.ErrInvalid},
		"ahead of the log":                {w.district, report.Query{Figure: "coverage", Territory: county, From: day("2026-03-01"), To: day("2026-03-02"), AsOf: 99}, report.ErrAhead},
		"a period that ends before it is": {w.district, report.Query{Figure: "coverage", Territory: county, From: day("2026-03-02"), To: day("2026-03-01")}, report.ErrInvalid},
	} {
		if _, err := w.reports.Pull(w.ctx, c.who, c.q); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// ledger gives the entries of the access ledger.
func (w *world) ledger() (entries []accessledger.Entry) {
	w.t.Helper()
	w.must(w.realm.View(w.ctx, func(r store.Reader) error {
		return accessledger.Walk(r, accessledger.Filter{}, func(e accessledger.Entry) bool {
			entries = append(entries, e)
			return true
		})
	}))
	return entries
}

func TestPull_FiguresThatAreReadTogetherAreOneEntryAndStandForOneMoment(t *testing.T) {
	w := newWorld(t)
	a := w.door(gridA1, nil)
	w.now = began.AddDate(0, 0, 2)
	w.visit(3, seen, w.worker.UserID, a)
	before := len(w.ledger())
	q := march("coverage", streetA, domain.Community)
	q.Format = "console"
	out, err := w.reports.PullTogether(w.ctx, w.street, q, []string{"contact_made", "sync_health"})
	w.must(err)
	if len(out) != 3 || out[0].Figure.Name != "coverage" || out[1].Figure.Name != "contact_made" || out[1].At != out[0].At || lines(out[1].Totals)[0] != "530702001 all 1/1" ||
		out[2].Figure.Name != "sync_health" {
		t.Errorf("%d reports: %+v", len(out), out)
	}
	noted := w.ledger()[before:]
	if len(noted) != 1 || noted[0].Reason != "report, with contact_made, sync_health" || !strings.HasPrefix(noted[0].Place, "coverage 530702001 by community ") {
		t.Errorf("one look is noted as %+v", noted)
	}
	for name, beside := range map[string][]string{
		"the same twice": {"found", "found"}, "the first again": {"coverage"}, "too many": slices.Repeat([]string{"found"}, 13), "none of ours": {"happiness"}, "not theirs": {"found", "police"},
	} {
		if _, err := w.reports.PullTogether(w.ctx, w.street, q, beside); err == nil {
			t.Errorf("%s: not refused", name)
		}
	}
	if again := w.ledger()[before:]; len(again) != 1 {
		t.Errorf("what was refused is noted: %+v", again[1:])
	}
}

func TestPull_StandsInTheAccessLedger(t *testing.T) {
	w := newWorld(t)
	q := march("found", streetA, domain.Community)
	q.Format = "xlsx"
	w.pull(w.street, q)
	entries := w.ledger()
	last := entries[len(entries)-1]
	if last.Action != accessledger.Export || last.Actor.User != w.street.UserID || !strings.HasPrefix(last.Place, "found 530702001 by community 2026-03-01..2026-03-31 as of ") ||
		!strings.HasSuffix(last.Place, " xlsx") {
		t.Errorf("%+v", last)
	}
}

func TestPull_SaysHowFreshAndHowCertainItIs(t *testing.T) {
	w := newWorld(t)
	a := w.door(gridA1, nil)
	w.door(gridA1, nil)
	w.visit(2, seen, w.worker.UserID, a)
	w.now = time.Date(2026, 3, 3, 1, 0, 0, 0, time.UTC)
	fresh := w.unix() - 60_000
	w.phone(w.worker, identity.Contact{LastContact: fresh, Pending: 1, OldestPending: fresh})
	other := w.person(recordv1.Role_ROLE_GRID_WORKER, gridC1)
	w.phone(other, identity.Contact{LastContact: w.unix() - 3*86_400_000, Pending: 4})
	w.phone(w.district, identity.Contact{LastContact: fresh, Pending: 50}) // The district works on no phone.
	q := report.Query{Figure: "coverage", Territory: county, By: domain.Street, From: day("2026-03-02"), To: day("2026-03-31")}
	out := w.pull(w.district, q)
	if out.Heard != 1 || out.Of != 2 || out.Unsent != 5 || len(out.Stale) != 1 || out.Stale[0].Code != gridC1 {
		t.Errorf("heard %d of %d, unsent %d, stale %v", out.Heard, out.Of, out.Unsent, out.Stale)
	}
	row := out.Rows[1]
	if line(row) != "530702001 all 1/2" || *row.Low != 0 || *row.High != 1 || *row.Value != 0.5 {
		t.Errorf("%s between %v and %v", line(row), *row.Low, *row.High)
	}
	if got := strings.Join(out.Statement(), "\n"); !strings.Contains(got, "2部中已收到1部") || !strings.Contains(got, "暂定数") {
		t.Errorf("statement %s", got)
	}
}

func TestPull_AsOfGivesWhatWasReportedThen(t *testing.T) {
	w := newWorld(t)
	a := w.door(gridA1, nil)
	visit := w.visit(2, seen, w.worker.UserID, a)
	q := report.Query{Figure: "contact_made", Territory: county, From: day("2026-03-01"), To: day("2026-03-09")}
	then := w.pull(w.district, q)
	w.put(visit, recordv1.Kind_KIND_VISIT, false, &recordv1.Visit{Outcome: nobody.Enum()})
	w.visit(3, seen, w.worker.UserID, a, w.door(gridA2, nil))
	if got := lines(w.pull(w.district, q).Rows); !slices.Equal(got, []string{"530702 all 2/3"}) {
		t.Errorf("now: %q", got)
	}
	q.AsOf = then.At.Seq
	again := w.pull(w.district, q)
	if got := lines(again.Rows); !slices.Equal(got, lines(then.Rows)) || again.At != then.At {
		t.Errorf("as of %d: %q at %+v, then %q at %+v", q.AsOf, got, again.At, lines(then.Rows), then.At)
	}
	q.AsOf = 0
	if got := lines(w.pull(w.district, q).Rows); !slices.Equal(got, []string{"530702 all 2/3"}) {
		t.Errorf("after a look back: %q", got)
	}
	w.verified()
}

// imports brings a table of rules in.
func (w *world) imports(name, text string) {
	w.t.Helper()
	w.must(w.realm.Update(w.ctx, func(tx store.Writer) error {
		_, _, err := exchange.AddRules(tx, &exchange.ImportedTable{RuleTable: casework.RuleTable{Name: name, Text: text}, At: w.unix()})
		return err
	}))
}

// TestPull_AsOfCountsByTheRulesThatWereInForceThen changes twice how often a door is due, the second time so that nothing of the
// first table counts any more.
func TestPull_AsOfCountsByTheRulesThatWereInForceThen(t *testing.T) {
	w := newWorld(t)
	w.door(gridA1, func(m *recordv1.Premises) { m.Grade = recordv1.Grade_GRADE_GREEN.Enum() })
	q := report.Query{Figure: "due_done", Territory: county, From: day("2026-03-01"), To: day("2026-03-30")}
	due := func() (int64, syncengine.Seq, uint32) {
		w.now = w.now.AddDate(0, 0, 1)
		w.door(comB, func(m *recordv1.Premises) { m.Status = recordv1.PremisesStatus_PREMISES_STATUS_VOID.Enum() }) // The log goes on.
		out := w.pull(w.district, q)
		return out.Totals[0].Sum.Den, out.At.Seq, out.Rules
	}
	w.now = time.Date(2026, 3, 29, 2, 0, 0, 0, time.UTC)
	type told struct {
		due   int64
		at    syncengine.Seq
		rules uint32
	}
	var then []told
	for _, days := range []string{"", "5", "2"} {
		if days != "" {
			w.imports("cadences", "version,effective_from,turn,days,source\ntest,2026-01-01,rental_green,"+days+",test\n")
		}
		n, at, rules := due()
		then = append(then, told{n, at, rules})
	}
	if then[0].due >= then[1].due || then[1].due >= then[2].due || then[0].rules != 0 || then[1].rules == then[2].rules {
		t.Fatalf("due under three books of rules: %v", then)
	}
	for _, was := range then {
		q.AsOf = was.at
		if out := w.pull(w.district, q); out.Totals[0].Sum.Den != was.due || out.Rules != was.rules {
			t.Errorf("as of %d: %d due by rules %08x, was %d by %08x", was.at, out.Totals[0].Sum.Den, out.Rules, was.due, was.rules)
		}
	}
	w.verified()
}

// verified wants the projection to be what the log gives.
func (w *world) verified() {
	w.t.Helper()
	found, err := w.reports.Verify(w.ctx, nil)
	w.must(err)
	if len(found.Problems) > 0 {
		w.t.Errorf("found %v", found.Problems)
	}
}

func TestPull_MarchAgainIsMarch(t *testing.T) {
	w := newWorld(t)
	for day := range 6 {
		w.dispute(3+day, comA, func(d *recordv1.Dispute) { d.Category = recordv1.DisputeCategory_DISPUTE_CATEGORY_NEIGHBOUR.Enum() })
	}
	q := march("found", county, domain.Community)
	w.now = time.Date(2026, 4, 5, 2, 0, 0, 0, time.UTC)
	if out := w.pull(w.district, q); !out.Provisional || out.Split {
		t.Errorf("within the days for phones to come back: %+v", out)
	}
	w.now = time.Date(2026, 4, 6, 2, 0, 0, 0, time.UTC)
	first := w.pull(w.district, q)
	if first.Provisional || len(first.Hash) == 0 || !first.Split {
		t.Fatalf("not frozen: %+v", first)
	}
	w.dispute(9, comA, nil)
	w.dispute(9, comB, nil)
	second := w.pull(w.district, q)
	if !slices.Equal(lines(first.Rows), lines(second.Rows)) || !slices.Equal(lines(first.Totals), lines(second.Totals)) || string(first.Hash) != string(second.Hash) || first.At != second.At {
		t.Errorf("March was %q and is %q", lines(first.Rows), lines(second.Rows))
	}
	if got := lines(second.Late); !slices.Equal(got, []string{"530702001001 all 1/0", "530702001002 all 1/0"}) {
		t.Errorf("late: %q", got)
	}
	_, err := w.reports.Rebuild(w.ctx, nil)
	w.must(err)
	if third := w.pull(w.district, q); !slices.Equal(lines(first.Rows), lines(third.Rows)) {
		t.Errorf("after a rebuild March is %q", lines(third.Rows))
	}
	w.verified()
}

func TestFreezeRipe_FreezesWhatIsOverAndNothingOlderThanTheRealm(t *testing.T) {
	w := newWorld(t)
	w.dispute(3, comA, nil)
	w.now = time.Date(2026, 5, 20, 2, 0, 0, 0, time.UTC)
	months, err := w.reports.FreezeRipe(w.ctx)
	w.must(err)
	if len(months) != 2 || months[0].String() != "2026-03" || months[1].String() != "2026-04" {
		t.Errorf("frozen %v", months)
	}
	if again, err := w.reports.FreezeRipe(w.ctx); err != nil || len(again) != 0 {
		t.Errorf("again: %v, %v", again, err)
	}
	q := report.Query{Figure: "found", Territory: county, From: day("2026-02-01"), To: day("2026-02-28")}
	if out := w.pull(w.district, q); !out.Provisional {
		t.Error("a month before the realm was made is frozen")
	}
	w.verified()
}

func TestVerify_FindsAFrozenMonthThatWasChanged(t *testing.T) {
	w := newWorld(t)
	w.dispute(3, comA, nil)
	w.now = time.Date(2026, 4, 20, 2, 0, 0, 0, time.UTC)
	_, err := w.reports.FreezeRipe(w.ctx)
	w.must(err)
	w.must(w.realm.Update(w.ctx, func(tx store.Writer) error {
		return tx.PutDocument("report.frozen", []byte("2026-03/found"), []byte{})
	}))
	found, err := w.reports.Verify(w.ctx, nil)
	w.must(err)
	if len(found.Problems) != 1 || !strings.Contains(found.Problems[0], "2026-03") || found.Months != 1 {
		t.Errorf("%+v", found)
	}
}

func TestPull_GridsHideWhatTheirCommunityWouldGiveAway(t *testing.T) {
	w := newWorld(t)
	for i := range 9 {
		code := gridA1
		if i < 3 {
			code = gridA2
		}
		w.visit(2, seen, w.worker.UserID, w.door(code, nil))
	}
	w.now = time.Date(2026, 3, 3, 1, 0, 0, 0, time.UTC)
	q := report.Query{Figure: "contact_made", Territory: comA, By: domain.Grid, From: day("2026-03-02"), To: day("2026-03-02")}
	out := w.pull(w.staff, q)
	hidden := 0
	for _, row := range slices.Concat(out.Rows, out.Totals) {
		if row.Territory != gridA2 {
			continue
		}
		if row.Suppressed {
			hidden++
		} else if row.Sum.Den != 0 {
			t.Errorf("%s is shown", line(row))
		}
	}
	if hidden < 2 {
		t.Errorf("a small grid's part and its sum are hidden: %q, %q", lines(out.Rows), lines(out.Totals))
	}
	if got := line(out.Totals[0]); got != "530702001001 all 9/9" {
		t.Errorf("the community: %s", got)
	}
}

func TestOwn_CountsAWorkersOwnWork(t *testing.T) {
	w := newWorld(t)
	a, b := w.door(gridA1, nil), w.door(gridA1, nil)
	me, you := w.worker.UserID, w.id()
	w.visit(2, seen, me, a, b)
	joint := w.visit(3, seen, you, a)
	w.put(joint, recordv1.Kind_KIND_VISIT, false, &recordv1.Visit{Contributions: map[string]string{me.String(): "一起"}})
	w.visit(4, nobody, you, b)
	w.put(w.id(), recordv1.Kind_KIND_HAZARD, true, &recordv1.Hazard{PremisesId: a[:], Code: recordv1.HazardCode_HAZARD_CODE_GAS.Enum(), FoundAt: at(3), RegisteredBy: me[:]})
	w.dispute(5, comA, func(d *recordv1.Dispute) { d.RegisteredBy = me[:] })
	w.put(w.id(), recordv1.Kind_KIND_VISIT, true, &recordv1.Visit{OccurredAt: at(6), RegisteredBy: me[:], Territory: idBytes(w.places[gridA1])})
	period := metrics.Period{From: day("2026-03-01"), To: day("2026-03-31"), Known: day("2026-03-31")}
	got, err := w.reports.Own(w.ctx, []syncengine.ID{me, you}, period)
	w.must(err)
	if got[me] != (metrics.Own{Visits: 3, Calls: 3, Seen: 3, Doors: 2, Hazards: 1, Cases: 1}) {
		t.Errorf("mine: %+v", got[me])
	}
	if got[you] != (metrics.Own{Visits: 2, Calls: 2, Seen: 1, Doors: 1}) {
		t.Errorf("yours: %+v", got[you])
	}
}

func idBytes(id syncengine.ID) []byte { return id[:] }
