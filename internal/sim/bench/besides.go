package bench

import (
	"fmt"
	"path/filepath"

	"onedoor/internal/sim/child"
)

// The parts of a comparison of neighbours: who serves, who works at a pace, and who makes the load.

func (n *neighbours) open() (err error) {
	n.out.Order = orderShares
	phones, home := child.Usual, child.Usual
	if child.MayGoFirst() {
		n.out.Order, phones, home = orderRealTime, child.Foremost, child.First
	}
	if n.home, err = n.serve(home, "realms", quietRealm, noisyRealm); err != nil {
		return err
	}
	if n.apart, err = n.serve(child.Usual, "apart", apartRealm); err != nil {
		return err
	}
	if n.paced, err = n.crowd(phones, n.home, quietRealm, quietPlace, pacedPhones, "open"); err != nil {
		return err
	}
	if n.flood, err = n.crowd(child.Behind, n.home, noisyRealm, noisyPlace, n.o.Flood, "open"); err != nil {
		return err
	}
	n.other, err = n.crowd(child.Behind, n.apart, apartRealm, apartPlace, n.o.Flood, "open")
	return err
}

// serve starts a process that serves realms.
func (n *neighbours) serve(rank child.Rank, dir string, realms ...string) (*host, error) {
	p, err := startAs(n.ctx, rank, n.o.Self, RoleServer)
	if err != nil {
		return nil, err
	}
	a, err := p.do(command{Op: "realms", Dir: filepath.Join(n.o.Dir, dir), Store: n.o.Store, Realms: realms})
	return &host{p, a.Addr}, err
}

// crowd starts phones of a place, from addresses of their own.
func (n *neighbours) crowd(rank child.Rank, at *host, realm, place string, phones int, op string) (*process, error) {
	staff, err := at.do(command{Op: "staff", Realm: realm, Grid: place, Count: phones})
	if err != nil {
		return nil, err
	}
	p, err := startAs(n.ctx, rank, n.o.Self, RoleCrowd)
	if err != nil {
		return nil, err
	}
	n.crowds++
	_, err = p.do(command{Op: op, Dir: fmt.Sprintf("phones-%d", n.crowds), Server: at.addr, Phones: staff.Seats, Phone: n.crowds * phonesPerAddress})
	return p, err
}

// fill makes the records of the full places.
func (n *neighbours) fill() error {
	if err := n.fillPlace(n.home, quietRealm, fullPlace); err != nil {
		return err
	}
	return n.fillPlace(n.apart, apartRealm, apartFullPlace)
}

// fillPlace has one phone make the records of a place.
func (n *neighbours) fillPlace(at *host, realm, place string) error {
	p, err := n.crowd(child.Usual, at, realm, place, 1, "open")
	if err != nil {
		return err
	}
	if _, err := p.do(command{Op: "fill", Count: n.o.Records, Seed: n.o.Seed}); err != nil {
		return err
	}
	_, _, err = p.stop()
	return err
}

// compare goes round and round.
func (n *neighbours) compare() error {
	for round := range n.o.Rounds {
		n.o.Progress(fmt.Sprintf("round %d of %d", round+1, n.o.Rounds))
		if err := n.round(); err != nil {
			return err
		}
	}
	o, alone := &n.out, n.out.Alone
	for _, b := range []struct {
		what  *Beside
		ratio *float64
	}{{&o.Alone, new(float64)}, {&o.Flooded, &o.FloodRatio}, {&o.Filled, &o.FillRatio}, {&o.Apart, &o.ApartRatio}, {&o.FilledApart, &o.FillApartRatio}} {
		*b.ratio = b.what.against(&alone, n.o.Rounds, n.o.Stretch)
	}
	return nil
}

// round measures once what is compared.
func (n *neighbours) round() error {
	if _, err := n.beside(&n.out.Alone, n.home, nil, ""); err != nil {
		return err
	}
	a, err := n.beside(&n.out.Flooded, n.home, n.flood, "flood")
	if err != nil {
		return err
	}
	n.out.FloodPushed += a.Pushed
	if a, err = n.beside(&n.out.Apart, n.apart, n.other, "flood"); err != nil {
		return err
	}
	n.out.ApartPushed += a.Pushed
	pulled, err := n.besideFill(&n.out.Filled, n.home, quietRealm, fullPlace)
	if err != nil {
		return err
	}
	n.out.FillPulled += pulled
	pulled, err = n.besideFill(&n.out.FilledApart, n.apart, apartRealm, apartFullPlace)
	n.out.FillApartPulled += pulled
	return err
}

// besideFill measures one stretch while fresh phones of a full place are filled, and counts the records that they were sent.
func (n *neighbours) besideFill(b *Beside, at *host, realm, place string) (pulled int, err error) {
	fresh, err := n.crowd(child.Behind, at, realm, place, freshPhones, "enrol")
	if err != nil {
		return 0, err
	}
	a, err := n.beside(b, at, fresh, "pull")
	if err != nil {
		return 0, err
	}
	_, _, err = fresh.stop()
	return a.Pulled, err
}

// beside measures one stretch of the paced phones while another crowd does what it is told to, at a server.
func (n *neighbours) beside(b *Beside, server *host, load *process, op string) (a answer, err error) {
	before, err := server.do(command{Op: "busy"})
	if err != nil {
		return a, err
	}
	done := make(chan error, 1)
	go func() { // ended by the crowd, whose work has an end
		if load == nil {
			done <- nil
			return
		}
		var err error
		a, err = load.do(command{Op: op, WindowS: n.o.Stretch.Seconds(), Seed: n.o.Seed})
		done <- err
	}()
	paced, err := n.paced.do(command{Op: "pace", WindowS: n.o.Stretch.Seconds(), BeatS: beat.Seconds(), Seed: n.o.Seed})
	if failed := <-done; err == nil {
		err = failed
	}
	if err != nil {
		return a, err
	}
	after, err := server.do(command{Op: "busy"})
	b.took = append(b.took, paced.Latencies)
	b.ServerShare, b.LoadShare = b.ServerShare+after.BusyS-before.BusyS, b.LoadShare+a.BusyS
	return a, err
}

func (n *neighbours) end() error {
	for _, p := range []*process{n.paced, n.flood, n.other, n.home.process, n.apart.process} {
		if _, _, err := p.stop(); err != nil {
			return err
		}
	}
	return nil
}
