package sim

import (
	"fmt"
	"slices"

	"onedoor/internal/schema"
	"onedoor/internal/sim/disk"
	"onedoor/internal/sim/model"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/server/store/pgstore"
	"onedoor/syncengine"
)

// The server's store is backed up, and put back: from the newest backup, from an older one than phones were told of, or
// without telling anybody, as a file that is copied back.

// backup is a copy of the server's store.
type backup struct {
	name string
	at   syncengine.Coordinate
	// memory, files or a realm of a database server hold the store, as the weather has it.
	memory *memstore.Store
	files  disk.Snapshot
	realm  *pgstore.Options
	// ledgered is how many entries the side ledger had then.
	ledgered int
	// software is what each server ran on, schema what the realm went by.
	software []*schema.Schema
	schema   *schema.Schema
}

// backUp copies the store and tells the phones that it is safe.
func (w *world) backUp(d dice) {
	if w.server.down {
		return
	}
	b := w.server.copyStore()
	w.server.backups = append(w.server.backups, b)
	w.searchServer()
	w.server.backedUpTo(b.at)
	w.trace.tell(w.now, "server", "is backed up as %s at %d/%d", b.name, b.at.Epoch, b.at.Seq)
	w.failBackup(d, b)
}

// failBackup has the newest backup turn out to be of no use once phones have heard of it, so that the one before is put back.
func (w *world) failBackup(d dice, b *backup) {
	n := len(w.server.backups)
	if n < 2 || !w.weather.strikes(d, RestoredOlder) {
		return
	}
	before := w.server.backups[n-2]
	w.after(d.between(4, 16)*w.weather.paceMs, func() {
		if w.healed || w.server.down || len(w.server.backups) != n {
			return
		}
		w.strike(RestoredOlder)
		w.trace.tell(w.now, "server", "cannot read %s", b.name)
		w.restore(before)
	})
}

// copyStore copies the store under a name.
func (s *server) copyStore() *backup {
	b := &backup{name: fmt.Sprintf("backup%d", len(s.backups)+1), ledgered: s.ledger.length(), schema: s.schema}
	for i := range s.peers {
		b.software = append(b.software, s.peers[i].schema)
	}
	s.view(func(r store.Reader) error {
		b.at = syncengine.Coordinate{Epoch: r.Head().Epoch, Seq: r.Head().Seq}
		s.w.model.BackedUp(b.name, r.Head())
		return nil
	})
	if mem, ok := s.memory(); ok {
		b.memory = mem.Copy()
		return b
	}
	if s.elsewhere() {
		o, err := s.copyRealm(s.beneath())
		s.w.must(err, "copy the server's realm")
		b.realm = &o
		return b
	}
	b.files = s.disk.Snapshot(dataFolder)
	return b
}

// restoreNewest puts the newest backup back.
func (w *world) restoreNewest(dice) {
	if n := len(w.server.backups); n > 0 && !w.server.down {
		w.strike(Restored)
		w.restore(w.server.backups[n-1])
	}
}

// restoreOlder puts a backup back that is older than the one phones were told of.
func (w *world) restoreOlder(d dice) {
	if n := len(w.server.backups); n > 1 && !w.server.down {
		w.strike(RestoredOlder)
		w.restore(w.server.backups[d.IntN(n-1)])
	}
}

// restore stops the server, puts a backup back, begins a new epoch and starts the server again.
func (w *world) restore(b *backup) {
	s := w.server
	if !s.halted() {
		return
	}
	var known syncengine.History
	var doubtful []syncengine.Epoch
	s.view(func(r store.Reader) (err error) {
		if known, err = exchange.History(r); err != nil {
			return err
		}
		doubtful, err = exchange.Doubtful(r)
		return err
	})
	if !s.putBack(b) {
		return
	}
	w.model.WentBack(b.name, true)
	w.bringSoftware(b)
	forks := known.Forks
	if s.ledger != nil {
		more, err := exchange.LedgerEpochs(s.ledger)
		w.must(err, "read the ledger's epochs")
		forks = append(forks, more...)
		doubts, err := exchange.LedgerDoubtful(s.ledger)
		w.must(err, "read the epochs that the ledger doubts")
		doubtful = append(doubtful, doubts...)
	}
	history, err := exchange.BeginEpoch(s.ctx, s.store.Store, exchange.Renewal{Known: forks, Doubtful: doubtful, Now: w.unix()})
	if !w.must(err, "begin a new epoch") {
		return
	}
	s.store.told, s.store.epoch = b.at.Seq, history.Epoch
	w.model.EpochBegan(history)
	w.trace.tell(w.now, "server", "is restored from %s at %d/%d: epoch %d begins", b.name, b.at.Epoch, b.at.Seq, history.Epoch)
	w.revokeAgain()
	w.must(s.start(), "start the restored server")
	w.relearn()
	s.backedUpTo(b.at)
	w.searchServerErased()
}

// copyBack puts a backup's files in the place of the store's and tells nobody. The server has to notice by itself: at
// once where its side ledger has more than the file, before it serves anybody from it.
func (w *world) copyBack(d dice) {
	s := w.server
	if len(s.backups) == 0 || s.down {
		return
	}
	b := pick(d, s.backups)
	w.strike(Undeclared)
	if !s.halted() || !s.putBack(b) {
		return
	}
	shown := s.ledger.length() > b.ledgered
	w.model.WentBack(b.name, shown)
	w.bringSoftware(b)
	s.store.told, s.store.epoch = b.at.Seq, b.at.Epoch
	w.trace.tell(w.now, "server", "has its file put back to %s at %d/%d, and nobody knows", b.name, b.at.Epoch, b.at.Seq)
	w.revokeAgain()
	w.must(s.start(), "start the server")
	if shown && s.store.epoch == b.at.Epoch {
		w.broken(model.I20, nil, "the side ledger shows that %s was put back, and the server serves it in epoch %d", b.name, b.at.Epoch)
	}
	w.relearn()
	w.searchServerErased()
}

// putBack makes the store what a backup holds.
func (s *server) putBack(b *backup) bool {
	if b.memory != nil {
		st, err := s.sealed(b.memory.Copy())
		s.store.Store = st
		return s.w.must(err, "open the backup")
	}
	s.w.must(s.store.Store.Close(), "close the server's store")
	if b.realm != nil {
		st, err := s.putRealmBack(b)
		if s.w.must(err, "open the backup's realm") {
			s.store.Store = st
			return true
		}
		return false
	}
	s.disk.PowerOn() // Whoever restores takes a machine that runs, and a disk that works.
	s.disk.PutBack(dataFolder, b.files)
	st, err := s.reopenStore()
	if !s.w.must(err, "open the restored store") {
		return false
	}
	s.store.Store = st
	return true
}

// relearn has the operator and the auditor learn who stands in the restored store: without a ledger, what was done at the
// server since the backup is lost, but for what is never given back.
func (w *world) relearn() {
	for _, u := range w.staff.users {
		u.told = 0
		w.lookUp(u)
	}
	w.strand()
}

// revokeAgain ends the trust in devices that were revoked since the backup, before the server serves.
func (w *world) revokeAgain() {
	err := w.server.store.Store.Update(w.server.ctx, func(tx store.Writer) error {
		for _, id := range w.revoked {
			if _, err := identity.GetDevice(tx, id); err != nil {
				continue
			}
			if err := identity.RevokeDevice(tx, id); err != nil {
				return err
			}
		}
		return nil
	})
	w.must(err, "revoke devices again")
}

// strand takes phones away that the restored server does not know and cannot know again: revoked ones, since without a
// ledger nobody would know that they were, and those that have no signed word of it.
func (w *world) strand() {
	for _, p := range w.phones {
		if p.lost || p.vouched && !slices.Contains(w.revoked, p.incarnation()) {
			continue
		}
		w.server.view(func(r store.Reader) error {
			if _, err := identity.GetDevice(r, p.incarnation()); err != nil {
				p.shut()
				p.lost = true
				w.model.Lost(p.id)
				w.trace.tell(w.now, p.name, "is not known to the restored server")
			}
			return nil
		})
	}
}
