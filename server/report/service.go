package report

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/tenure"
	"onedoor/syncengine"
)

// Options are what a service needs from outside; each has a default.
type Options struct {
	// Log takes what cannot be done beside a call; silent when nil.
	Log *slog.Logger
	// Saved is the file in which the count is kept over a restart; empty for none.
	Saved string
	// Software tells builds apart: a count is taken from the file only by the one that wrote it. Needed with Saved, and asked
	// only where there is a file.
	Software func() ([]byte, error)
	// Random gives the file's keys; needed with Saved.
	Random io.Reader
	// Post is held by the one server that freezes months; nil where there is no other.
	Post *tenure.Post
}

// Service counts a realm's figures.
type Service struct {
	realm *exchange.Service
	log   *slog.Logger
	post  *tenure.Post

	// turn guards all that follows: one report is counted at a time.
	*turn
	projection *projection
	tree       *identity.Tree
	published  map[string]*published

	saved *savedCount
	// visitDoors is how many doors a visit may name.
	visitDoors int64

	// counted is how far the projection stands, for who must not wait while it is counted.
	counted atomic.Pointer[Watermark]
}

// New makes a service. It counts nothing before it is first asked.
func New(realm *exchange.Service, o Options) *Service {
	s := &Service{realm: realm, log: o.Log, post: o.Post, turn: newTurn(), visitDoors: domain.VisitDoorsMax, published: map[string]*published{}}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if o.Saved != "" {
		s.saved = &savedCount{path: o.Saved, software: o.Software, random: o.Random, after: saveAfter, atStop: saveAtStop}
	}
	return s
}

// treeOf gives the tree of the reader's state. The caller has taken its turn.
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
// The caller has taken its turn.
func (s *Service) followTo(r store.Reader, progress Progress) error {
	fresh, err := s.mustBuild(r)
	if err != nil {
		return err
	}
	p := s.projection
	if fresh {
		if p = s.openSaved(r); p != nil {
			fresh = false
		} else {
			p = newProjection()
		}
	}
	if err := s.lay(r, p); err != nil || p.at.Seq == r.Head().Seq && !fresh {
		return err
	}
	s.projection = nil // Half of a fold is none.
	f := &folding{p: p, r: r, log: s.realm}
	if fresh {
		err = f.build(s.telling(progress))
		s.building.Store(nil)
	} else {
		err = f.follow()
	}
	if err == nil {
		s.projection = p
		at := p.at
		s.counted.Store(&at)
	}
	return err
}

// Counted says how far in the log reports have counted; ok is false before they have.
func (s *Service) Counted() (at Watermark, ok bool) {
	if w := s.counted.Load(); w != nil {
		return *w, true
	}
	return at, false
}

// openSaved gives the count that was saved when the server stopped, once; nil where there is none that counts.
func (s *Service) openSaved(r store.Reader) *projection {
	if s.saved == nil || s.saved.opened {
		return nil
	}
	p, err := s.saved.open(r, s.realm)
	if err != nil {
		s.log.Info("the count of reports that was saved is not used: the log is counted anew", "why", err)
	}
	return p
}

// lay has a projection count by the rules that the realm works by now.
func (s *Service) lay(r store.Reader, p *projection) error {
	tables, err := exchange.ImportedTables(r)
	if err != nil {
		return err
	}
	if version := numbersOf(tables); version != p.rulesVersion {
		rules, book := exchange.RulesOf(tables)
		p.setRules(rules, book, version)
	}
	return nil
}

// numbersOf tells rulebooks of one realm apart.
func numbersOf(tables []exchange.ImportedTable) string {
	version := fmt.Sprint(len(tables))
	for _, t := range tables {
		version += fmt.Sprintf(" %d", t.Number)
	}
	return version
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
	if err := s.take(context.Background(), nil); err != nil {
		return nil, err
	}
	defer s.release()
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
