package bench

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"

	"onedoor/internal/sim/child"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// phonesChild is a process of phones: real replicas, each with a file of its own.
func phonesChild(ctx context.Context, in io.Reader, out io.Writer) error {
	p := &phonesPart{ctx: ctx}
	err := child.Serve(in, out, p.handle)
	for _, ph := range p.phones {
		if closeErr := ph.replica.Close(); err == nil {
			err = closeErr
		}
	}
	return err
}

type phonesPart struct {
	ctx    context.Context
	phones []*benchPhone
	// records are the doors of W3, in the order they were made.
	records []syncengine.ID
}

type benchPhone struct {
	replica *client.Replica
	grid    string
	// territory is the grid's id on this phone.
	territory syncengine.ID
}

func (p *phonesPart) handle(c command, _ child.Say) (answer, error) {
	switch c.Op {
	case "enrol":
		return answer{}, p.enrol(c)
	case "open":
		if err := p.enrol(c); err != nil {
			return answer{}, err
		}
		_, err := p.sync()
		return answer{}, err
	case "doors":
		return p.doors(c)
	case "visits":
		return p.visits(c)
	case "sync":
		return p.sync()
	case "clash":
		return answer{}, p.clash()
	case "shown":
		return p.shown(p.phones[c.Phone])
	}
	return answer{}, fmt.Errorf("phones cannot %q", c.Op)
}

func (p *phonesPart) enrol(c command) error {
	for i, seat := range c.Phones {
		key := make([]byte, client.KeyBytes)
		key[0] = byte(i)
		r, err := client.Open(filepath.Join(c.Dir, fmt.Sprintf("phone-%03d", i)), key, client.Options{})
		if err != nil {
			return err
		}
		p.phones = append(p.phones, &benchPhone{replica: r, grid: seat.Grid})
		if err := r.Enrol(p.ctx, c.Server, seat.Code); err != nil {
			return err
		}
	}
	return nil
}

// each runs f for every phone at once.
func (p *phonesPart) each(f func(*benchPhone) error) error {
	errs := make([]error, len(p.phones))
	var wg sync.WaitGroup
	for i, ph := range p.phones {
		wg.Go(func() { errs[i] = f(ph) })
	}
	wg.Wait()
	return firstOf(errs)
}

// sync lets every phone sync at once and adds up what they report.
func (p *phonesPart) sync() (answer, error) {
	var a answer
	var mu sync.Mutex
	start := time.Now()
	err := p.each(func(ph *benchPhone) error {
		rep, err := ph.replica.Sync(p.ctx)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if rep.Quarantined > 0 {
			return fmt.Errorf("%d of %d changes were quarantined", rep.Quarantined, rep.Pushed)
		}
		a.Pushed += rep.Pushed
		a.RoundTrips += rep.RoundTrips
		a.Pulled += rep.Pulled
		a.PayloadUp += rep.BytesUp
		a.PayloadDown += rep.BytesDown
		return nil
	})
	a.Seconds = time.Since(start).Seconds()
	return a, err
}

// doors makes doors on the first phone of each grid and syncs them.
func (p *phonesPart) doors(c command) (answer, error) {
	made := map[string][]string{}
	for _, ph := range p.phones {
		if made[ph.grid] != nil {
			continue
		}
		grid, err := ph.gridID()
		if err != nil {
			return answer{}, err
		}
		var ids []string
		err = ph.inGroups(c.Count, func(g *client.Group, n int) error {
			id, err := g.Add(&recordv1.Premises{Address: proto.String(fmt.Sprintf("福慧路%d号", n+1)), Territory: grid[:]})
			ids = append(ids, id.String())
			p.records = append(p.records, id)
			return err
		})
		if err != nil {
			return answer{}, err
		}
		made[ph.grid] = ids
	}
	if _, err := p.sync(); err != nil {
		return answer{}, err
	}
	_, err := p.sync()
	return answer{Doors: made}, err
}

// groupOf is how many doors share a commit while a scene is made.
const groupOf = 100

func (ph *benchPhone) inGroups(count int, f func(*client.Group, int) error) error {
	for from := 0; from < count; from += groupOf {
		err := ph.replica.Group(func(g *client.Group) error {
			for n := from; n < min(from+groupOf, count); n++ {
				if err := f(g, n); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// gridID finds the phone's grid among the territories it was sent.
func (ph *benchPhone) gridID() (syncengine.ID, error) {
	if !ph.territory.IsZero() {
		return ph.territory, nil
	}
	places, err := ph.replica.List(client.Query{Kind: "territory"})
	if err != nil {
		return ph.territory, err
	}
	for _, place := range places {
		t := &recordv1.Territory{}
		if err := place.Read(t); err != nil {
			return ph.territory, err
		}
		if t.GetCode() == ph.grid {
			ph.territory = place.ID
			return ph.territory, nil
		}
	}
	return ph.territory, fmt.Errorf("the phone knows no territory %s", ph.grid)
}

// visits makes visits offline, each an edit of its own, and times them.
func (p *phonesPart) visits(c command) (answer, error) {
	var took []time.Duration
	var mu sync.Mutex
	seed := c.Seed
	err := p.each(func(ph *benchPhone) error {
		mu.Lock()
		seed++
		made := newVisits(seed)
		mu.Unlock()
		doors, err := idsOf(c.Doors[ph.grid])
		if err != nil {
			return err
		}
		own := make([]time.Duration, 0, c.Count)
		for range c.Count {
			m := made.visit(doors, time.Now())
			start := time.Now()
			if _, err := ph.replica.Add(m); err != nil {
				return err
			}
			own = append(own, time.Since(start))
		}
		mu.Lock()
		defer mu.Unlock()
		took = append(took, own...)
		return nil
	})
	slices.Sort(took)
	return answer{EditP50: milliseconds(took, 50), EditP99: milliseconds(took, 99)}, err
}

func idsOf(texts []string) ([][]byte, error) {
	out := make([][]byte, len(texts))
	for i, text := range texts {
		id, err := wire.ParseID(text)
		if err != nil {
			return nil, err
		}
		out[i] = id[:]
	}
	return out, nil
}

func milliseconds(sorted []time.Duration, percentile int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	i := min(len(sorted)-1, len(sorted)*percentile/100)
	return float64(sorted[i].Microseconds()) / 1000
}
