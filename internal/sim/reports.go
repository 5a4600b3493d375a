package sim

import (
	"fmt"
	"slices"
	"time"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/internal/sim/recount"
	"onedoor/server/report"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// reportsEvery is after how many steps of the script reports follow the log, so that they come over restores, erasures and
// releases entry by entry.
const reportsEvery = 8

// reports gives the reports of the server that runs; a server that was started again counts anew.
func (s *server) reports() *report.Service {
	if s.counted == nil || s.countedBy != s.service {
		s.counted, s.countedBy = report.New(s.service, report.Options{}), s.service
	}
	return s.counted
}

// reportsFollow has the projection follow the log now and then.
func (w *world) reportsFollow(step int) {
	if step%reportsEvery != 0 || w.server.down || w.over() {
		return
	}
	w.server.view(func(r store.Reader) error {
		problems, err := w.server.reports().Sound(r)
		if err == nil {
			w.note(w.model.Reported(problems))
		}
		return err
	})
}

// auditReports compares every figure with a recount of the records, as they stand and as they stood at an entry (I17).
func (w *world) auditReports() {
	if w.over() {
		return
	}
	w.server.view(func(r store.Reader) error {
		head := r.Head().Seq
		for _, at := range []syncengine.Seq{0, head / 2, head - head/8} {
			if err := w.auditReportsAt(r, at); err != nil {
				return err
			}
		}
		problems, err := w.server.reports().Sound(r)
		if err == nil {
			w.note(w.model.Reported(problems))
		}
		return err
	})
}

// auditReportsAt compares figures over a few runs of days as of an entry; 0 is the head.
func (w *world) auditReportsAt(r store.Reader, at syncengine.Seq) error {
	var figures []*metrics.Figure
	for _, f := range metrics.Figures() {
		if f.Topic != metrics.TopicSync {
			figures = append(figures, f)
		}
	}
	today := time.UnixMilli(int64(w.now)).UTC()
	for _, back := range []int{3, 40, 4_000} {
		to := recount.Day(today.Year(), today.Month(), today.Day()+2)
		from := to.AddDate(0, 0, -back)
		sums, day, err := w.server.reports().Audit(w.server.ctx, r, at, dayNumber(from), dayNumber(to), figures)
		if err != nil {
			return err
		}
		records, err := w.recordsAt(r, at)
		if err != nil {
			return err
		}
		records.Until = recount.Day(1970, 1, 1+int(day))
		w.note(w.model.Reported(compared(sums, records, from, to, at)))
		if w.over() {
			return nil
		}
	}
	return nil
}

func dayNumber(d time.Time) domain.Days { return domain.Days(d.Unix() / 86_400) }

// recordsAt reads all records as they stood at an entry.
func (w *world) recordsAt(r store.Reader, at syncengine.Seq) (*recount.World, error) {
	if at == 0 {
		return recount.Read(r)
	}
	out := recount.Empty(0)
	var ids []syncengine.ID
	if err := r.Records(func(row store.Record) bool { ids = append(ids, row.ID); return true }); err != nil {
		return nil, err
	}
	for _, id := range ids {
		rec, err := w.server.service.RecordAt(r, id, at)
		if err == nil {
			err = out.Add(rec)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// compared lists the figures in which a report and a recount differ, in a fixed order.
func compared(sums map[string]report.Whole, records *recount.World, from, to time.Time, at syncengine.Seq) (problems []string) {
	for _, f := range metrics.Figures() {
		of, counted := sums[f.Name]
		if !counted {
			continue
		}
		again, err := records.Count(f.Name, from, to)
		if err != nil {
			return []string{err.Error()}
		}
		want := again.Within(func(recount.ID) bool { return true })
		for c := range metrics.Class(f.Split.Classes()) {
			name := f.Split.Name(c)
			if got := (recount.Sum{Num: of[name].Num, Den: of[name].Den}); got != want[name] {
				problems = append(problems, fmt.Sprintf("%s %s from %s to %s as of %d: %+v reported, recounted %+v",
					f.Name, name, from.Format(time.DateOnly), to.Format(time.DateOnly), at, got, want[name]))
			}
		}
	}
	slices.Sort(problems)
	return problems
}
