package pgstore_test

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"onedoor/internal/pgtest"
	"onedoor/server/store"
	"onedoor/server/store/pgstore"
)

// both names two clusters in one URL, of which the one that takes writes is used.
func both(a, b *pgtest.Cluster) string {
	url, _, _ := strings.Cut(a.URL("realms"), "?")
	return url + "?host=" + a.Host() + "," + b.Host()
}

// pair is a primary and the standby that it waits for with each commit.
type pair struct {
	t                *testing.T
	primary, standby *pgtest.Cluster
}

// synchronous makes a pair. The standby's own settings name no further standby: once promoted it waits for nobody.
func synchronous(t *testing.T) *pair {
	t.Helper()
	p := &pair{t: t, primary: own(t)}
	p.primary.Database(t, "realms")
	var err error
	p.standby, err = p.primary.Standby()
	must(t, err)
	t.Cleanup(func() { must(t, p.standby.Remove()) })
	for _, set := range []string{"ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"} {
		p.ask(set)
	}
	for p.ask("SELECT sync_state FROM pg_stat_replication") != "sync" { // The setting counts once the standby is heard of.
	}
	return p
}

func (p *pair) ask(query string) string {
	p.t.Helper()
	said, err := p.primary.Ask("postgres", query)
	must(p.t, err)
	return strings.TrimSpace(said)
}

// options name the realm of a pair.
func (p *pair) options() pgstore.Options {
	return pgstore.Options{URL: both(p.primary, p.standby), Realm: "530702"}
}

// waiting lists the sessions whose commits wait for the standby.
func (p *pair) waiting() []string {
	p.t.Helper()
	return strings.Fields(p.ask("SELECT pid FROM pg_stat_activity WHERE application_name = 'onedoor' AND wait_event = 'SyncRep'"))
}

// waits waits for a session other than some to wait for the standby, and gives it. Where what is asked for ends meanwhile, nobody
// waited for the standby, and the test has failed.
func (p *pair) waits(than []string, ended func() bool) string {
	p.t.Helper()
	for !ended() {
		for _, pid := range p.waiting() {
			if !slices.Contains(than, pid) {
				return pid
			}
		}
	}
	p.t.Fatal("what no standby has was acknowledged")
	return ""
}

func TestUpdate_AFailOverToASynchronousStandbyLosesNothing(t *testing.T) {
	t.Parallel()
	p := synchronous(t)
	var text lockedText
	o := p.options()
	o.Log = slog.New(slog.NewTextHandler(&text, nil))
	l := under(t, mustCreate(t, o), mustOpen(t, o))
	l.reach(20)
	must(t, p.standby.Stop())
	before := l.sum()
	const underWay = 2 // One of each server may have been confirmed, and not yet told, when the standby went.
	p.waits(nil, func() bool { return l.sum() > before+underWay })
	must(t, p.primary.Kill())
	must(t, p.standby.Up())
	must(t, p.standby.Promote())
	l.reach(20)
	l.end()
	if told := text.String(); !strings.Contains(told, "was promoted or moved") || strings.Contains(told, "went back") {
		t.Errorf("the log says nothing of the fail-over, or of a loss:\n%s", told)
	}
}

func TestUpdate_ACommitThatTheStandbyHasIsFoundThereAfterTheFailOver(t *testing.T) {
	t.Parallel()
	p := synchronous(t)
	var gate pgtest.Gate
	o := p.options()
	o.Dial = gate.Dial
	s := mustCreate(t, o).NeverGiveUp()
	must(t, commit(s, 1)) // From here on its line knows how to commit.
	met, cut := gate.Arm(pgtest.Unheard)
	updated := make(chan error, 1)
	go func() { updated <- commit(s, 1) }()
	<-met // The standby has it, and nobody was told.
	must(t, p.primary.Kill())
	must(t, p.standby.Promote())
	cut()
	must(t, <-updated)
	if n := newest(t, s); n != 2 {
		t.Errorf("the standby is at %d, acknowledged was 2", n)
	}
}

// What ends a commit's wait for the standby leaves it on the primary for everybody to see. It counts when the standby has it.
func TestUpdate_ACommitIsAcknowledgedWhenTheStandbyHasItHoweverItsWaitIsEnded(t *testing.T) {
	t.Parallel()
	p := synchronous(t)
	s := mustCreate(t, p.options()).NeverGiveUp()
	must(t, commit(s, 1))
	for i, end := range []struct {
		name string
		wait func(pid string)
	}{
		{"the statement is cancelled", func(pid string) { p.ask("SELECT pg_cancel_backend(" + pid + ")") }},
		{"the session is ended", func(pid string) { p.ask("SELECT pg_terminate_backend(" + pid + ")") }},
		{"the primary is killed and comes back", func(string) { must(t, errors.Join(p.primary.Kill(), p.primary.Up())) }},
	} {
		must(t, p.standby.Stop())
		updated := make(chan error, 1)
		go func() { updated <- commit(s, 1) }()
		ended := func() bool { return len(updated) > 0 }
		pid := p.waits(nil, ended)
		end.wait(pid)
		p.waits([]string{pid}, ended) // What makes sure of it waits in its turn.
		must(t, p.standby.Up())
		must(t, <-updated)
		if n := newest(t, s); int(n) != i+2 {
			t.Errorf("%s: the store is at %d, acknowledged was %d", end.name, n, i+2)
		}
	}
}

func TestUpdate_AStaleReplicaThatIsPromotedIsNoticedByWhoKnowsMore(t *testing.T) {
	t.Parallel()
	primary := own(t)
	primary.Database(t, "realms")
	standby, err := primary.Standby()
	must(t, err)
	t.Cleanup(func() { must(t, standby.Remove()) })
	o := pgstore.Options{URL: both(primary, standby), Realm: "530702"}
	s := mustCreate(t, o)
	must(t, commit(s, 2))
	for { // The standby has these two.
		lag, err := primary.Ask("postgres", "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()")
		must(t, err)
		if strings.TrimSpace(lag) == "1" {
			break
		}
	}
	must(t, standby.Stop())
	must(t, commit(s, 1))
	must(t, commit(s, 1))
	must(t, primary.Kill())
	must(t, standby.Up())
	must(t, standby.Promote())

	if err := commit(s, 1); !errors.Is(err, store.ErrWentBack) {
		t.Errorf("the first update behind the loss: %v", err)
	}
	if n := newest(t, s); n != 2 {
		t.Errorf("the replica is at %d", n)
	}
	must(t, commit(s, 1)) // It is told once.
	if n := newest(t, s); n != 3 {
		t.Errorf("the replica is at %d", n)
	}
}
