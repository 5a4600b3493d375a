package report

import (
	"context"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Whole is what a figure comes to over everything that is counted, by the names of its parts: for auditors in this process,
// such as the simulator's. Nothing is hidden in it, so it is shown to nobody.
type Whole map[string]metrics.Sum

// everywhere is a layout of one place, in which everything stands.
func everywhere() *layout {
	return &layout{places: []place{{parent: -1, row: true, level: domain.County}}, all: true}
}

// Audit counts figures over everything as of an entry of a reader's log; 0 for its head. It says up to which day the log
// tells.
func (s *Service) Audit(ctx context.Context, r store.Reader, at syncengine.Seq, from, to domain.Days, figures []*metrics.Figure) (out map[string]Whole, day domain.Days, err error) {
	if err := s.take(ctx, nil); err != nil {
		return nil, 0, err
	}
	defer s.release()
	if err := s.followTo(r, nil); err != nil {
		return nil, 0, err
	}
	out = map[string]Whole{}
	err = s.rewound(r, at, func(mark Watermark) error {
		day = known(mark)
		for _, f := range figures {
			if err := ctx.Err(); err != nil {
				return err
			}
			of := Whole{}
			for c, sum := range s.projection.count(f, metrics.Period{From: from, To: to, Known: day}, everywhere()).cells {
				of[f.Split.Name(metrics.Class(c))] = sum
			}
			out[f.Name] = of
		}
		return nil
	})
	return out, day, err
}

// Sound reports what is wrong with the projection: that it is not what a reader's log gives when it is counted anew.
func (s *Service) Sound(r store.Reader) (problems []string, err error) {
	if err := s.take(context.Background(), nil); err != nil {
		return nil, err
	}
	defer s.release()
	if err := s.followTo(r, nil); err != nil {
		return nil, err
	}
	return s.compare(r, nil)
}
