package report

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Options are what a service needs from outside; each has a default.
type Options struct {
	// Log takes what cannot be done beside a call; silent when nil.
	Log *slog.Logger
}

// Service counts a realm's figures.
type Service struct {
	realm *exchange.Service
	log   *slog.Logger

	// mu guards all that follows: one report is counted at a time.
	mu         sync.Mutex
	projection *projection
	tree       *identity.Tree
	published  map[string]*published
}

// New makes a service. It counts nothing before it is first asked.
func New(realm *exchange.Service, o Options) *Service {
	s := &Service{realm: realm, log: o.Log, published: map[string]*published{}}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

// treeOf gives the tree of the reader's state. The caller holds mu.
func (s *Service) treeOf(r store.Reader) (*identity.Tree, error) {
	tree, err := s.tree.Refresh(r)
	if err == nil {
		s.tree = tree
	}
	return tree, err
}

// rootOf gives the realm's county.
func rootOf(tree *identity.Tree, realm identity.Realm) (identity.Territory, bool) {
	return tree.ByCode(fmt.Sprint(realm.Code))
}

// followTo brings the projection to the reader's head: entry by entry, or anew where the log is another one than before.
// The caller holds mu.
func (s *Service) followTo(r store.Reader, progress Progress) error {
	fresh, err := s.mustBuild(r)
	if err != nil {
		return err
	}
	p := s.projection
	if fresh {
		p = newProjection()
	}
	if err := s.lay(r, p); err != nil || p.at.Seq == r.Head().Seq && !fresh {
		return err
	}
	s.projection = nil // Half of a fold is none.
	f := &folding{p: p, r: r, log: s.realm}
	if fresh {
		err = f.build(progress)
	} else {
		err = f.follow()
	}
	if err == nil {
		s.projection = p
	}
	return err
}

// lay has a projection count by the rules that the realm works by now.
func (s *Service) lay(r store.Reader, p *projection) error {
	tables, err := exchange.ImportedTables(r)
	if err != nil {
		return err
	}
	version := fmt.Sprint(len(tables))
	for _, t := range tables {
		version += fmt.Sprintf(" %d", t.Number)
	}
	if version == p.rulesVersion {
		return nil
	}
	rules, err := s.realm.Rules(r)
	if err == nil {
		p.setRules(rules, version)
	}
	return err
}

// mustBuild reports that the projection does not stand on the reader's log: there is none, or that log is another history.
func (s *Service) mustBuild(r store.Reader) (bool, error) {
	head := r.Head()
	if s.projection == nil || s.projection.at.Epoch != head.Epoch || s.projection.at.Seq > head.Seq {
		return true, nil
	}
	if s.projection.at.Seq == 0 {
		return false, nil
	}
	tag, ok, err := s.realm.TagAt(r, s.projection.at.Seq)
	return !ok || tag != s.projection.at.Tag, err
}

// rewound runs f on the projection as it stood at an entry, and brings it back. The caller holds mu and has followed.
func (s *Service) rewound(r store.Reader, at syncengine.Seq, f func(Watermark) error) error {
	here := s.projection.at
	if at == 0 || at == here.Seq {
		return f(here)
	}
	ids, err := touchedSince(r, at)
	if err != nil {
		return err
	}
	fold := &folding{p: s.projection, r: r, log: s.realm}
	kept := s.projection
	s.projection = nil // Left so where the way back is not found.
	for _, id := range ids {
		if err := fold.takeAt(id, at); err != nil {
			return err
		}
	}
	mark := Watermark{Epoch: here.Epoch, Seq: at}
	if _, mark.Committed, err = s.realm.CommitOf(r, at); err != nil {
		return err
	}
	if mark.Tag, _, err = s.realm.TagAt(r, at); err != nil {
		return err
	}
	s.projection = kept
	err = f(mark)
	s.projection = nil
	for _, id := range ids {
		if err := fold.takeAt(id, here.Seq); err != nil {
			return err
		}
	}
	s.projection = kept
	return err
}

// touchedSince lists the records that entries after one changed.
func touchedSince(r store.Reader, at syncengine.Seq) ([]syncengine.ID, error) {
	seen := map[syncengine.ID]bool{}
	var out []syncengine.ID
	err := r.Entries(at, func(e store.Entry) bool {
		if changes(e.Type) && counted(e.Kind) && !seen[e.RecordID] {
			seen[e.RecordID] = true
			out = append(out, e.RecordID)
		}
		return true
	})
	return out, err
}

// takeAt takes a record in as it stood at an entry.
func (f *folding) takeAt(id syncengine.ID, at syncengine.Seq) error {
	now, err := f.log.RecordAt(f.r, id, f.r.Head().Seq)
	if err != nil || now == nil {
		return err
	}
	then, err := f.log.RecordAt(f.r, id, at)
	if err != nil {
		return err
	}
	if then == nil {
		then = &syncengine.Record{ID: id, Kind: now.Kind}
		f.p.drop(then, doorsEver(now))
		return nil
	}
	return f.take(then, now, false)
}

// drop takes a record out.
func (p *projection) drop(rec *syncengine.Record, ever []syncengine.ID) {
	switch rec.Kind {
	case kindPremises:
		p.forgetDoor(rec.ID)
	case kindVisit:
		p.dropVisit(rec.ID, ever)
	case kindHazard:
		p.setHazard(rec.ID, nil, noStamps)
	case kindDispute:
		p.setDispute(rec.ID, nil, noStamps)
	case kindCaseEvent:
		p.setEvent(rec.ID, nil)
	}
}

// Warm counts what the log holds now, so that the first pull need not wait for it.
func (s *Service) Warm(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.realm.View(ctx, func(r store.Reader) error { return s.followTo(r, nil) })
}

// FreezeRipe freezes every month that is over long enough, the oldest first, and says which.
func (s *Service) FreezeRipe(ctx context.Context) (out []metrics.Month, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	realm := s.realm.Realm()
	first := metrics.DayOf(domain.UnixMilli(realm.Created))
	if first == metrics.NoDay {
		return nil, nil
	}
	for m := metrics.MonthOf(first); ripe(m, realm, s.realm.Time()); m = m.Next() {
		done, err := s.freezeOne(ctx, m)
		if err != nil {
			return out, err
		}
		if done {
			out = append(out, m)
		}
	}
	return out, nil
}

// freezeOne freezes a month that is not frozen yet.
func (s *Service) freezeOne(ctx context.Context, m metrics.Month) (done bool, err error) {
	err = s.realm.View(ctx, func(r store.Reader) error {
		z, err := readFrozen(r, m)
		if err != nil || z != nil {
			return err
		}
		if _, err = s.treeOf(r); err == nil {
			done, err = true, s.followTo(r, nil)
		}
		return err
	})
	if err != nil || !done {
		return false, err
	}
	return true, s.freeze(ctx, s.tree, m)
}

// Own counts workers' own work in a period, each for that worker alone.
func (s *Service) Own(ctx context.Context, users []syncengine.ID, period metrics.Period) (out map[syncengine.ID]metrics.Own, err error) {
	err = s.realm.View(ctx, func(r store.Reader) (err error) {
		out, err = s.OwnAt(r, users, period)
		return err
	})
	return out, err
}

// OwnAt is Own for somebody who looks at the realm already: at the reader's state, or a later one that was counted meanwhile.
func (s *Service) OwnAt(r store.Reader, users []syncengine.ID, period metrics.Period) (map[syncengine.ID]metrics.Own, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	head, p := r.Head(), s.projection
	if later := p != nil && p.at.Epoch == head.Epoch && p.at.Seq > head.Seq; !later {
		if err := s.followTo(r, nil); err != nil {
			return nil, err
		}
	}
	out := map[syncengine.ID]metrics.Own{}
	for _, user := range users {
		out[user] = s.projection.own(domain.ID(user), period)
	}
	return out, nil
}

// VisitsBy counts the visits of a run of days that each of some users made or had a part in, for who hands their work over.
func (s *Service) VisitsBy(r store.Reader, users []syncengine.ID, from, until syncengine.UnixMilli) (map[syncengine.ID]int, error) {
	first, last := domain.UnixMilli(from).ShanghaiDay(), domain.UnixMilli(until-1).ShanghaiDay()
	own, err := s.OwnAt(r, users, metrics.Period{From: first, To: last, Known: last})
	out := map[syncengine.ID]int{}
	for user, count := range own {
		out[user] = int(count.Visits)
	}
	return out, err
}

// keepEvery is how often Keep looks whether a month is to be frozen.
const keepEvery = time.Hour

// Keep counts what the log holds, so that the first pull need not wait for it, and freezes months as they become ripe, until
// ctx ends. wait waits for a while, or until ctx ends.
func (s *Service) Keep(ctx context.Context, wait func(context.Context, time.Duration) error) {
	for err := s.Warm(ctx); ; {
		if err == nil {
			_, err = s.FreezeRipe(ctx)
		}
		switch {
		case errors.Is(err, exchange.ErrClosed) || errors.Is(err, store.ErrClosed) || ctx.Err() != nil:
			return
		case err != nil:
			s.log.Warn("reports could not be kept up; it is tried again in an hour", "error", err)
		}
		if wait(ctx, keepEvery) != nil {
			return
		}
		err = nil
	}
}
