package upgrade_test

import (
	"testing"
	"time"
)

// lifted is what a server says when every server knows the newer schema and the realm goes by it.
const lifted = "every server knows the record schema"

// staffed gives every app two workers.
func (f *fleet) staffed(apps ...*software) *fleet {
	f.t.Helper()
	for _, app := range apps {
		f.hire(app)
		f.hire(app)
	}
	return f
}

// waitForLift waits until one of the servers has lifted the realm.
func (f *fleet) waitForLift() {
	f.t.Helper()
	found := make(chan bool, len(f.servers))
	for _, s := range f.servers {
		go func() { // ended with the server
			_, ok := s.waitFor(lifted)
			found <- ok
		}()
	}
	if !<-found {
		f.t.Fatal("a server ended before the realm was lifted")
	}
}

// converged wants every door once on every phone, with what the phone's app knows of it, and a realm in which a check finds nothing.
func (f *fleet) converged(by *software) {
	f.t.Helper()
	made, slowest := 0, time.Duration(0)
	for range 2 {
		for _, w := range f.workers {
			must(f.t, w.process.Do(phoneCommand{Op: "sync"}, nil, nil))
		}
	}
	for _, w := range f.workers {
		made, slowest = made+w.made, max(slowest, w.slowest)
	}
	for _, w := range f.workers {
		f.shows(w, made)
	}
	found := f.object(f.command(by, "verify", "--data", f.dir, "--store", f.store, "--json"))
	if found["ok"] != true || found["epoch"] != 1.0 || found["seq"].(float64) < float64(made) {
		f.t.Errorf("the check found %v", found)
	}
	f.t.Logf("%d doors by %d phones, none of whose syncs failed beyond one retry; the slowest took %v", made, len(f.workers), slowest)
}

// shows wants all doors on a worker's screen, and the next software's field where its app knows it.
func (f *fleet) shows(on *worker, made int) {
	f.t.Helper()
	shown := on.shown(f.t)
	if len(shown) != made {
		f.t.Errorf("phone %d shows %d doors of %d", on.number, len(shown), made)
	}
	if !on.app.next {
		return
	}
	for _, w := range f.workers {
		has := 0
		for _, door := range shown {
			if door[nextField] == float64(w.storeys()) {
				has++
			}
		}
		if w.app.next && has != w.made {
			f.t.Errorf("phone %d shows the next software's field in %d doors of %d by phone %d", on.number, has, w.made, w.number)
		}
	}
}

// shutsOut wants one more server of a software to end with what is to be done.
func (f *fleet) shutsOut(by *software) {
	f.t.Helper()
	late := f.start(by, f.servers[1].dir, "127.0.0.1:0")
	_, says := late.waitFor("install the newer software")
	if code := late.process.State().ExitCode(); code != 1 || !says {
		f.t.Errorf("a server of before starts, or ends with %d: %s", code, late.said())
	}
}

func TestUpgrade_ServersOfTwoBuildsServeOneRealmAndAreRolledBackInTheMiddleWithoutASyncThatFailsTwice(t *testing.T) {
	this, next := twoSoftwares(t)
	f := founded(t, this, 3).staffed(this, next)
	l := f.begin()
	passed(t, l.Pass())
	for _, step := range []struct {
		server int
		by     *software
	}{{0, next}, {1, next}, {1, this}, {2, next}, {1, next}} { // The third is the way back.
		f.replace(step.server, step.by)
		passed(t, l.Pass())
	}
	f.waitForLift()
	passed(t, l.Pass())
	passed(t, l.End())
	f.converged(next)
	f.shutsOut(this)
}

func TestUpgrade_BesideAMigrationThatOnlyAddsServersOfBeforeRunAndStart(t *testing.T) {
	this, next := twoSoftwares(t)
	next.env = []string{nextTables + "=ALTER TABLE onedoor_heads ADD COLUMN IF NOT EXISTS next_note text NOT NULL DEFAULT ''; " +
		"CREATE TABLE IF NOT EXISTS onedoor_next (realm text PRIMARY KEY, note text NOT NULL)"}
	f := founded(t, this, 3).staffed(this, next)
	l := f.begin()
	passed(t, l.Pass())
	f.replace(0, next)
	passed(t, l.Pass()) // Two servers of before serve tables that the next software has added to.
	f.replace(1, this)
	passed(t, l.Pass())
	f.replace(1, next)
	passed(t, l.Pass())
	f.replace(2, next)
	f.waitForLift()
	passed(t, l.Pass())
	passed(t, l.End())
	f.converged(next)
}
