package sim

import (
	"errors"
	"slices"

	"onedoor/internal/schema"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Several servers over one store: who answers a phone, who writes what the operator asks for, is drawn anew before anything
// happens, so that each server meets a store in which others have written since it last looked. They are stopped, killed and
// upgraded one by one: in half of the runs those that are upgraded first go by the older schema until all are.

const (
	// severalIn says that one in so many seeds has several servers.
	severalIn = 4
	// severalLeast and severalMost are how many.
	severalLeast, severalMost = 2, 3
	// outdatedIn says that one in so many groups reaches a server whose software another one has left behind.
	outdatedIn = 4
)

// peer is one of the servers.
type peer struct {
	service *exchange.Service
	schema  *schema.Schema
}

// drawServers draws how many servers a seed has.
func drawServers(seed uint64, without kinds) int {
	d := diceFor(seed, "servers", 0)
	if n := int(d.between(severalLeast, severalMost)); d.oneIn(severalIn) && !without[Several] {
		return n
	}
	return 1
}

// open starts one server on what is stored.
func (s *server) open(p *peer) (err error) {
	p.service, err = exchange.Open(s.ctx, s.store, s.options(p.schema))
	return err
}

// openAll starts every server. One whose software others have left behind refuses, and is of no use until it is upgraded.
func (s *server) openAll() error {
	s.service = nil
	for i := range s.peers {
		p := &s.peers[i]
		err := s.open(p)
		switch {
		case err == nil && s.service == nil && !s.outdated(p):
			s.service = p.service
		case err == nil:
		case errors.Is(err, store.ErrNewer) && len(s.peers) > 1:
			p.service = nil
		case err != nil:
			return err
		}
	}
	return nil
}

// outdated reports a server whose software others have left behind.
func (s *server) outdated(p *peer) bool { return p.schema.Engine.Version < s.schema.Engine.Version }

// ahead reports a server whose software knows more than the realm goes by.
func (s *server) ahead(p *peer) bool { return p.schema.Engine.Version > s.schema.Engine.Version }

// turn has another server be the one that answers from now on.
func (s *server) turn() {
	if len(s.peers) < 2 || s.down {
		return
	}
	s.turns++
	d := diceFor(s.w.c.Seed, "turn", s.turns)
	if s.w.healed {
		d = diceFor(s.w.c.Seed, "turn", 0) // Who has come to rest stays with one.
	}
	if p := &s.peers[d.IntN(len(s.peers))]; p.service != nil && !s.outdated(p) && p.service != s.service {
		s.service = p.service
		s.w.strike(Several)
		if s.ahead(p) {
			s.w.strike(SideBySide)
		}
	}
}

// receiver is the server that a group of calls reaches: the one whose turn it is, or one that refuses every call.
func (s *server) receiver() *exchange.Service {
	if len(s.peers) < 2 || s.w.healed {
		return s.service
	}
	d := diceFor(s.w.c.Seed, "receiver", s.turns)
	if p := &s.peers[d.IntN(len(s.peers))]; p.service != nil && s.outdated(p) && d.oneIn(outdatedIn) {
		return p.service
	}
	return s.service
}

// backedUpTo tells every server of a backup.
func (s *server) backedUpTo(at syncengine.Coordinate) {
	for i := range s.peers {
		if p := s.peers[i].service; p != nil {
			p.SetBackedUp(at)
		}
	}
}

// closeAll ends every server in order.
func (s *server) closeAll() (err error) {
	for i := range s.peers {
		if p := s.peers[i].service; p != nil {
			err = errors.Join(err, p.Close())
		}
	}
	return err
}

// restartOne stops one of several servers, in order or killed, and starts it again; the others serve on.
func (w *world) restartOne() {
	s := w.server
	d := diceFor(w.c.Seed, "restart one", s.turns)
	p := &s.peers[d.IntN(len(s.peers))]
	if p.service == nil {
		return
	}
	how := "is killed and starts again"
	if d.oneIn(2) {
		how = "stops and starts again"
		w.must(p.service.Close(), "stop one of the servers")
	}
	w.strike(Restart)
	w.reopen(p, "one of the servers "+how)
}

// reopen starts one of several servers beside the others.
func (w *world) reopen(p *peer, how string) {
	s := w.server
	calm := s.store.calm
	s.store.calm = true
	current := p.service == s.service
	err := s.open(p)
	s.store.calm = calm
	switch {
	case s.disk != nil && s.disk.Off():
		s.crashed()
		return
	case errors.Is(err, store.ErrNewer):
		p.service = nil
		how += " and refuses: others have newer software"
	case !w.must(err, "start one of the servers"):
		return
	}
	if current {
		s.service = nil
		for i := range s.peers {
			if q := &s.peers[i]; q.service != nil && !s.outdated(q) {
				s.service = q.service
			}
		}
	}
	w.trace.tell(w.now, "server", "%s", how)
}

// upgradeOne gives one of several servers the newer software while the others serve on with theirs.
func (w *world) upgradeOne() {
	s := w.server
	for i := range s.peers {
		p := &s.peers[i]
		if p.schema == w.software.newer {
			continue
		}
		if p.service != nil {
			w.must(p.service.Close(), "stop one of the servers")
		}
		p.schema = w.software.newer
		if w.software.patient {
			w.reopen(p, "one of the servers is upgraded and holds back what the others do not know")
			w.lift()
			return
		}
		w.goBy(w.software.newer)
		s.service = p.service
		w.reopen(p, "one of the servers is upgraded")
		return
	}
}

// goBy has the realm go by another schema from now on.
func (w *world) goBy(software *schema.Schema) {
	w.server.schema = software
	w.model.ServerSchema(software)
}

// lift brings the realm to the newer schema where every server knows it.
func (w *world) lift() {
	s := w.server
	if s.down || slices.ContainsFunc(s.peers, func(p peer) bool { return p.service == nil || !s.ahead(&p) }) {
		return
	}
	w.goBy(w.software.newer)
	calm := s.store.calm
	s.store.calm = true
	err := s.service.Lift(s.ctx)
	s.store.calm = calm
	if s.disk != nil && s.disk.Off() {
		s.crashed()
		return
	}
	if w.must(err, "lift the realm") {
		w.trace.tell(w.now, "server", "goes by the newer schema")
	}
}

// bringSoftware puts the software in place that a backup was made with: newer one always, which alone opens it, older one in half of
// the cases, as whoever takes back an upgrade does.
func (w *world) bringSoftware(b *backup) {
	s := w.server
	s.wentBack++
	older := b.schema.Engine.Version < s.schema.Engine.Version
	switch {
	case b.schema == s.schema:
		return
	case older && (slices.Contains(w.c.Without, RolledBack) || !diceFor(w.c.Seed, "roll back", s.wentBack).oneIn(2)):
		return
	case older:
		w.strike(RolledBack)
	}
	for i := range s.peers {
		s.peers[i].schema = b.software[i]
	}
	w.goBy(b.schema)
	w.trace.tell(w.now, "server", "has the software that %s was made with", b.name)
}
