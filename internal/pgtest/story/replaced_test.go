package story_test

import (
	"errors"
	"sync"
	"testing"

	"onedoor/internal/pgtest"
	"onedoor/server"
)

// restoring replaces the district's realm by a backup, and does something once the roll was called, before the realm is replaced.
func (d *district) restoring(file string, meanwhile func()) (server.RestoreResult, error) {
	var once sync.Once
	return server.Restore(d.t.Context(), server.RestoreOptions{From: file, Dir: d.dir, Store: d.store, Replace: 530702, Progress: func(what string, _, _ int64) {
		if what == "copying the old realm" {
			once.Do(meanwhile)
		}
	}})
}

func TestRestore_AServerThatComesBetweenTheRollAndTheRestoreIsNotOverwritten(t *testing.T) {
	for _, leaves := range []bool{false, true} {
		d := founded(t, pgtest.Database(t))
		r := d.serve()
		ann := d.phone(r)
		ann.synced()
		file := d.saved()
		r.halt(d)
		var door string
		var come *running
		_, err := d.restoring(file, func() {
			come = d.serve()
			ann.pointAt(come)
			door = ann.door("民主路3号")
			ann.synced()
			if leaves {
				come.halt(d)
			}
		})
		if !errors.Is(err, server.ErrServed) {
			t.Fatalf("a server that came, leaves %v: %v", leaves, err)
		}
		if leaves {
			come = d.serve()
			ann.pointAt(come)
		}
		ann.synced()
		ann.shows(door, "民主路3号")
		come.halt(d)
		if now := d.verified(); now.Epoch != 1 {
			t.Errorf("the realm is in epoch %d", now.Epoch)
		}
		if _, err := d.restoring(file, func() {}); err != nil {
			t.Errorf("once it has gone: %v", err)
		}
	}
}

func TestRestore_AServerThatIsCutOffWhileItsRealmIsReplacedFindsOutAndPhonesHeal(t *testing.T) {
	d := founded(t, pgtest.Database(t))
	line := &cable{}
	r := d.serveWith(server.Config{Dial: line.dial})
	ann, bob := d.phone(r), d.phone(r)
	ann.synced()
	bob.synced()
	file := d.saved()
	door := ann.door("民主路3号")
	ann.synced()
	bob.synced()
	was := d.verified()
	line.pull(true)
	made, err := d.restoring(file, func() {}) // It waits until the one that is cut off has been silent for long enough.
	d.must(err)
	line.pull(false)
	d.must(bob.EditJSON(door, `{"rooms":4}`))
	for range 3 {
		for _, p := range []*phone{bob, ann} {
			_, _ = p.Sync(d.t.Context()) // The first call finds out.
		}
	}
	for _, p := range []*phone{bob, ann} {
		p.synced()
		p.shows(door, `"rooms":4`)
	}
	r.halt(d)
	if now := d.verified(); now.Records != was.Records || now.Epoch <= made.Epoch {
		t.Errorf("healed to %+v; it was %+v, and restored in epoch %d", now, was, made.Epoch)
	}
}
