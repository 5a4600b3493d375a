package sim

import (
	"time"

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
	records, err := w.recordsAt(r, at)
	if err != nil {
		return err
	}
	today := time.UnixMilli(int64(w.now)).UTC()
	for _, back := range []int{3, 40, 4_000} {
		to := recount.Day(today.Year(), today.Month(), today.Day()+2)
		problems, err := records.Audit(w.server.ctx, w.server.reports(), r, at, to.AddDate(0, 0, -back), to)
		if err != nil {
			return err
		}
		w.note(w.model.Reported(problems))
		if w.over() {
			return nil
		}
	}
	return nil
}

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
