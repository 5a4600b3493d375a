package client_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"

	"onedoor/internal/sim/disk"
	"onedoor/internal/sim/disk/disktest"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"
)

// stepsMin is how many writes and syncs a walk has at least: with fewer, the work that was to be cut did not happen.
const stepsMin = 10

// powerWorld is a phone on a simulated disk, with work to send and work of a colleague to fetch, a server on another, and
// the moment to which every attempt goes back.
type powerWorld struct {
	*world
	// phone loses its power, other does not. Each has a disk of its own.
	phone, other      *phone
	disk, otherDisk   *disk.Disk
	files, otherFiles disk.Snapshot
	server            powerServer
	door              string
	// mine are the visits that the phone holds unsent.
	mine []string
}

// powerServer keeps the server's store at the moment, and opens it again.
type powerServer interface {
	save(w *world)
	back(w *world)
}

// inMemory is a server whose power stays on.
type inMemory struct{ saved *memstore.Store }

func (s *inMemory) save(w *world) { s.saved = w.store.(*memstore.Store).Copy() }
func (s *inMemory) back(w *world) { w.store = s.saved.Copy() }

// onDisk is a server on a simulated disk.
type onDisk struct {
	disk  *disk.Disk
	files disk.Snapshot
}

// realmFile is where its database stands.
const realmFile = "/realm/realm.db"

func (s *onDisk) save(w *world) {
	w.must(w.store.Close())
	s.files = s.disk.Snapshot("/")
	s.open(w)
}

func (s *onDisk) back(w *world) {
	w.must(w.store.Close())
	s.disk.PutBack("/", s.files)
	s.open(w)
}

func (s *onDisk) open(w *world) {
	st, err := sqlitestore.Open(context.Background(), realmFile, sqlitestore.Options{Disk: s.disk})
	w.must(err)
	w.store = st
}

// newPowerWorld makes the story on an empty store.
func newPowerWorld(t *testing.T, st store.Store, server powerServer) *powerWorld {
	t.Helper()
	w := &powerWorld{disk: disktest.New(t), otherDisk: disktest.New(t), server: server}
	w.world = newWorldOn(t, st) // closes the phones before the disks go
	w.inline = true
	w.restart()
	w.world.disk = w.otherDisk
	w.other = w.world.phone("甲", recordv1.Role_ROLE_GRID_WORKER, gridA)
	w.world.disk = w.disk
	w.phone = w.world.phone("乙", recordv1.Role_ROLE_GRID_WORKER, gridA)
	w.other.sync()
	door := w.other.add("premises", fmt.Sprintf(`{"address":"福慧路1号","territory":%q}`, gridA))
	w.other.sync()
	w.phone.page = 400 // several pages, so that a sync has several transactions
	w.phone.restart()
	w.phone.sync()
	w.other.edit(door, `{"compound":"象山"}`)
	for n := range 4 {
		w.other.add("visit", fmt.Sprintf(`{"premises_ids":[%q],"note":"别人的第%d次"}`, door, n))
	}
	w.other.sync()
	w.phone.edit(door, `{"compound":"寨后"}`)
	for n := range 3 {
		w.mine = append(w.mine, w.phone.add("visit", fmt.Sprintf(`{"premises_ids":[%q],"note":"我的第%d次"}`, door, n)))
	}
	w.must(w.phone.Close())
	w.must(w.other.Close())
	w.must(w.service.Close())
	w.server.save(w.world)
	w.files, w.otherFiles, w.door = w.disk.Snapshot("/"), w.otherDisk.Snapshot("/"), door
	w.serve()
	w.other.open()
	return w
}

// back takes phones and server back to the moment.
func (w *powerWorld) back() {
	w.t.Helper()
	w.must(w.service.Close())
	w.server.back(w.world)
	w.serve()
	w.disk.PutBack("/", w.files)
	w.must(w.other.Close())
	w.otherDisk.PutBack("/", w.otherFiles)
	w.other.open()
}

// attempt opens the phone, writes one more visit and syncs, until the power goes after n steps. It gives the visit where
// the phone said that it is written, and whether the power went.
func (w *powerWorld) attempt(n int, loss disk.Loss) (added string, went bool) {
	w.disk.PowerOffAfter(n, loss, rand.New(rand.NewPCG(uint64(n), uint64(loss))))
	if w.phone.tryOpen() == nil {
		if id, err := w.phone.AddJSON("visit", fmt.Sprintf(`{"premises_ids":[%q],"note":"最后一次"}`, w.door)); err == nil {
			added = id
		}
		_, _ = w.phone.Sync(w.t.Context()) // without power it cannot
		_ = w.phone.Close()
	}
	went = w.disk.Off()
	w.disk.PowerOn()
	return added, went
}

// TestPower_ASyncThatIsCutAtAnyStepLosesNothingAndRepeatsNothing tries every step of opening, an edit, a sync and the
// close, with every kind of loss: what the author saw stays on the screen, and the next sync brings both sides together.
func TestPower_ASyncThatIsCutAtAnyStepLosesNothingAndRepeatsNothing(t *testing.T) {
	w := newPowerWorld(t, memstore.New(), &inMemory{})
	for _, loss := range disk.Losses {
		steps := 0
		for went := true; went; steps++ {
			w.back()
			var added string
			added, went = w.attempt(steps, loss)
			if t.Failed() {
				t.Fatalf("%s is lost after step %d", loss, steps-1)
			}
			w.phone.open()
			w.wantMine(added)
			w.phone.sync()
			w.other.sync()
			w.wantMine(added)
			w.phone.wantShown("after the next sync", w.other.shown())
			if s, o := w.phone.status(), w.other.status(); s.Pending != 0 || s.Seq != o.Seq || s.Digest != o.Digest {
				t.Errorf("%d pending, at %d and %d, equal digests: %v", s.Pending, s.Seq, o.Seq, s.Digest == o.Digest)
			}
			w.verify()
			w.must(w.phone.Close())
		}
		if steps < stepsMin {
			t.Errorf("%s: only %d steps were tried", loss, steps)
		}
	}
	w.phone.open() // for the end of the story, which closes it
}

// TestPower_AServerThatIsCutAtAnyStepLosesNothingItGaveItsWordFor tries every step of two phones' syncs on the server's
// disk, with every kind of loss: what was acknowledged is there when the power is back, before any phone says it again.
func TestPower_AServerThatIsCutAtAnyStepLosesNothingItGaveItsWordFor(t *testing.T) {
	server := &onDisk{disk: disktest.New(t)}
	st, err := sqlitestore.Create(t.Context(), realmFile, sqlitestore.Options{Disk: server.disk})
	if err != nil {
		t.Fatal(err)
	}
	w := newPowerWorld(t, st, server)
	defer func() { w.must(w.store.Close()) }()
	for _, loss := range disk.Losses {
		steps := 0
		for went := true; went; steps++ {
			w.back()
			w.phone.open()
			server.disk.PowerOffAfter(steps, loss, rand.New(rand.NewPCG(uint64(steps), uint64(loss))))
			added := w.rounds()
			went = server.disk.Off()
			w.must(w.service.Close())
			_ = w.store.Close() // without power it cannot
			server.disk.PowerOn()
			server.open(w.world)
			w.serve()
			w.wantAcknowledged(w.phone)
			w.phone.sync()
			w.other.sync()
			w.phone.sync()
			w.wantMine(added...)
			w.phone.wantShown("when the power is back", w.other.shown())
			w.verify()
			if problems, err := w.store.Check(t.Context()); len(problems) > 0 || err != nil {
				t.Errorf("check: %q, %v", problems, err)
			}
			w.must(w.phone.Close())
			if t.Failed() {
				t.Fatalf("%s was lost after step %d", loss, steps)
			}
		}
		if steps < stepsMin {
			t.Errorf("%s: only %d steps were tried", loss, steps)
		}
	}
	w.phone.open() // for the end of the story, which closes it
}

// rounds has both phones write and sync in turn, and gives what the author wrote. Without power the server answers an error.
func (w *powerWorld) rounds() (added []string) {
	for n := range 3 {
		for _, p := range []*phone{w.phone, w.other} {
			_, _ = p.Sync(w.t.Context())
			id := p.add("visit", fmt.Sprintf(`{"premises_ids":[%q],"note":"还有第%d次"}`, w.door, n))
			if p == w.phone {
				added = append(added, id)
			}
		}
	}
	return added
}

// wantAcknowledged wants every change that the phone has an outcome for in the server's log, where the outcome says.
func (w *powerWorld) wantAcknowledged(p *phone) {
	w.t.Helper()
	w.must(w.service.View(w.t.Context(), func(r store.Reader) error {
		for _, change := range p.written(1) {
			if change.State == client.WrittenPending {
				continue
			}
			e, ok, err := r.Entry(syncengine.Seq(change.Seq))
			if err != nil || !ok || !bytes.Equal(e.Body, change.Body) {
				w.t.Errorf("change %d was acknowledged at %d, where the log has something else: %v", change.DeviceSeq, change.Seq, err)
			}
		}
		return nil
	}))
}

// wantMine wants the author's visits on the phone, the added one if it was said to be written, and each once.
func (w *powerWorld) wantMine(added ...string) {
	w.t.Helper()
	shown := w.phone.ids(client.Query{Kind: "visit", Mine: true})
	for _, id := range slices.Concat(w.mine, added) {
		if id != "" && !shown[id] {
			w.t.Errorf("the author's visit %s has left the screen", id)
		}
	}
	if most := len(w.mine) + max(1, len(added)); len(shown) > most {
		w.t.Errorf("%d visits of the author, who made %d", len(shown), most)
	}
}
