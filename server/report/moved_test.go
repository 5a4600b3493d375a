package report_test

import (
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/server/identity"
	"onedoor/server/report"
	"onedoor/server/store"
)

// doorsAtMost is how many doors a visit of the scribbler's names, and takes out again.
const doorsAtMost = 4

// TestBounds_HoldWhatPhonesHadNotSent has a phone say how much it holds, pulls every figure, has the phone bring it all, and looks
// whether what the figures are then lies between what was told.
func TestBounds_HoldWhatPhonesHadNotSent(t *testing.T) {
	narrow, moved := 0, 0
	for seed := range uint64(6) {
		s := newScribbler(newWorld(t), 40+seed)
		s.reports.NameAtMost(doorsAtMost)
		phone := s.phone(s.person(recordv1.Role_ROLE_GRID_WORKER, county), identity.Contact{})
		for range 5 {
			for range 50 {
				s.scribble()
			}
			const unsent = 3
			s.says(phone, identity.Contact{LastContact: s.unix(), Pending: unsent})
			before := s.allBounded()
			for range unsent {
				s.scribble()
			}
			s.says(phone, identity.Contact{LastContact: s.unix()})
			n, m := s.within(before, s.allBounded())
			narrow, moved = narrow+n, moved+m
		}
	}
	if narrow < 100 || moved < 100 {
		t.Errorf("%d bounds said something, %d figures moved: the test shows nothing", narrow, moved)
	}
}

// says has a phone say something of itself.
func (w *world) says(phone [16]byte, c identity.Contact) {
	w.t.Helper()
	w.must(w.realm.Update(w.ctx, func(tx store.Writer) error { return identity.PutContact(tx, phone, c) }))
}

// bounded is one figure by one level over some days.
type bounded struct {
	figure string
	by     domain.Level
	days   int
}

// allBounded pulls every figure for the county and by community, over a few days and over some weeks.
func (s *scribbler) allBounded() map[bounded]*report.Report {
	out := map[bounded]*report.Report{}
	today := domain.Days(s.now.Add(8*time.Hour).Unix() / 86_400)
	for _, f := range metrics.Figures() {
		if f.Topic == metrics.TopicSync {
			continue
		}
		for _, by := range []domain.Level{domain.County, domain.Community} {
			for _, days := range []int{2, 45} {
				q := report.Query{Figure: f.Name, Territory: county, By: by, From: day("2026-03-01"), To: max(today, day("2026-03-02"))}
				q.From = q.To - domain.Days(days)
				out[bounded{f.Name, by, days}] = s.pull(s.district, q)
			}
		}
	}
	return out
}

// within counts the rows whose bounds say something, and those that moved, and finds those that lie outside of what was told.
func (s *scribbler) within(before, after map[bounded]*report.Report) (narrow, moved int) {
	s.t.Helper()
	for key, was := range before {
		is := after[key]
		if is.From != was.From || len(is.Rows) != len(was.Rows) {
			continue // A day has passed.
		}
		for i, row := range was.Rows {
			now := is.Rows[i]
			if row.Low == nil || now.Value == nil {
				continue
			}
			if *row.Low > 0 || was.Figure.Unit == metrics.Share && *row.High < 1 {
				narrow++
			}
			if row.Value == nil || *row.Value != *now.Value {
				moved++
			}
			if *now.Value < *row.Low || *now.Value > *row.High {
				s.t.Errorf("%s over %d days, %s was to lie between %v and %v and is %v (%s)", key.figure, key.days, line(row), *row.Low, *row.High, *now.Value, line(now))
			}
		}
	}
	return narrow, moved
}

func TestBounds_AreThoseOfTheNewestFiguresAlone(t *testing.T) {
	w := newWorld(t)
	w.phone(w.worker, identity.Contact{LastContact: w.unix(), Pending: 2})
	w.dispute(3, comA, nil)
	then := w.pull(w.district, march("found", county, domain.Street))
	if row := then.Totals[0]; row.Low == nil || *row.Low != 0 || *row.High != 3 {
		t.Errorf("%s between %v and %v", line(row), row.Low, row.High)
	}
	w.dispute(4, comA, nil)
	q := march("found", county, domain.Street)
	q.AsOf = then.At.Seq
	if row := w.pull(w.district, q).Totals[0]; row.Low != nil {
		t.Errorf("as of an earlier entry: between %v and %v", *row.Low, *row.High)
	}
	w.now = time.Date(2026, 4, 20, 2, 0, 0, 0, time.UTC)
	if row := w.pull(w.district, march("found", county, domain.Street)).Totals[0]; row.Low != nil {
		t.Errorf("of a frozen month: between %v and %v", *row.Low, *row.High)
	}
}
