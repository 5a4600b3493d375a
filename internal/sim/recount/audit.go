package recount

import (
	"context"
	"fmt"
	"time"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/server/report"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Audit compares every figure that reports count over the days from one to another, as of an entry of a reader's log (0 is its
// head), with a recount of the records as they stood there, which w holds. It gives what differs.
func (w *World) Audit(ctx context.Context, reports *report.Service, r store.Reader, at syncengine.Seq, from, to time.Time) (problems []string, err error) {
	var figures []*metrics.Figure
	for _, f := range metrics.Figures() {
		if f.Topic != metrics.TopicSync {
			figures = append(figures, f)
		}
	}
	sums, day, err := reports.Audit(ctx, r, at, dayNumber(from), dayNumber(to), figures)
	if err != nil {
		return nil, err
	}
	w.Until = Day(1970, time.January, 1+int(day))
	for _, f := range figures {
		again, err := w.Count(f.Name, from, to)
		if err != nil {
			return nil, err
		}
		want, of := again.Within(func(ID) bool { return true }), sums[f.Name]
		for c := range metrics.Class(f.Split.Classes()) {
			name := f.Split.Name(c)
			if got := (Sum{of[name].Num, of[name].Den}); got != want[name] {
				problems = append(problems, fmt.Sprintf("%s %s from %s to %s as of %d: %+v reported, recounted %+v",
					f.Name, name, from.Format(time.DateOnly), to.Format(time.DateOnly), at, got, want[name]))
			}
		}
	}
	return problems, nil
}

func dayNumber(d time.Time) domain.Days { return domain.Days(d.Unix() / 86_400) }
