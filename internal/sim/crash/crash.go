package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"onedoor/internal/sim/child"
	"onedoor/internal/sim/desk"
	"onedoor/server"
	"onedoor/syncengine"
)

// Options say how to run.
type Options struct {
	// Self is the command that runs Child with the part's name appended.
	Self []string
	// Dir holds the run's files; it is left to the caller.
	Dir string
	// Store is the URL of a database of the PostgreSQL family in which the run makes a realm of its own, and removes it at
	// its end; empty for a file in Dir.
	Store string
	// Servers is how many serve the realm, one when 0; more than one need a Store.
	Servers int
	// Outage takes the database away and brings it back; nil where the run may not. Every other cycle on a Store has some.
	Outage func() error
	// Cycles is how many there are; Seed chooses what happens in each.
	Cycles int
	Seed   uint64
	// Progress is told what each cycle found; it may be nil.
	Progress func(Cycle)
	// Trace is told what happens meanwhile, one line at a time; it may be nil.
	Trace func(text string)
}

// Cycle is what one cycle found.
type Cycle struct {
	Number int
	Kind   Kind
	// ServerKills and PhoneKills count the processes that were killed, AtMarks those of them that a mark inside killed.
	ServerKills, PhoneKills, AtMarks int
	// Outages counts how often the database was taken away.
	Outages int
	// Refused counts edits that a full disk refused, since the run began.
	Refused int
	// Acknowledged counts the changes that the server has given its word for, since the run began.
	Acknowledged int
	// Answered counts the changes that a server gave its word for in the storm: without any, it killed nobody at work.
	Answered int
	// Unheard counts changes that stood in the log after the storm while the phone that wrote them had no answer, and sends
	// them again: without any, a cycle says nothing of changes that are taken twice.
	Unheard int
	// Lost and Duplicated count changes, each as often as an audit missed it or found it twice; Problems says what else
	// is wrong.
	Lost, Duplicated int
	Problems         []string
	// Slowest is the longest that a sync of the storm took; the cycle Took so long.
	Slowest, Took time.Duration
}

// Unmet says what the cycle did not meet that it is about: of that its finding nothing proves nothing.
func (c *Cycle) Unmet() (out []string) {
	for _, one := range []struct {
		missing bool
		says    string
	}{
		{c.ServerKills == 0, "no server was killed"},
		{c.PhoneKills == 0, "no phone was killed"},
		{c.AtMarks == 0, "nobody died at a mark"},
		{c.Answered == 0, "no change was answered in the storm, so that nobody was killed at work"},
		{c.Unheard == 0, "no call was cut between its commit and its answer, so that nothing was sent twice"},
		{c.Kind == SlowServer && c.Slowest < standsMin, fmt.Sprintf("no sync met the slow disk, the slowest took %v", c.Slowest)},
		{c.Kind == Outage && c.Outages == 0, "the database was never away"},
	} {
		if one.missing {
			out = append(out, fmt.Sprintf("cycle %d (%s): %s", c.Number+1, c.Kind, one.says))
		}
	}
	return out
}

// Result is what a run found.
type Result struct {
	Cycles       int  `json:"cycles"`
	Acknowledged int  `json:"acknowledged"`
	Lost         int  `json:"lost"`
	Duplicated   int  `json:"duplicated"`
	Converged    bool `json:"converged"`
}

// Good reports that nothing was found.
func (r *Result) Good() bool { return r.Lost == 0 && r.Duplicated == 0 && r.Converged }

// Run goes through the cycles. An error means that something could not be tried; what was found wrong is in the result.
func Run(ctx context.Context, o Options) (*Result, error) {
	ctx, stop := context.WithCancel(ctx) // kills the children that are left
	defer stop()
	r := &run{o: o, ctx: ctx, epoch: 1, served: served(o)}
	if err := r.begin(); err != nil {
		return nil, errors.Join(fmt.Errorf("make the world: %w", err), r.close())
	}
	result, err := r.cycles()
	return result, errors.Join(err, r.close())
}

// cycles goes through all of them.
func (r *run) cycles() (*Result, error) {
	result := &Result{Converged: true}
	for n := range r.o.Cycles {
		c, err := r.cycle(n)
		if err != nil {
			return nil, fmt.Errorf("cycle %d (%s): %w", n+1, c.Kind, err)
		}
		result.add(c)
		if r.o.Progress != nil {
			r.o.Progress(*c)
		}
	}
	return result, nil
}

func (r *Result) add(c *Cycle) {
	r.Cycles++
	r.Acknowledged = c.Acknowledged
	r.Lost, r.Duplicated = r.Lost+c.Lost, r.Duplicated+c.Duplicated
	r.Converged = r.Converged && len(c.Problems) == 0
}

// run is one run.
type run struct {
	o      Options
	ctx    context.Context
	served server.Config
	hosts  hosts
	phones []*handset
	seats  []desk.Seat
	ledger ledger
	// epoch is the one in force.
	epoch syncengine.Epoch
	// backups are the files that were made, the newest last; backingUp is the one being made, named how many were.
	backups   []string
	backingUp string
	named     int
	// tracing lets one goroutine at a time tell what happens.
	tracing sync.Mutex
}

func (r *run) trace(format string, args ...any) {
	if r.o.Trace != nil {
		r.tracing.Lock()
		defer r.tracing.Unlock()
		r.o.Trace(fmt.Sprintf(format, args...))
	}
}

// begin makes the realm, the phones and the doors that all of them know.
func (r *run) begin() error {
	if _, err := server.Init(r.ctx, server.InitOptions{Dir: r.served.Dir, Store: r.served.Store, Realm: desk.RealmCode}); err != nil {
		return err
	}
	for n := range max(1, r.o.Servers) {
		r.hosts = append(r.hosts, newHost(r, n))
	}
	r.hosts.begin(0, 0, true)
	a, err := r.hosts[0].do(serverCommand{Op: "seats", Phones: phonesMany})
	if err != nil {
		return err
	}
	r.seats = a.Seats
	for _, seat := range r.seats {
		if err := r.enrol(seat); err != nil {
			return err
		}
	}
	return errors.Join(r.doors(), r.hosts.rest())
}

// enrol takes a phone into the run.
func (r *run) enrol(seat desk.Seat) error {
	h, err := newHandset(r, len(r.phones), r.o.Dir)
	if err != nil {
		return err
	}
	r.phones = append(r.phones, h)
	_, err = h.do(phoneCommand{Op: "enrol", Server: h.addresses(), Code: seat.Code})
	return err
}

// newcomer enrols another phone of a user after the backup of a cycle, so that the backup does not know it.
func (r *run) newcomer(n int, kind Kind) error {
	if !kind.restores() || len(r.phones) == phonesMany+newcomersMax {
		return nil
	}
	r.hosts.begin(n, 0, true)
	a, err := r.hosts[0].do(serverCommand{Op: "another", Seat: r.seats[n%len(r.seats)]})
	if err != nil {
		return err
	}
	if err := r.enrol(a.Seats[0]); err != nil {
		return err
	}
	return errors.Join(r.phones[len(r.phones)-1].drain(), r.hosts.rest())
}

// doors lets the first phone make the doors, and brings them to the others.
func (r *run) doors() error {
	var made []edit
	for n := range doorsMany {
		made = append(made, edit{Kind: editDoor, Markers: []string{fmt.Sprintf("kill-%d-%d-%d;", 0, phonesMany+newcomersMax, n)}})
	}
	r.ledger.ask(made)
	first := r.phones[0]
	if _, err := first.do(phoneCommand{Op: "sync"}); err != nil { // brings the grid
		return err
	}
	if _, err := first.do(phoneCommand{Op: "edit", Edits: made}); err != nil {
		return err
	}
	return r.calm()
}

// close ends what is left running, and removes what the run made in a database.
func (r *run) close() error {
	for _, h := range r.phones {
		h.kill()
		_ = h.close() // what matters was audited
	}
	r.hosts.crash()
	return r.removeRealm()
}

// cycle lets a storm of kills pass, heals, and audits.
func (r *run) cycle(n int) (*Cycle, error) {
	began := time.Now()
	c := &Cycle{Number: n, Kind: r.kind(n)}
	// The servers rest between cycles.
	if err := r.keepState(n); err != nil {
		return c, fmt.Errorf("back up: %w", err)
	}
	if err := r.newcomer(n, c.Kind); err != nil {
		return c, fmt.Errorf("enrol a phone: %w", err)
	}
	before := r.deaths()
	if err := r.stormWithMore(n, c); err != nil {
		return c, err
	}
	if err := r.loseAnswers(n); err != nil {
		return c, err
	}
	if err := r.owed(c); err != nil {
		return c, err
	}
	if err := r.mend(n, c.Kind); err != nil {
		return c, err
	}
	if err := r.calm(); err != nil {
		return c, err
	}
	all, err := r.look()
	if err != nil {
		return c, err
	}
	if err := r.hosts.rest(); err != nil {
		return c, err
	}
	if err := r.judge(c, all); err != nil {
		return c, err
	}
	for _, h := range r.phones {
		h.mu.Lock()
		c.Slowest = max(c.Slowest, h.slowest)
		h.mu.Unlock()
	}
	now := r.deaths()
	c.ServerKills, c.PhoneKills, c.AtMarks = now.servers-before.servers, now.phones-before.phones, now.marked-before.marked
	c.Took = time.Since(began)
	return c, nil
}

// deaths counts the processes of a run that died, and those that died at their own marks.
type deaths struct{ servers, phones, marked int }

func (r *run) deaths() (d deaths) {
	d.servers, d.marked = r.hosts.deaths()
	for _, h := range r.phones {
		h.mu.Lock()
		d.phones, d.marked = d.phones+h.killed, d.marked+h.marked
		h.mu.Unlock()
	}
	return d
}

// storm lets every phone go through some of its rounds beside the others, while the server is killed. In the end the
// server lives.
func (r *run) storm(n int, kind Kind, first, end int) error {
	room := uint64(0)
	if kind == FullServer {
		room = roomOf(draws(r.o.Seed, n, "room", 0))
	}
	r.hosts.begin(n, room, false)
	var phones errgroup.Group
	for _, h := range r.phones {
		phones.Go(func() error { return h.storm(n, kind, first, end) })
	}
	if err := phones.Wait(); err != nil {
		return err
	}
	r.hosts.soothe()
	return nil
}

// stormWithMore lets the storm of a cycle pass, with what comes on top of it.
func (r *run) stormWithMore(n int, c *Cycle) error {
	if r.elsewhere() {
		return r.stormWithOutages(n, c)
	}
	return r.stormWithBackup(n, c.Kind)
}

// stormWithBackup lets the storm of a cycle pass, and in half of the cycles the operator backs up in the middle of it.
func (r *run) stormWithBackup(n int, kind Kind) error {
	random := draws(r.o.Seed, n, "backup", 1)
	after := time.Duration(random.Int64N(int64(stormTypical)))
	var both errgroup.Group
	if random.IntN(2) == 0 {
		both.Go(func() error {
			if err := child.Wait(r.ctx, after); err != nil {
				return err
			}
			return r.backUp(random)
		})
	}
	both.Go(func() error { return r.storm(n, kind, 0, roundsMany) })
	return both.Wait()
}

// stormTypical is about how long a storm lasts.
const stormTypical = time.Second

// roomOf draws how far the log of a server may grow: a few commits.
func roomOf(random *rand.Rand) uint64 { return uint64(100_000 + random.IntN(300_000)) }

// mend spoils the database and restores a backup, where the cycle is about that, and lets another storm pass while the
// phones heal the server.
func (r *run) mend(n int, kind Kind) error {
	if !kind.restores() {
		return nil
	}
	if err := r.throwAway(n, kind); err != nil {
		return err
	}
	return r.storm(n, kind, roundsMany, roundsMany+healingMany)
}

// throwAway lets the server lose what it holds since some moment.
func (r *run) throwAway(n int, kind Kind) error {
	if kind == LogCut {
		r.hosts.crash()
		return r.cutLog()
	}
	if err := r.hosts.rest(); err != nil {
		return err
	}
	if kind.damages() {
		if err := r.damage(kind, draws(r.o.Seed, n, "damage", 0)); err != nil {
			return err
		}
	}
	if kind == CopiedBack {
		return r.copyBack()
	}
	if err := r.restore(draws(r.o.Seed, n, "restore", 0), kind); err != nil {
		return fmt.Errorf("restore a backup: %w", err)
	}
	return nil
}

// owed audits the moment after the storm, before a phone says anything again and so brings back what it has: what the
// phones hold the server's word for is in the log.
func (r *run) owed(c *Cycle) error {
	before := r.ledger.count(acknowledged)
	all, err := r.look()
	if err != nil {
		return err
	}
	c.Answered = r.ledger.count(acknowledged) - before
	a, err := newAudit(r.ctx, r.served, &r.ledger)
	if err != nil {
		return fmt.Errorf("read the server's log after the storm: %w", err)
	}
	a.count(acknowledged)
	c.Unheard = a.unheard(all)
	r.found(c, a)
	return nil
}

const (
	// syncsMax bounds how often a phone is asked to sync until it rests. A phone's outbox of a cycle is one batch; the
	// others are for a line that the phone takes for broken, which it tries again after two seconds at most.
	syncsMax = 30
	// syncPause is how long its user waits before asking again.
	syncPause = 200 * time.Millisecond
)

// calm lets every phone sync until it has sent everything, and then once more for what the others sent.
func (r *run) calm() error {
	for _, h := range r.phones {
		if err := h.drain(); err != nil {
			return err
		}
	}
	for _, h := range r.phones {
		if err := h.drain(); err != nil {
			return err
		}
	}
	return nil
}

// drain syncs until nothing is pending.
func (h *handset) drain() (err error) {
	for range syncsMax {
		if err := h.run.hosts.listening(); err != nil {
			return err
		}
		if _, err = h.do(phoneCommand{Op: "sync"}); err != nil {
			if paused := child.Wait(h.run.ctx, syncPause); paused != nil {
				return paused
			}
			continue
		}
		var a phoneAnswer
		if a, err = h.do(phoneCommand{Op: "tell"}); err == nil && a.Facts.Pending == 0 {
			return nil
		}
	}
	return fmt.Errorf("phone %d does not come to rest in %d syncs without faults: %w", h.number, syncsMax, err)
}

// look reads every phone, and notes what it holds the server's word for.
func (r *run) look() (all []*facts, err error) {
	for _, h := range r.phones {
		a, err := h.sure(phoneCommand{Op: "tell"})
		if err != nil {
			return nil, fmt.Errorf("phone %d: %w", h.number, err)
		}
		r.ledger.acknowledge(a.Facts.Acknowledged)
		all = append(all, a.Facts)
	}
	return all, nil
}

// judge audits a world at rest.
func (r *run) judge(c *Cycle, all []*facts) error {
	a, err := newAudit(r.ctx, r.served, &r.ledger)
	if err != nil {
		return fmt.Errorf("read the server's log: %w", err)
	}
	if c.Kind == LogCut { // An epoch begins where what was cut off had been served to a phone.
		r.epoch = max(r.epoch, min(a.head.Epoch, r.epoch+1))
	}
	if a.head.Epoch != r.epoch {
		a.problem("the server is in epoch %d, where %d was begun", a.head.Epoch, r.epoch)
	}
	a.count(durable)
	for i, f := range all {
		a.phone(i, f, r.epoch)
	}
	a.agree(all)
	c.Acknowledged, c.Refused = r.ledger.count(acknowledged), r.ledger.count(refused)
	r.found(c, a)
	return nil
}

// found adds an audit to a cycle.
func (r *run) found(c *Cycle, a *audit) {
	c.Lost, c.Duplicated = c.Lost+len(a.lost), c.Duplicated+len(a.duplicated)
	c.Problems = append(c.Problems, a.problems...)
	for _, m := range a.lost {
		r.trace("lost: %s", m)
	}
	for _, m := range a.duplicated {
		r.trace("duplicated: %s", m)
	}
}
