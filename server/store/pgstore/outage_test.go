package pgstore_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"onedoor/internal/pgtest"
	"onedoor/server/store"
	"onedoor/server/store/pgstore"
	"onedoor/syncengine"

	"github.com/jackc/pgx/v5"
)

// own starts a cluster that a test may kill.
func own(t *testing.T) *pgtest.Cluster {
	t.Helper()
	c, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, c.Remove()) })
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// load is servers that write to one realm while something happens to the database.
type load struct {
	t      *testing.T
	stores []*pgstore.Store
	// mu guards acknowledged and failed; more is told of every change of them.
	mu           sync.Mutex
	more         *sync.Cond
	acknowledged []int
	failed       bool
	stop         chan struct{}
	running      sync.WaitGroup
}

// under starts the load; every server writes until it is stopped.
func under(t *testing.T, stores ...*pgstore.Store) *load {
	l := &load{t: t, stores: stores, acknowledged: make([]int, len(stores)), stop: make(chan struct{})}
	l.more = sync.NewCond(&l.mu)
	for i, s := range stores {
		l.running.Go(func() { l.write(i, s) })
	}
	return l
}

func (l *load) write(i int, s *pgstore.Store) {
	for {
		select {
		case <-l.stop:
			return
		default:
		}
		err := s.Update(ctx, signed(byte(i+1)))
		if err != nil && !errors.Is(err, store.ErrUnavailable) {
			l.t.Errorf("server %d: %v", i, err)
		}
		if !l.count(i, err) {
			return
		}
	}
}

// count notes what came of a server's update and reports whether it goes on.
func (l *load) count(i int, err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.acknowledged[i]++
	}
	l.failed = l.failed || err != nil && !errors.Is(err, store.ErrUnavailable)
	l.more.Broadcast()
	return !l.failed
}

// reach waits until every server has written so many more.
func (l *load) reach(more int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.acknowledged {
		for target := l.acknowledged[i] + more; l.acknowledged[i] < target && !l.failed; {
			l.more.Wait()
		}
	}
}

// sum gives how many updates were acknowledged so far.
func (l *load) sum() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, of := range l.acknowledged {
		n += of
	}
	return n
}

// end stops the load and wants what was acknowledged, once.
func (l *load) end() {
	l.t.Helper()
	close(l.stop)
	l.running.Wait()
	for i, s := range l.stores {
		if got, want := entriesBy(l.t, s, byte(i+1)), l.acknowledged[i]; got != want {
			l.t.Errorf("server %d made %d entries, acknowledged were %d", i, got, want)
		}
		if problems, err := s.Check(ctx); len(problems) > 0 || err != nil {
			l.t.Errorf("check: %v, %v", problems, err)
		}
	}
}

func TestUpdate_ADatabaseKilledUnderLoadAndStartedAgainLosesNothing(t *testing.T) {
	t.Parallel()
	c := own(t)
	o := pgstore.Options{URL: c.Database(t, "realms"), Realm: "530702"}
	l := under(t, mustCreate(t, o), mustOpen(t, o))
	for range 2 {
		l.reach(20)
		must(t, c.Kill())
		must(t, c.Up())
	}
	l.reach(20)
	must(t, c.Stop()) // Fast and in order: sessions are told that they end.
	must(t, c.Up())
	l.reach(20)
	l.end()
}

func TestUpdate_SessionsThatAnOperatorEndsLoseNothing(t *testing.T) {
	t.Parallel()
	c := own(t)
	o := pgstore.Options{URL: c.Database(t, "realms"), Realm: "530702"}
	l := under(t, mustCreate(t, o), mustOpen(t, o))
	for range 30 {
		l.reach(1)
		_, err := c.Ask("realms", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'onedoor'")
		must(t, err)
	}
	l.reach(5)
	l.end()
}

// An operator's table lock holds a commit up, and he ends the session that waits for it: the commit has not happened.
func TestUpdate_ACommitWhoseSessionAnOperatorEndsBeforeItHappensHappensOnce(t *testing.T) {
	t.Parallel()
	c := own(t)
	o := pgstore.Options{URL: c.Database(t, "realms"), Realm: "530702"}
	s := mustCreate(t, o)
	must(t, commit(s, 1))
	operator, err := pgx.Connect(ctx, c.URL("realms"))
	must(t, err)
	defer operator.Close(ctx)
	locked, err := operator.Begin(ctx)
	must(t, err)
	_, err = locked.Exec(ctx, "LOCK TABLE onedoor_writers IN SHARE MODE") // What reads goes on.
	must(t, err)
	updated := make(chan error, 1)
	go func() { updated <- commit(s, 1) }()
	held := func(than string) string {
		for len(updated) == 0 {
			said, err := c.Ask("realms", "SELECT pid FROM pg_stat_activity WHERE application_name = 'onedoor' AND wait_event_type = 'Lock'")
			must(t, err)
			if pid := strings.TrimSpace(said); pid != "" && pid != than {
				return pid
			}
		}
		return ""
	}
	first := held("")
	_, err = c.Ask("postgres", "SELECT pg_terminate_backend("+first+")")
	must(t, err)
	held(first) // That is the update when it is run again.
	if len(updated) > 0 {
		t.Errorf("an update was acknowledged while its commit was held up, and the store is at %d", newest(t, s))
	}
	must(t, locked.Rollback(ctx))
	must(t, <-updated)
	if n := newest(t, s); n != 2 {
		t.Errorf("the store is at %d, acknowledged was 2", n)
	}
}

func TestUpdate_AFullDiskWritesNothingAndTheStoreGoesOn(t *testing.T) {
	t.Parallel()
	const diskBytes = 20 << 20
	dir, remove, err := pgtest.SmallDisk(diskBytes)
	if err != nil {
		fmt.Printf("NOT RUN: %s: %v\n", t.Name(), err)
		return
	}
	t.Cleanup(func() { must(t, remove()) })
	c := own(t) // It ends before its disk goes.
	must(t, c.Tablespace("small", dir))
	url := c.Database(t, "realms")
	_, err = c.Ask("postgres", "ALTER DATABASE realms SET TABLESPACE small")
	must(t, err)
	exec(t, url, "CREATE TABLE ballast AS SELECT g, md5(g::text) FROM generate_series(1, 30000) g") // Two megabytes.
	s := mustCreate(t, pgstore.Options{URL: url, Realm: "530702"})
	last := syncengine.Seq(0)
	const bodyBytes = 200 << 10
	for {
		err := s.Update(ctx, large(bodyBytes))
		if errors.Is(err, store.ErrFull) {
			break
		}
		must(t, err)
		if last++; last > 10*diskBytes/bodyBytes {
			t.Fatal("the disk never filled up")
		}
	}
	for range 3 {
		if err := s.Update(ctx, large(bodyBytes)); !errors.Is(err, store.ErrFull) {
			t.Errorf("an update on a full disk: %v", err)
		}
	}
	if n := head(t, s); n != last {
		t.Errorf("a full store is at %d, acknowledged was %d", n, last)
	}
	_, err = c.Ask("postgres", "SELECT count(*) FROM pg_stat_activity") // The others are as they were.
	must(t, err)
	exec(t, url, "DROP TABLE ballast") // Room, as an operator makes it.
	must(t, s.Update(ctx, signed(1)))
	if n := head(t, s); n != last+1 {
		t.Errorf("after room came back the store is at %d of %d", n, last+1)
	}
}

// large writes an entry that cannot be packed, and as many scope rows as take up as much.
func large(bytes int) func(store.Writer) error {
	return func(w store.Writer) error {
		seq := w.Head().Seq + 1
		body := make([]byte, bytes/2)
		noise(body, uint64(seq))
		rows := make([]store.ScopeRow, bytes/2/150)
		for i := range rows {
			rows[i] = store.ScopeRow{Key: "R", Seq: seq, RecordID: syncengine.ID{1: byte(i >> 8), 2: byte(i)}}
		}
		return errors.Join(w.Append(store.Entry{Seq: seq, Body: body}), w.PutScope(rows...))
	}
}
