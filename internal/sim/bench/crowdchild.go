package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"time"

	client "onedoor/client-sdk"

	"onedoor/internal/sim/child"
	"onedoor/internal/sim/disk"
)

const (
	// crowdAtOnce is how many phones work beside each other while a scene is made: the window has all of them. A server lets
	// no more enrol from one address at once than may fail there.
	crowdAtOnce = 48
	// phonesPerDisk is how many phones share one disk in memory, and with it its lock.
	phonesPerDisk = 50
	// phonesPerAddress is how many phones come from one address: who enrols a thousand from one is slowed down.
	phonesPerAddress = 200
	// stormTries is how often a phone tries again within one sync, as the app does in the background.
	stormTries = 8
)

// crowdChild is a process of many phones: real replicas and the real loop of a sync over real connections, each on a
// disk in memory.
func crowdChild(ctx context.Context, in io.Reader, out io.Writer) error {
	p := &crowdPart{phonesPart: phonesPart{ctx: ctx}}
	err := child.Serve(in, out, p.handle)
	if closeErr := p.close(); err == nil {
		err = closeErr
	}
	return err
}

type crowdPart struct {
	phonesPart
	disks []*disk.Disk
	stop  context.CancelFunc
	// watching are phones that listen for hints.
	watching sync.WaitGroup
}

func (p *crowdPart) close() error {
	if p.stop != nil {
		p.stop()
		p.watching.Wait()
	}
	err := p.all(func(_ int, ph *benchPhone) error {
		if ph.replica == nil {
			return nil // It could not be opened.
		}
		return ph.replica.Close()
	})
	for _, d := range p.disks {
		if closeErr := d.Close(); err == nil {
			err = closeErr
		}
	}
	return err
}

func (p *crowdPart) handle(c command, say child.Say) (answer, error) {
	began := busy()
	a, err := p.work(c, say)
	a.BusyS = busy() - began
	return a, err
}

func (p *crowdPart) work(c command, say child.Say) (answer, error) {
	switch c.Op {
	case "open":
		return answer{}, p.open(c, true)
	case "enrol":
		return answer{}, p.open(c, false)
	case "fill":
		return p.fill(c)
	case "doors":
		return p.doors(c)
	case "sync":
		return p.watched(c, say, func(l *lull) (answer, error) { return p.storm(0, l) })
	case "visits":
		return p.visits(c)
	case "storm":
		return p.watched(c, say, func(l *lull) (answer, error) { return p.storm(seconds(c.WindowS), l) })
	case "pace":
		return p.pace(c)
	case "flood":
		return p.flood(c)
	case "pull":
		return p.pull(c)
	case "watch":
		return answer{}, p.watch()
	case "listen":
		return answer{}, p.listenFor(c)
	}
	return answer{}, fmt.Errorf("a crowd cannot %q", c.Op)
}

// all runs f for every phone, a bounded number beside each other.
func (p *crowdPart) all(f func(int, *benchPhone) error) error {
	errs := make([]error, len(p.phones))
	eachOf(len(p.phones), func(i int) { errs[i] = f(i, p.phones[i]) })
	return firstOf(errs)
}

// eachOf runs f for every number below n, a bounded number beside each other.
func eachOf(n int, f func(i int)) {
	room := make(chan struct{}, crowdAtOnce)
	var wg sync.WaitGroup
	for i := range n {
		room <- struct{}{}
		wg.Go(func() {
			f(i)
			<-room
		})
	}
	wg.Wait()
}

func firstOf(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// open enrols phones, and syncs each once if it is asked to. Phones of a second crowd come from addresses behind c.Phone others.
func (p *crowdPart) open(c command, sync bool) error {
	for len(p.disks)*phonesPerDisk < len(c.Phones) {
		d, err := disk.New()
		if err != nil {
			return err
		}
		p.disks = append(p.disks, d)
	}
	p.phones = make([]*benchPhone, len(c.Phones))
	for i, seat := range c.Phones {
		p.phones[i] = &benchPhone{grid: seat.Grid}
	}
	return p.all(func(i int, ph *benchPhone) (err error) {
		key := make([]byte, client.KeyBytes)
		key[0], key[1] = byte(i), byte(i>>8)
		ph.replica, err = client.Open(filepath.Join(c.Dir, fmt.Sprintf("phone-%05d", i)), key, client.Options{
			Disk: p.disks[i/phonesPerDisk], Dial: from((c.Phone+i)/phonesPerAddress + min(c.Phone, 1)), Tries: stormTries,
		})
		if err != nil {
			return err
		}
		if err := p.admitted(ph.replica, c.Server, c.Phones[i].Code); err != nil || !sync {
			return err
		}
		_, err = ph.replica.Sync(p.ctx)
		return err
	})
}

// admitted enrols a phone, and tries again as its user would where the server did not answer in time: on a busy machine
// dozens enrol at once.
func (p *crowdPart) admitted(r *client.Replica, server, code string) (err error) {
	for range stormTries {
		var fault *client.Fault
		if err = r.Enrol(p.ctx, server, code); !errors.As(err, &fault) || !fault.Passing {
			return err
		}
	}
	return err
}

// from dials from a loopback address of its own.
func from(n int) func(context.Context, string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 1, byte(n/250), byte(1+n%250))}}
	return func(ctx context.Context, address string) (net.Conn, error) { return d.DialContext(ctx, "tcp", address) }
}

// visits makes each phone's visits offline, in one group.
func (p *crowdPart) visits(c command) (answer, error) {
	made := make([][]string, len(p.phones))
	err := p.all(func(i int, ph *benchPhone) error {
		doors, err := idsOf(c.Doors[ph.grid])
		if err != nil {
			return err
		}
		next := newVisits(c.Seed + uint64(i))
		return ph.inGroups(c.Count, func(g *client.Group, _ int) error {
			id, err := g.Add(next.visit(doors, time.Now()))
			made[i] = append(made[i], id.String())
			return err
		})
	})
	return answer{Records: slices.Concat(made...)}, err
}

// storm lets every phone sync at a moment of the window, each under the eyes of whoever watches for lulls.
func (p *crowdPart) storm(window time.Duration, l *lull) (a answer, err error) {
	errs := make([]error, len(p.phones))
	took := make([]float64, len(p.phones))
	var mu sync.Mutex
	start := time.Now()
	var wg sync.WaitGroup
	for i, ph := range p.phones {
		var wait time.Duration
		if window > 0 {
			wait = rand.N(window)
		}
		wg.Go(func() {
			if errs[i] = child.Wait(p.ctx, wait); errs[i] != nil {
				return
			}
			began := time.Now()
			var rep *client.Report
			l.do(func() { rep, errs[i] = ph.replica.Sync(p.ctx) })
			took[i] = float64(time.Since(began).Microseconds()) / 1000
			mu.Lock()
			defer mu.Unlock()
			a.Pushed, a.Pulled, a.RoundTrips = a.Pushed+rep.Pushed, a.Pulled+rep.Pulled, a.RoundTrips+rep.RoundTrips
			if rep.Quarantined > 0 {
				errs[i] = fmt.Errorf("%d of %d changes were quarantined", rep.Quarantined, rep.Pushed)
			}
		})
	}
	wg.Wait()
	a.Seconds = time.Since(start).Seconds()
	slices.Sort(took)
	a.Latencies = took
	return a, firstOf(errs)
}

// watch has every phone listen for hints until the process ends.
func (p *crowdPart) watch() error {
	ctx, stop := context.WithCancel(p.ctx)
	p.stop = stop
	for _, ph := range p.phones {
		p.watching.Go(func() { _ = ph.replica.KeepSynced(ctx, quiet{}) }) // stopped by close
	}
	return nil
}

// quiet hears nothing of what KeepSynced does.
type quiet struct{}

// Synced is told of a sync that was done.
func (quiet) Synced(*client.Report) {}

// Failed is told of one that was not.
func (quiet) Failed(error) {}

// fill has the first phone make visits and send them.
func (p *crowdPart) fill(c command) (answer, error) {
	ph := p.phones[0]
	grid, err := ph.gridID()
	if err != nil {
		return answer{}, err
	}
	next := newVisits(c.Seed)
	err = ph.inGroups(c.Count, func(g *client.Group, _ int) error {
		m := next.visit([][]byte{nil}, time.Now())
		m.PremisesIds, m.Territory = nil, grid[:]
		_, err := g.Add(m)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	rep, err := ph.replica.Sync(p.ctx)
	return answer{Pushed: rep.Pushed}, err
}
