package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"

	"onedoor/server/store"
	"onedoor/syncengine"
)

var errCut = errors.New("the line was cut")

// cutter dials connections that are cut at the nth step of one kind, counted over all of them; n of 0 cuts nothing.
type cutter struct {
	// mu guards what follows.
	mu     sync.Mutex
	kind   string
	n, met int
	// again has a second step cut, so many behind the first.
	again  int
	struck bool
}

// The kinds of steps.
const (
	beforeWrite = "before a write reaches the database"
	afterWrite  = "behind a write that the database has"
	insideRead  = "inside an answer of the database"
)

// arm has the nth step of a kind cut.
func (c *cutter) arm(kind string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kind, c.n, c.met, c.again, c.struck = kind, n, 0, 0, false
}

// armTwice has the nth step of a kind cut, and the one that follows it so many steps behind.
func (c *cutter) armTwice(kind string, n, behind int) {
	c.arm(kind, n)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.again = behind
}

// strikes reports that this step is the one.
func (c *cutter) strikes(kind string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if kind != c.kind || c.n == 0 {
		return false
	}
	c.met++
	if c.met == c.n {
		c.struck = true
		return true
	}
	return c.again > 0 && c.met == c.n+c.again
}

// disarm reports whether a step was cut, and cuts no more.
func (c *cutter) disarm() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n = 0
	return c.struck
}

func (c *cutter) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &cuttable{conn, c}, nil
}

type cuttable struct {
	net.Conn
	cutter *cutter
}

func (c *cuttable) Write(b []byte) (int, error) {
	if c.cutter.strikes(beforeWrite) {
		return 0, errors.Join(errCut, c.Close())
	}
	n, err := c.Conn.Write(b)
	if err == nil && c.cutter.strikes(afterWrite) {
		return n, errors.Join(errCut, c.Close())
	}
	return n, err
}

// Read is cut behind the first byte of an answer.
func (c *cuttable) Read(b []byte) (int, error) {
	if !c.cutter.strikes(insideRead) {
		return c.Conn.Read(b)
	}
	if _, err := c.Conn.Read(b[:1]); err != nil {
		return 0, err
	}
	return 0, errors.Join(errCut, c.Close())
}

// work is an update that reads single rows and ranges, sends what it wrote in the middle, rewrites and removes.
func work(w store.Writer) error {
	if err := change(w); err != nil {
		return err
	}
	if err := w.Records(func(store.Record) bool { return true }); err != nil {
		return err
	}
	if err := change(w); err != nil {
		return err
	}
	if _, err := w.Scope(nil, "R", 0, 3); err != nil {
		return err
	}
	if err := w.PutDocument("passing", nil, []byte{1}); err != nil {
		return err
	}
	if _, _, err := w.LastDocument("passing", []byte{9}); err != nil {
		return err
	}
	if err := w.DeleteDocument("passing", nil); err != nil {
		return err
	}
	e, _, err := w.Entry(w.Head().Seq)
	if err != nil {
		return err
	}
	e.Extra = []byte("rewritten")
	return w.RewriteEntry(e)
}

// changesOfWork is how many changes work makes.
const changesOfWork = 2

func TestUpdate_ALineCutAtAnyStepLosesNothingAndDoesNothingTwice(t *testing.T) {
	for _, kind := range []string{beforeWrite, afterWrite, insideRead} {
		t.Run(kind, func(t *testing.T) {
			c := &cutter{}
			o := fresh(t)
			o.Dial = c.dial
			s := mustCreate(t, o)
			want := syncengine.Seq(0)
			steps := 0
			for n := 1; ; n++ {
				c.arm(kind, n)
				if err := s.Update(ctx, work); err != nil {
					t.Fatalf("cut at step %d: %v", n, err)
				}
				struck := c.disarm()
				want += changesOfWork
				if got := newest(t, s); got != want {
					t.Fatalf("cut at step %d: the store is at %d, acknowledged was %d", n, got, want)
				}
				if !struck {
					break
				}
				steps++
			}
			const least = 8 // Begin, two walks, a row, two documents, the rewriting, the commit.
			if steps < least {
				t.Errorf("%d steps were cut, an update has more", steps)
			}
			t.Logf("%d steps", steps)
		})
	}
}

func TestView_ALineCutAtAnyStepGivesTheStateOrAnErrorThatSaysTryAgain(t *testing.T) {
	for _, kind := range []string{beforeWrite, afterWrite, insideRead} {
		t.Run(kind, func(t *testing.T) {
			c := &cutter{}
			o := fresh(t)
			o.Dial = c.dial
			s := mustCreate(t, o)
			if err := commit(s, 3); err != nil {
				t.Fatal(err)
			}
			for n := 1; ; n++ {
				c.arm(kind, n)
				err := s.View(ctx, func(r store.Reader) error {
					if r.Head().Seq != 3 {
						return fmt.Errorf("a view of %d", r.Head().Seq)
					}
					_, _, err := r.Record(syncengine.ID{15: 2})
					return err
				})
				if err != nil && !errors.Is(err, store.ErrUnavailable) {
					t.Fatalf("cut at step %d: %v", n, err)
				}
				if !c.disarm() {
					break
				}
			}
		})
	}
}

// A commit whose answer is lost, and then the line on which it is asked about, at each of its steps.
func TestUpdate_ALineCutWhileACommitIsInDoubtLosesNothingAndDoesNothingTwice(t *testing.T) {
	const most = 12 // More steps than a connection and the question take.
	for _, kind := range []string{beforeWrite, afterWrite, insideRead} {
		t.Run(kind, func(t *testing.T) {
			c := &cutter{}
			o := fresh(t)
			o.Dial = c.dial
			s := mustCreate(t, o)
			want := syncengine.Seq(0)
			for step := 1; step <= 3; step++ { // The begin, the row that change reads, the commit.
				for behind := 1; behind <= most; behind++ {
					c.armTwice(kind, step, behind)
					if err := commit(s, 1); err != nil {
						t.Fatalf("cut at step %d and %d behind: %v", step, behind, err)
					}
					c.disarm()
					want++
					if got := newest(t, s); got != want {
						t.Fatalf("cut at step %d and %d behind: the store is at %d, acknowledged was %d", step, behind, got, want)
					}
				}
			}
		})
	}
}

func TestUpdate_AFunctionsOwnErrorIsNotTriedAgain(t *testing.T) {
	s := mustCreate(t, fresh(t))
	own, runs := errors.New("the function's own"), 0
	err := s.Update(ctx, func(store.Writer) error { runs++; return own })
	if err != own || runs != 1 {
		t.Errorf("%d runs gave %v", runs, err)
	}
}

// entriesBy counts the entries that a writer made.
func entriesBy(t *testing.T, s store.Store, writer byte) (n int) {
	t.Helper()
	err := s.View(ctx, func(r store.Reader) error {
		return r.Entries(0, func(e store.Entry) bool {
			if e.Incarnation[0] == writer {
				n++
			}
			return true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// signed is change by a writer.
func signed(writer byte) func(w store.Writer) error {
	return func(w store.Writer) error {
		seq := w.Head().Seq + 1
		return w.Append(store.Entry{Seq: seq, Type: store.EntryApplied, Incarnation: syncengine.ID{writer}})
	}
}

func TestUpdate_ServersOnOneRealmTakeTurnsWhileTheirLinesAreCut(t *testing.T) {
	const servers, updates = 3, 40
	o := fresh(t)
	s := mustCreate(t, o)
	var running sync.WaitGroup
	for n := range servers {
		c := &cutter{}
		o := o
		o.Dial = c.dial
		other := mustOpen(t, o)
		running.Go(func() {
			for i := range updates {
				c.arm([]string{beforeWrite, afterWrite, insideRead}[i%3], 1+i%5)
				if err := other.Update(ctx, signed(byte(n+1))); err != nil {
					t.Errorf("server %d: %v", n, err)
				}
			}
		})
	}
	running.Wait()
	for n := range servers {
		if got := entriesBy(t, s, byte(n+1)); got != updates {
			t.Errorf("server %d made %d entries, acknowledged were %d", n, got, updates)
		}
	}
	if problems, err := s.Check(ctx); len(problems) > 0 || err != nil {
		t.Errorf("check: %v, %v", problems, err)
	}
}
