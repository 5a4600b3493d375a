package crash

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"onedoor/internal/sim/child"
)

// host keeps a server of a run alive: whenever its process is killed, the next one opens the same realm.
type host struct {
	run *run
	// number tells it from the others.
	number int

	mu sync.Mutex // guards the fields below
	// process is the living one, address where it listens; both are empty while there is none.
	process *child.Process
	address string
	// up is closed when a process has begun to listen; a new one takes its place when that is gone.
	up chan struct{}
	// resting is set while the server is to stay down.
	resting bool
	// kills counts how often it died in this cycle, calm says that it is not to die any more.
	kills int
	calm  bool
	// lives counts the processes of the run that were armed.
	lives int
	cycle int
	room  uint64
	// failed is an error that ended the keeping.
	failed error
	// kept waits for the keeper.
	kept sync.WaitGroup
	// killed counts deaths over all cycles, marked those by the server's own hand; struck is the process that was killed
	// from here last.
	killed, marked int
	struck         *child.Process
}

func newHost(r *run, number int) *host { return &host{run: r, number: number, up: make(chan struct{})} }

// begin starts the server for a cycle and keeps it alive until rest.
func (h *host) begin(cycle int, room uint64, calm bool) {
	h.mu.Lock()
	h.resting, h.kills, h.calm, h.cycle, h.room = false, 0, calm, cycle, room
	h.mu.Unlock()
	h.kept.Go(h.keep) // ended by rest, or by an error
}

// keep runs one process after the other.
func (h *host) keep() {
	for {
		p, err := h.open()
		if err != nil {
			h.fail(err)
			return
		}
		if p == nil { // killed while it opened, or the database is away
			continue
		}
		_, _ = p.Wait()
		if h.gone() {
			return
		}
	}
}

// open starts a process and lets it open the realm. nil without an error: it was killed before it listened.
func (h *host) open() (*child.Process, error) {
	p, err := child.Start(h.run.ctx, h.run.o.Self, RoleServer)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	h.process = p
	command := serverCommand{Op: "serve", Dir: h.run.served.Dir, Store: h.run.served.Store, Room: h.room, Slow: h.slowness(), Ahead: h.ahead()}
	command.Arm, command.Serving = h.arms()
	h.mu.Unlock()
	var a serverAnswer
	err = p.Do(command, &a, nil)
	switch {
	case errors.Is(err, child.ErrEnded):
		_, _ = p.Wait()
		if h.gone() {
			return nil, errors.New("the server was stopped while it opened")
		}
		return nil, h.run.ctx.Err()
	case err == nil && a.Away:
		return nil, h.retry(p)
	case err == nil && a.Refused != "":
		err = errors.New(a.Refused)
	}
	if err != nil {
		_, _ = p.Stop()
		return nil, fmt.Errorf("serve: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.struck != p { // It may have been killed just after it answered.
		h.address = a.Address
		close(h.up)
	}
	return p, nil
}

// awayPause is how long whoever starts servers waits before the next try where their database is away.
const awayPause = 50 * time.Millisecond

// retry ends a process that did not find its database, as it ends by itself in service, and lets some time pass.
func (h *host) retry(p *child.Process) error {
	_, _ = p.Stop()
	h.mu.Lock()
	h.process = nil
	resting := h.resting
	h.mu.Unlock()
	if resting {
		return errors.New("the server was stopped while its database was away")
	}
	return child.Wait(h.run.ctx, awayPause)
}

// arms draws where this life of the server ends, counted from its start or from when it serves; mu is held.
func (h *host) arms() (opening, serving Arm) {
	if h.calm || h.kills >= killsMax {
		return Arm{}, Arm{}
	}
	h.lives++
	return h.run.serverArms(draws(h.run.o.Seed, h.cycle, h.name(), h.lives))
}

// slowness is the seed of a slow disk, where the cycle is about that; mu is held.
func (h *host) slowness() uint64 {
	if h.calm || h.run.kind(h.cycle) != SlowServer {
		return 0
	}
	return 1 + draws(h.run.o.Seed, h.cycle, "slow "+h.name(), h.lives).Uint64N(1<<62)
}

// jump is how far a clock jumps: less than a lease lasts, since a phone that is told that its own is over locks, as it must.
const jump = 2 * 24 * time.Hour

// ahead is by how much the server's clock is ahead: that of the second of several jumps with each of its lives, forth and back, and the
// others are right. mu is held.
func (h *host) ahead() time.Duration {
	switch {
	case h.number != 1:
		return 0
	case h.lives%2 == 0:
		return -jump
	}
	return jump
}

// name is what the draws of a server go by.
func (h *host) name() string {
	if h.number == 0 {
		return RoleServer
	}
	return fmt.Sprintf("%s %d", RoleServer, h.number)
}

// gone notes that the process has ended and reports that no other is wanted.
func (h *host) gone() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unlist()
	if !h.resting {
		h.kills++
		h.killed++
		if h.struck != h.process {
			h.marked++
		}
	}
	h.process = nil
	return h.resting || h.run.ctx.Err() != nil
}

// fail ends the keeping with an error that everybody who waits gets.
func (h *host) fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failed, h.process = err, nil
	if h.address == "" {
		close(h.up)
	}
}

// kill kills the server, wherever it is.
func (h *host) kill() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.process != nil && !h.calm && h.kills < killsMax {
		h.strike()
	}
}

// strike kills the process, so that whoever waits for one that listens gets the next; mu is held.
func (h *host) strike() {
	h.struck = h.process
	_ = h.process.Kill() // it may be dead already
	h.unlist()
}

// unlist takes back that the server listens; mu is held.
func (h *host) unlist() {
	if h.address != "" {
		h.up, h.address = make(chan struct{}), ""
	}
}

// soothe lets the server live from now on, with all the room it wants. A server that is armed dies for the last time.
func (h *host) soothe() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calm, h.room = true, 0
	if h.process != nil {
		h.strike()
	}
}

// rest stops the server as an operator does and waits for it.
func (h *host) rest() error {
	if err := h.listening(); err != nil {
		return err
	}
	h.mu.Lock()
	h.resting = true
	p := h.process
	h.mu.Unlock()
	if p != nil {
		p.CloseInput()
	}
	h.kept.Wait()
	return nil
}

// listening waits until the server listens.
func (h *host) listening() error {
	_, err := h.where()
	return err
}

// where waits until the server listens and says where.
func (h *host) where() (string, error) {
	for {
		h.mu.Lock()
		address, up, failed := h.address, h.up, h.failed
		h.mu.Unlock()
		switch {
		case failed != nil:
			return "", failed
		case address != "":
			return address, nil
		}
		select {
		case <-up:
		case <-h.run.ctx.Done():
			return "", h.run.ctx.Err()
		}
	}
}

// errDown: nobody listens.
var errDown = errors.New("the server is down")

// dial reaches the server: one that is the only one once it is there; of several, a phone tries another meanwhile. It waits while
// none is there: phones that are told so at once are through with a storm before the servers are back.
func (h *host) dial() (net.Conn, error) {
	if err := h.run.hosts.some(h.run.ctx); err != nil {
		return nil, err
	}
	h.mu.Lock()
	address := h.address
	h.mu.Unlock()
	if address == "" && len(h.run.hosts) > 1 {
		return nil, errDown
	}
	address, err := h.where()
	if err != nil {
		return nil, err
	}
	return new(net.Dialer).DialContext(h.run.ctx, "tcp", address)
}

// do asks the living server for something.
func (h *host) do(c serverCommand) (a serverAnswer, err error) {
	if err := h.listening(); err != nil {
		return a, err
	}
	h.mu.Lock()
	p := h.process
	h.mu.Unlock()
	if p == nil {
		return a, child.ErrEnded
	}
	return a, p.Do(c, &a, nil)
}

// state tells whether the server listens, and whether it is to come back where it does not.
func (h *host) state() (listens, coming bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.address != "", !h.resting && h.failed == nil
}

// refusal starts a server on a folder that it must not serve, and gives the sentence with which it refuses.
func refusal(ctx context.Context, self []string, dir string) (string, error) {
	p, err := child.Start(ctx, self, RoleServer)
	if err != nil {
		return "", err
	}
	var a serverAnswer
	err = p.Do(serverCommand{Op: "serve", Dir: dir}, &a, nil)
	_, stopped := p.Stop()
	return a.Refused, errors.Join(err, stopped)
}

// crash kills the server, and it stays down.
func (h *host) crash() {
	h.mu.Lock()
	h.resting = true
	if h.process != nil {
		h.strike()
	}
	h.mu.Unlock()
	h.kept.Wait()
}

// deaths counts the server's deaths so far, and those at its own marks.
func (h *host) deaths() (killed, marked int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.killed, h.marked
}
