package sim

import (
	"fmt"
	"io"
	"os"

	"onedoor/internal/sim/model"
	"onedoor/syncengine"
)

// began is when every run begins: a working day's morning, in the middle of 2026.
const began instant = 1_780_000_000_000

// Case is one run to be made: a seed, and what of its script is left out.
type Case struct {
	Seed uint64
	// Steps ends the script after so many steps; 0 plays all of it.
	Steps int
	// Skip leaves single steps of the script out.
	Skip []int
	// Without leaves kinds of faults out.
	Without []Fault
	// Store is the URL of a database of the PostgreSQL family in which the seeds run that would run on a real file; empty
	// for the file.
	Store string
}

// world is one run of one seed.
type world struct {
	timeline
	c       Case
	weather *weather
	trace   *trace
	model   *model.Model
	secrets *secrets
	// dir is where stores and phones keep their files; it is removed at the end.
	dir    string
	server *server
	places *places
	staff  *staff
	phones []*phone
	// ahead holds what phones sent ahead of an exchange, by hash, for the auditor alone.
	ahead map[[32]byte][]byte
	known *known
	// readers are systems outside.
	readers []*reader
	// outer is the register of doors that lies elsewhere; nil for none.
	outer *outerRegister
	// software says what versions there are.
	software software
	// revoked are the devices that nobody trusts any more.
	revoked []syncengine.ID
	tally   tally
	// steps counts the script's steps that were played, saves the copies of phones that were put aside.
	steps, saves int
	// last is the number of the last step.
	last int
	// writing is set while the operator changes a user, of which the auditor is told in one piece.
	writing bool
	// healed is set when faults have stopped.
	healed bool
	// found is what the auditor found; the run ends with the first.
	found []model.Violation
	// failed is a fault of the simulation itself, or an answer that no rule allows.
	failed error
}

// newWorld makes the district of a seed, with everybody at work and nothing written yet.
func newWorld(c Case, keys *secrets, dir string, out io.Writer) (*world, error) {
	w := &world{
		timeline: timeline{now: began}, c: c, weather: drawWeather(c.Seed, setOf(c.Without)), trace: newTrace(out, began),
		secrets: keys, dir: dir, known: newKnown(), tally: tally{},
	}
	if w.weather.pageBytes > 0 {
		w.strike(TinyPages)
	}
	w.software = w.newSoftware()
	w.model = model.New(model.Options{})
	w.model.Sealing(w.opened)
	w.model.ServerSchema(w.software.older)
	if w.weather.often[Poison] > 0 {
		w.model.Poisoned(poison)
	}
	var err error
	if w.server, err = newServer(w); err != nil {
		return nil, err
	}
	if err := w.settle(); err != nil {
		return nil, err
	}
	return w, nil
}

// play plays the script, heals the world and audits it at rest.
func (w *world) play() {
	w.planScript()
	w.runOut()
	if w.over() {
		return
	}
	w.heal()
}

// runOut lets everything planned happen, until nothing is left or something was found.
func (w *world) runOut() {
	for !w.over() && w.next() {
		w.server.feelPower()
		w.audit()
	}
}

// next lets the next thing happen, with whichever server has its turn.
func (w *world) next() bool {
	w.server.turn()
	return w.timeline.step()
}

func (w *world) over() bool { return len(w.found) > 0 || w.failed != nil }

// audit asks the auditor whether the last step was in order.
func (w *world) audit() { w.note(w.model.CheckStep()) }

// note keeps what the auditor found and tells it.
func (w *world) note(found []model.Violation) {
	for _, v := range found {
		w.trace.tell(w.now, "auditor", "VIOLATION %s", w.known.named(v.String()))
	}
	w.found = append(w.found, found...)
}

// fail ends the run for a reason that is no violation the auditor could name.
func (w *world) fail(format string, args ...any) {
	if w.failed == nil {
		w.failed = fmt.Errorf(format, args...)
		w.trace.tell(w.now, "world", "FAILED %v", w.failed)
	}
}

// broken ends the run because something happened that the protocol forbids and that the auditor does not see.
func (w *world) broken(i model.Invariant, p *phone, format string, args ...any) {
	v := model.Violation{Invariant: i, Text: w.known.named(fmt.Sprintf(format, args...))}
	if p != nil {
		v.Phone = p.id
	}
	w.note([]model.Violation{v})
}

// must is fail for errors that a sound world does not meet.
func (w *world) must(err error, doing string) bool {
	if err != nil {
		w.fail("%s: %w", doing, err)
	}
	return err == nil
}

// strike tells that a fault happens.
func (w *world) strike(kind Fault) { w.tally[kind]++ }

// close ends everything that is open.
func (w *world) close() error {
	for _, p := range w.phones {
		p.shut()
	}
	w.server.shut()
	return os.RemoveAll(w.dir)
}

func (w *world) unix() syncengine.UnixMilli { return syncengine.UnixMilli(w.now) }
