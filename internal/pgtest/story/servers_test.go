package story_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/pgtest"
)

// restless is a line that calls another server each time, and the next one where that does not answer: one retry, no more.
type restless struct {
	line
	// mu guards what follows.
	mu      sync.Mutex
	servers []*running
	next    int
	retried int
	failed  error
}

func (l *restless) turn(servers ...*running) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.servers = servers
}

// server gives the server whose turn it is.
func (l *restless) server() *running {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	return l.servers[l.next%len(l.servers)]
}

func (l *restless) Exchange(ctx context.Context, req *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	resp, err := syncv1.NewSyncServiceClient(l.server().conn).Exchange(ctx, req)
	if status.Code(err) != codes.Unavailable {
		return resp, err
	}
	l.mu.Lock()
	l.retried++
	l.mu.Unlock()
	if resp, err = syncv1.NewSyncServiceClient(l.server().conn).Exchange(ctx, req); err != nil {
		l.mu.Lock()
		l.failed = err
		l.mu.Unlock()
	}
	return resp, err
}

func TestServers_PhonesThatCallAnotherServerEachTimeConverge(t *testing.T) {
	d := founded(t, pgtest.Database(t))
	servers := []*running{d.serve(), d.serve(), d.serve()}
	ann, bob := d.phone(servers[0]), d.phone(servers[1])
	var doors []string
	for i := range 6 {
		for j, p := range []*phone{ann, bob} {
			p.line.to.Store(servers[(i+j)%len(servers)])
			p.synced()
			doors = append(doors, p.door(fmt.Sprintf("民主路%d-%d号", i, j)))
			if i > 0 {
				d.must(p.EditJSON(doors[0], fmt.Sprintf(`{"rooms":%d}`, 10*i+j)))
			}
			p.line.to.Store(servers[(i+j+1)%len(servers)])
			p.synced()
		}
	}
	ann.synced()
	for _, p := range []*phone{ann, bob} {
		for _, id := range doors {
			p.shows(id, "民主路")
		}
		p.shows(doors[0], `"rooms":51`)
	}
	if found := d.verified(); found.Records < len(doors) {
		t.Errorf("the log has %d records", found.Records)
	}
}

func TestServers_ARollingRestartUnderLoadCostsNoPhoneMoreThanARetry(t *testing.T) {
	d := founded(t, pgtest.Database(t))
	a, b := d.serve(), d.serve()
	const phones, doors = 4, 12
	lines := make([]*restless, phones)
	done := make(chan error, phones)
	for i := range phones {
		l := &restless{}
		l.turn(a, b)
		p := d.phoneOn(a, l)
		p.synced()
		lines[i] = l
		go func() {
			var err error
			for n := 0; n < doors && err == nil; n++ {
				if _, err = p.AddJSON("premises", fmt.Sprintf(`{"address":"新华路%d-%d号","territory":"530702001001"}`, i, n)); err == nil {
					_, err = p.Sync(context.Background())
				}
			}
			done <- err
		}()
	}
	// One after the other is replaced; the other serves meanwhile.
	for range 2 {
		fresh := d.serve()
		for _, l := range lines {
			l.turn(b, fresh)
		}
		old := a
		a, b = b, fresh
		stop, cancel := context.WithTimeout(context.Background(), time.Minute)
		d.must(old.Stop(stop))
		cancel()
	}
	for range phones {
		d.must(<-done)
	}
	for i, l := range lines {
		if l.failed != nil {
			t.Errorf("phone %d: a call failed twice: %v", i, l.failed)
		}
	}
	if found := d.verified(); found.Records < phones*doors {
		t.Errorf("the log has %d records, the phones made %d", found.Records, phones*doors)
	}
}
