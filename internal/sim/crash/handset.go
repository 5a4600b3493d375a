package crash

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"onedoor/internal/line"
	"onedoor/internal/sim/child"
)

// handset is one phone of a run: its process, which may be killed at any time, and its lines to the servers. One goroutine
// at a time uses it; the lines' goroutines only see what mu guards.
type handset struct {
	run    *run
	number int
	dir    string
	// lines lead to the servers, one to each.
	lines []*line.Line
	// ledger is what the phone said of its edits.
	ledger *ledger

	mu sync.Mutex // guards the fields below
	// process is nil while the phone is off.
	process *child.Process
	// round is what strikes the line now; nil for nothing.
	round *round
	// calls counts the requests that the line has seen begin in this round.
	calls int
	// killed counts how often the phone was found dead, marked how often by its own hand; struck is the process that was
	// killed from here last.
	killed, marked int
	struck         *child.Process
	// slowest is the longest that a sync of this cycle took.
	slowest time.Duration
}

func newHandset(r *run, number int, dir string) (*handset, error) {
	h := &handset{run: r, number: number, dir: filepath.Join(dir, fmt.Sprintf("phone-%d", number)), ledger: &r.ledger}
	for _, to := range r.hosts {
		l, err := line.Open(to.dial, func(up bool, f line.Frame) line.Verdict { return h.strike(to, up, f) })
		if err != nil {
			return nil, errors.Join(err, h.close())
		}
		l.SetOnline(true)
		h.lines = append(h.lines, l)
	}
	return h, nil
}

// addresses is what the phone takes for the servers: each phone tries another one first.
func (h *handset) addresses() string {
	var all []string
	for i := range h.lines {
		all = append(all, h.lines[(h.number+i)%len(h.lines)].Address())
	}
	return strings.Join(all, ",")
}

// living starts the phone where it is off. The arm may kill it while it opens.
func (h *handset) living(arm Arm) (*child.Process, error) {
	h.mu.Lock()
	p := h.process
	h.mu.Unlock()
	if p != nil {
		return p, nil
	}
	p, err := child.Start(h.run.ctx, h.run.o.Self, RolePhone)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	h.process = p
	h.mu.Unlock()
	return p, h.ask(p, phoneCommand{Op: "open", Dir: h.dir, Number: h.number, Arm: arm}, nil)
}

// do asks the phone for something. child.ErrEnded says that it died meanwhile; the next call starts it again.
func (h *handset) do(c phoneCommand) (a phoneAnswer, err error) {
	p, err := h.living(Arm{})
	if err != nil {
		return a, err
	}
	return a, h.ask(p, c, &a)
}

// sure asks for something in peace. A kill that was on its way when the storm ended may still be met.
func (h *handset) sure(c phoneCommand) (a phoneAnswer, err error) {
	for range syncsMax {
		if a, err = h.do(c); !errors.Is(err, child.ErrEnded) {
			return a, err
		}
	}
	return a, err
}

// ask sends a command to a process and buries it where it has died.
func (h *handset) ask(p *child.Process, c phoneCommand, a *phoneAnswer) error {
	heard := func(said json.RawMessage) {
		var e edited
		if json.Unmarshal(said, &e) == nil { // a line that death cut is none
			h.ledger.say(e)
		}
	}
	var err error
	if a == nil {
		err = p.Do(c, nil, heard)
	} else {
		err = p.Do(c, a, heard)
	}
	if errors.Is(err, child.ErrEnded) {
		_, _ = p.Wait()
		h.mu.Lock()
		defer h.mu.Unlock()
		h.process = nil
		h.killed++
		if h.struck != p {
			h.marked++
		}
		if h.run.ctx.Err() != nil {
			return h.run.ctx.Err()
		}
	}
	return err
}

// kill kills the phone, whatever it does.
func (h *handset) kill() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.process != nil {
		h.struck = h.process
		_ = h.process.Kill() // it may be dead already
	}
}

// off turns the phone off as its user does.
func (h *handset) off() error {
	h.mu.Lock()
	p := h.process
	h.process = nil
	h.mu.Unlock()
	if p == nil {
		return nil
	}
	_, err := p.Stop()
	return err
}

// close ends the phone and its lines.
func (h *handset) close() error {
	err := h.off()
	for _, l := range h.lines {
		err = errors.Join(err, l.Close())
	}
	return err
}

// storm lets the phone go through rounds.
func (h *handset) storm(cycle int, kind Kind, first, end int) error {
	h.mu.Lock()
	h.slowest = 0
	h.mu.Unlock()
	for n := first; n < end; n++ {
		r := newRound(h.run.o.Seed, cycle, kind, h.number, n)
		if err := h.work(&r); err != nil {
			return err
		}
		if err := h.sync(&r); err != nil {
			return err
		}
	}
	return nil
}

// work makes a round's edits, as far as the phone lives.
func (h *handset) work(r *round) error {
	h.ledger.ask(r.edits)
	_, err := h.do(phoneCommand{Op: "edit", Edits: r.edits, Arm: r.editing, Room: r.room})
	return survived(err)
}

// sync syncs in the weather of a round. What goes wrong with the network is what is being tried.
func (h *handset) sync(r *round) error {
	h.mu.Lock()
	h.round, h.calls = r, 0
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		h.round = nil
		h.mu.Unlock()
	}()
	if _, err := h.living(r.syncing); err != nil {
		return survived(err)
	}
	timer := time.AfterFunc(r.after, func() { h.strikeDown(r.timed, h.run.hosts[h.number%len(h.run.hosts)]) })
	defer timer.Stop()
	began := time.Now()
	_, err := h.do(phoneCommand{Op: "sync", Arm: r.syncing})
	h.mu.Lock()
	h.slowest = max(h.slowest, time.Since(began))
	h.mu.Unlock()
	if err != nil {
		h.run.trace("phone %d: %v", h.number, err)
		return h.run.ctx.Err()
	}
	return nil
}

// survived drops the error of a death.
func survived(err error) error {
	if errors.Is(err, child.ErrEnded) {
		return nil
	}
	return err
}

// strikeDown kills a victim: the phone, or the server it speaks with.
func (h *handset) strikeDown(victim Victim, with *host) {
	switch victim {
	case thePhone:
		h.kill()
	case theServer:
		with.kill()
	}
}

// strike is the script of the line to a server.
func (h *handset) strike(to *host, up bool, f line.Frame) line.Verdict {
	r, struck := h.weather(up, f)
	if !struck {
		return line.Pass
	}
	if r.fault == delayed && !up && f.IsHeaders() {
		time.Sleep(r.delay) // a slow line, in a world that is slow on purpose
	}
	if at, passed := placeOf(up, f); passed && at == r.at {
		h.strikeDown(r.victim, to)
	}
	return r.fault.verdict(up, f)
}

// weather gives the round, and whether it strikes the call that a frame belongs to.
func (h *handset) weather(up bool, f line.Frame) (round, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.round == nil || f.Call() == 0 {
		return round{}, false
	}
	if up && f.IsHeaders() {
		h.calls++
	}
	return *h.round, h.round.strikes == everyCall || h.calls == h.round.strikes
}

// placeOf says which place a frame stands for, if any.
func placeOf(up bool, f line.Frame) (place, bool) {
	switch {
	case up && f.IsLast():
		return requestPassed, true
	case !up && f.IsHeaders() && !f.IsLast():
		return replyHeld, true
	case !up && f.IsLast():
		return replyPassed, true
	}
	return 0, false
}
