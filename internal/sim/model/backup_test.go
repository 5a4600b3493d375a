package model_test

import (
	"fmt"
	"time"

	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

// backUp copies the store under a name.
func (s *stage) backUp(name string) *memstore.Store {
	s.t.Helper()
	s.must(s.service.View(s.ctx, func(r store.Reader) error {
		s.model.BackedUp(name, r.Head())
		return nil
	}))
	return s.store.Copy()
}

// restore puts a copy back and begins a new epoch, as an operator does.
func (s *stage) restore(name string, backup *memstore.Store) {
	s.t.Helper()
	s.must(s.service.Close())
	var before syncengine.History
	s.must(s.store.View(s.ctx, func(r store.Reader) (err error) {
		before, err = exchange.History(r)
		return err
	}))
	s.store = backup.Copy()
	s.model.WentBack(name, true)
	h, err := exchange.BeginEpoch(s.ctx, s.store, exchange.Renewal{Known: before.Forks, Now: syncengine.UnixMilli(s.now.UnixMilli())})
	s.must(err)
	s.model.EpochBegan(h)
	s.epoch = h.Epoch
	s.must(s.store.View(s.ctx, func(r store.Reader) error {
		s.told = r.Head().Seq
		return nil
	}))
	s.serve()
}

// copyBack puts a copy in the store's place and tells nobody.
func (s *stage) copyBack(name string, backup *memstore.Store) {
	s.t.Helper()
	s.must(s.service.Close())
	s.later(time.Second)
	s.store = backup.Copy()
	s.must(s.store.View(s.ctx, func(r store.Reader) error {
		s.told, s.epoch = r.Head().Seq, r.Head().Epoch
		return nil
	}))
	s.model.WentBack(name, false)
	s.serve()
}

// tellBackups makes backups, a change of somebody else between each, and has a phone hear of them.
func (s *stage) tellBackups(a *actor, n int) {
	s.t.Helper()
	b := s.worker("阿乙")
	for i := range n {
		b.add(s.door(gridA, fmt.Sprintf("福慧路%d号", i)))
		b.sync()
		s.backUp(fmt.Sprint("backup ", i))
		s.must(s.service.View(s.ctx, func(r store.Reader) error {
			s.service.SetBackedUp(syncengine.Coordinate{Epoch: r.Head().Epoch, Seq: r.Head().Seq})
			return nil
		}))
		a.sync()
	}
}
