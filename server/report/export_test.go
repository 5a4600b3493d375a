package report

import (
	"context"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Inject lays doors with calls into the projection at its watermark, without a log of them, so that a benchmark can have
// millions in seconds.
func (s *Service) Inject(ctx context.Context, doors, callsEach int, territory func(door int) syncengine.ID, call func(door, n int) metrics.Call) error {
	return s.realm.View(ctx, func(r store.Reader) error {
		if err := s.followTo(r, nil); err != nil {
			return err
		}
		p := s.projection
		p.crew([]domain.ID{{1}})
		for i := range doors {
			d := p.named(syncengine.ID{byte(i >> 16), byte(i >> 8), byte(i), 9})
			d.known, d.territory, d.grade = true, territory(i), domain.Grade(i%5)
			d.Door = metrics.Door{Class: domain.CadenceClass(1 + i%5), Officer: i%3 == 0, Registered: 20_000, Calls: make([]metrics.Call, 0, callsEach)}
			for n := range callsEach {
				d.insert(call(i, n))
			}
		}
		return nil
	})
}

// Forget drops the projection.
func (s *Service) Forget() { s.projection = nil }

// FollowFrom puts the projection to where it has taken in nothing above an entry, of which it takes in nothing either.
func (s *Service) FollowFrom(ctx context.Context, at syncengine.Seq) error {
	return s.realm.View(ctx, func(r store.Reader) error {
		p := newProjection()
		if err := s.lay(r, p); err != nil {
			return err
		}
		tag, _, err := s.realm.TagAt(r, at)
		p.at = Watermark{Epoch: r.Head().Epoch, Seq: at, Tag: tag}
		s.projection = p
		return err
	})
}
