package story_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

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

// loaded is phones on restless lines who make one door after the other.
type loaded struct {
	*pgtest.Load
	d     *district
	lines []*restless
	made  []int
}

// loaded has so many phones work at two servers.
func (d *district) loaded(phones int, a, b *running) *loaded {
	d.t.Helper()
	l := &loaded{d: d, made: make([]int, phones)}
	var work []func() error
	for i := range phones {
		line := &restless{}
		line.turn(a, b)
		p := d.phoneOn(a, line)
		p.synced()
		l.lines = append(l.lines, line)
		work = append(work, func() error {
			if _, err := p.AddJSON("premises", fmt.Sprintf(`{"address":"新华路%d-%d号","territory":"530702001001"}`, i, l.made[i])); err != nil {
				return err
			}
			l.made[i]++
			_, err := p.Sync(context.Background())
			return err
		})
	}
	l.Load = pgtest.Begin(work...)
	passed(d.t, l.Pass())
	return l
}

// turn points all phones at other servers.
func (l *loaded) turn(servers ...*running) {
	for _, line := range l.lines {
		line.turn(servers...)
	}
}

// ends ends the work and wants that no call failed twice and the log has every door.
func (l *loaded) ends() {
	l.d.t.Helper()
	passed(l.d.t, l.End())
	doors := 0
	for i, line := range l.lines {
		doors += l.made[i]
		if line.failed != nil {
			l.d.t.Errorf("phone %d: a call failed twice: %v", i, line.failed)
		}
	}
	if found := l.d.verified(); found.Records < doors {
		l.d.t.Errorf("the log has %d records, the phones made %d", found.Records, doors)
	}
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
	l := d.loaded(4, a, b)
	// One after the other is replaced; the other serves meanwhile.
	for range 2 {
		fresh := d.serve()
		l.turn(b, fresh)
		old := a
		a, b = b, fresh
		d.must(old.Stop(context.Background()))
		passed(t, l.Pass()) // Who was on its way to the old one has found another.
	}
	l.ends()
}
