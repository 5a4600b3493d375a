package sim

import (
	"onedoor/internal/sim/model"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// restRounds is how often everybody syncs after faults have stopped. Work that needs more has not come to rest, which the
// auditor's own bound (I14) says more exactly.
const restRounds = 4

// heal stops every fault, has everybody sync until nothing moves, and audits the world at rest.
func (w *world) heal() {
	w.healed = true
	w.trace.tell(w.now, "world", "faults stop")
	for _, p := range w.phones {
		if !p.lost {
			p.recover()
			p.start()
		}
	}
	w.server.mend()
	w.modernise()
	w.model.Healed()
	for range restRounds {
		// Digests are compared at most daily.
		w.now += dayMs
		for _, p := range w.phones {
			if w.over() {
				return
			}
			p.beginSync()
			w.runOut()
		}
	}
	w.atRest()
}

// modernise gives everybody the newer software, and the server one without a fault.
func (w *world) modernise() {
	if w.software.older != w.software.newer || w.weather.often[Poison] > 0 {
		w.server.stop()
		w.model.Poisoned(syncengine.ID{})
		w.upgradeAll()
	}
	for _, p := range w.phones {
		p.upgrade()
		if !p.lost {
			p.start()
		}
	}
}

// atRest asks the auditor for its last word, and the server to reduce its own log again.
func (w *world) atRest() {
	screens := map[phoneID]model.Screen{}
	for _, p := range w.phones {
		if p.on() && !p.barred() {
			screens[p.id] = p.replica
		}
	}
	w.server.view(func(r store.Reader) error {
		w.note(w.model.AtRest(r, screens))
		verdict, err := exchange.Verify(r, w.server.schema, nil)
		if err != nil {
			return err
		}
		for _, problem := range verdict.Problems {
			w.broken(model.I4, nil, "the log does not reduce to what is stored: %s", problem)
		}
		head := r.Head()
		w.trace.tell(w.now, "server", "rests at %d/%d, tag %016x", head.Epoch, head.Seq, number(head.Tag[:]))
		return nil
	})
	w.feedsRest()
	w.auditReports()
	w.searchServer()
	for _, p := range w.phones {
		w.rest(p)
		if p.on() && !w.over() {
			w.search(p)
		}
		if p.on() && !w.over() && !w.server.distrusts(p.incarnation()) {
			w.searchErased(p)
		}
	}
	if !w.over() {
		w.searchServerErased()
	}
}

// rest tells how a phone stands at the end.
func (w *world) rest(p *phone) {
	if !p.on() {
		return
	}
	s, err := p.replica.Status()
	if !w.must(err, "ask "+p.name+" how it stands") {
		return
	}
	w.trace.tell(w.now, p.name, "rests at %d/%d: pending %d, quarantined %d, conflicts %d, records %d, digest %s, revoked %v",
		s.Epoch, s.Seq, s.Pending, s.Quarantined, s.Conflicts, s.Records, digestOf(s.Digest), s.Revoked)
	if s.Pending != 0 {
		w.broken(model.I14, p, "rests with %d changes that no server has", s.Pending)
	}
}
