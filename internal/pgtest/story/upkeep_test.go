package story_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/pgtest"
	"onedoor/server"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// cable is a server's line to the database, which can be pulled out: what is said is lost, and nothing is said anew. To the others it
// is what a killed server is, but it lives and believes what it believed.
type cable struct {
	// mu guards what follows.
	mu  sync.Mutex
	out bool
	all []net.Conn
}

var errPulled = errors.New("the cable is out")

func (c *cable) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out {
		return nil, errPulled
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err == nil {
		c.all = append(c.all, conn)
	}
	return conn, err
}

func (c *cable) pull(out bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = out
	for _, conn := range c.all {
		_ = conn.Close() // It may have ended by itself.
	}
	c.all = nil
}

// tasks counts the tasks of the realm, and how often the log makes each.
func (d *district) tasks() (made map[syncengine.ID]int) {
	d.t.Helper()
	made = map[syncengine.ID]int{}
	d.look(func(r store.Reader) error {
		return r.Entries(0, func(e store.Entry) bool {
			if e.Kind == syncengine.KindNumber(recordv1.Kind_KIND_TASK) && e.Prev == 0 {
				made[e.RecordID]++
			}
			return true
		})
	})
	return made
}

func TestUpkeep_WhatIsDueWhileItsServerIsGoneIsDoneOnceByTheOther(t *testing.T) {
	d := founded(t, pgtest.Database(t))
	var turned atomic.Int64
	clock := func() time.Time { return time.Now().Add(time.Duration(turned.Load())) }
	config := server.Config{Now: clock, LookEvery: renewEvery, RenewEvery: renewEvery}
	line := &cable{}
	first := config
	first.Dial = line.dial
	a := d.serveWith(first) // It takes the post.
	b := d.serveWith(config)
	ann := d.phone(b)
	ann.synced()
	const disputes = 3
	for range disputes {
		_, err := ann.AddJSON("dispute", `{"title":"漏水","territory":"530702001001"}`)
		d.must(err)
	}
	ann.synced()
	before := len(d.tasks())
	line.pull(true)
	turned.Store(int64(70 * 24 * time.Hour)) // Deadlines pass and months end.
	began := time.Now()
	for len(d.tasks()) < before+disputes { // Nobody has to say so.
	}
	t.Logf("%d tasks fell due while their server was gone: %v after it went the other had made them, with a renewal every %v", len(d.tasks())-before, time.Since(began), renewEvery)

	line.pull(false) // It is back, and may believe that it holds the post.
	var both sync.WaitGroup
	var frozen atomic.Int64
	for _, s := range []*running{a, b} {
		both.Go(func() {
			for {
				months, err := s.Reports().FreezeRipe(t.Context())
				frozen.Add(int64(len(months)))
				if err == nil {
					return
				}
				if !errors.Is(err, store.ErrUnavailable) {
					t.Error(err)
					return
				}
			}
		})
	}
	both.Wait()
	found, err := b.Reports().Verify(t.Context(), nil)
	d.must(err)
	if frozen.Load() == 0 || int(frozen.Load()) != found.Months || len(found.Problems) > 0 {
		t.Errorf("two servers froze %d months, %d are frozen; %v", frozen.Load(), found.Months, found.Problems)
	}
	a.halt(d)
	b.halt(d)
	for id, times := range d.tasks() {
		if times != 1 {
			t.Errorf("task %s was made %d times", id, times)
		}
	}
	d.verified()
}
