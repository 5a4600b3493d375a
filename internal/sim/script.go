package sim

import (
	"slices"

	client "onedoor/client-sdk"
	"onedoor/internal/sim/disk"
)

// The script is drawn before anything happens: when each step comes, and of which kind it is. What a step does in detail
// is drawn when it comes, from dice of its own.

// step is one thing that happens by somebody's doing.
type step struct {
	number int
	name   string
	do     func(w *world, d dice)
}

// stepKind is a kind of step with how often it comes: by weight, or for a fault by how often the weather has it.
type stepKind struct {
	name   string
	weight int
	// fault makes the weight that of a fault: none where the weather has none of it.
	fault Fault
	do    func(w *world, d dice)
}

// stepKinds are all kinds of steps.
var stepKinds = []stepKind{
	{name: "work", weight: 420, do: func(w *world, d dice) { w.somePhone(d).work(d) }},
	{name: "sync", weight: 260, do: func(w *world, d dice) { w.somePhone(d).beginSync() }},
	{name: "look", weight: 20, do: func(w *world, d dice) { w.look(w.somePhone(d)) }},
	{name: "decide", weight: 30, do: (*world).decide},
	{name: "correct", weight: 15, do: (*world).correct},
	{name: "move", weight: 40, fault: Moved, do: (*world).moveDoor},
	{name: "grant", weight: 40, fault: Regranted, do: (*world).regrant},
	{name: "grant", weight: 20, fault: Withdrawn, do: (*world).regrant},
	{name: "role", weight: 15, fault: RoleRaised, do: (*world).promote},
	{name: "seal", weight: 25, fault: Sealed, do: (*world).sealCase},
	{name: "recuse", weight: 25, fault: Recused, do: (*world).recuse},
	{name: "route", weight: 12, do: (*world).route},
	{name: "hand over", weight: 30, fault: HandedOver, do: (*world).handOver},
	{name: "void", weight: 10, fault: Voided, do: (*world).voidAtDesk},
	{name: "import", weight: 14, fault: Imported, do: (*world).handIn},
	{name: "feed", weight: 25, fault: Fed, do: (*world).feed},
	{name: "erase", weight: 20, fault: Erased, do: (*world).erase},
	{name: "revoke", weight: 10, fault: DeviceGone, do: (*world).distrust},
	{name: "kill", weight: 30, fault: Kill, do: (*world).killOne},
	{name: "fuse", weight: 30, fault: KillInCommit, do: (*world).lightFuse},
	{name: "bad disk", weight: 15, fault: DiskFails, do: (*world).failDisk},
	{name: "full disk", weight: 15, fault: DiskFull, do: (*world).fillDisk},
	{name: "save", weight: 15, fault: OldBackup, do: func(w *world, d dice) { w.somePhone(d).save() }},
	{name: "save", weight: 15, fault: Clone, do: func(w *world, d dice) { w.somePhone(d).save() }},
	{name: "put back", weight: 12, fault: OldBackup, do: (*world).putOneBack},
	{name: "clone", weight: 12, fault: Clone, do: (*world).cloneOne},
	{name: "lose", weight: 5, fault: PhoneLost, do: func(w *world, d dice) { w.somePhone(d).lose() }},
	{name: "jump", weight: 20, fault: Jump, do: (*world).jumpClock},
	{name: "backwards", weight: 15, fault: Backwards, do: (*world).turnClock},
	{name: "restart", weight: 20, fault: Restart, do: (*world).restartServer},
	{name: "full store", weight: 8, fault: StoreFull, do: (*world).fillStore},
	{name: "power", weight: 15, fault: PowerLoss, do: (*world).cutPower},
	{name: "back up", weight: 12, fault: Restored, do: (*world).backUp},
	{name: "back up", weight: 12, fault: RestoredOlder, do: (*world).backUp},
	{name: "back up", weight: 12, fault: Undeclared, do: (*world).backUp},
	{name: "file put back", weight: 6, fault: Undeclared, do: (*world).copyBack},
	{name: "upgrade", weight: 6, fault: SchemaSkew, do: (*world).upgradeServer},
	{name: "new app", weight: 20, fault: SchemaSkew, do: (*world).upgradePhone},
	{name: "poison", weight: 10, fault: Poison, do: (*world).writePoison},
	{name: "oversize", weight: 8, fault: Oversized, do: (*world).oversize},
	{name: "forge", weight: 8, fault: Forged, do: (*world).impersonate},
	{name: "restore", weight: 6, fault: Restored, do: (*world).restoreNewest},
	{name: "restore", weight: 6, fault: RestoredOlder, do: (*world).restoreOlder},
}

// planScript plans every step that the case does not leave out: a day's, and those of the days that may follow.
func (w *world) planScript() {
	for _, p := range w.phones {
		w.after(0, p.beginSync)
	}
	end := w.planSteps(w.now, 1, w.weather.steps, w.weather.paceMs, w.choices(stepKinds))
	w.planDays(end)
}

// planSteps plans steps of some kinds from a time on, so far apart on average; it gives the time of the last one.
func (w *world) planSteps(at instant, first, last int, paceMs int64, kinds []weighed[*stepKind]) instant {
	if w.c.Steps > 0 {
		last = min(last, w.c.Steps)
	}
	for n := first; n <= last; n++ {
		d := diceFor(w.c.Seed, "step", n)
		at += instant(d.between(0, 2*paceMs))
		s := step{number: n}
		kind := draw(d, kinds)
		s.name, s.do = kind.name, kind.do
		if !slices.Contains(w.c.Skip, n) {
			w.at(at, func() { w.take(&s) })
		}
	}
	return at
}

// choices weighs the kinds of steps for this run's weather.
func (w *world) choices(kinds []stepKind) []weighed[*stepKind] {
	out := make([]weighed[*stepKind], 0, len(kinds))
	for i := range kinds {
		kind := &kinds[i]
		if kind.fault == "" || w.weather.often[kind.fault] > 0 {
			out = append(out, weighed[*stepKind]{kind.weight, kind})
		}
	}
	return out
}

// take takes a step.
func (w *world) take(s *step) {
	w.steps++
	w.last = s.number
	w.trace.tell(w.now, "script", "step %d: %s", s.number, s.name)
	if w.deserted() {
		w.trace.tell(w.now, "script", "no phone is left to take it")
		return
	}
	d := diceFor(w.c.Seed, "do", s.number)
	s.do(w, d)
	w.server.feelPower()
	w.reportsFollow(s.number)
	if d.oneIn(w.weather.lookIn) && !w.deserted() {
		w.look(w.somePhone(d))
	}
}

// deserted reports that every phone is lost, as may happen in a script of a few steps.
func (w *world) deserted() bool {
	return !slices.ContainsFunc(w.phones, func(p *phone) bool { return !p.lost })
}

// somePhone draws a phone that is not lost; there must be one.
func (w *world) somePhone(d dice) *phone {
	there := make([]*phone, 0, len(w.phones))
	for _, p := range w.phones {
		if !p.lost {
			there = append(there, p)
		}
	}
	return pick(d, there)
}

// look has the auditor compare a phone's screen with its prediction. A screen writes too, now and then the time that it was
// seen at: where the phone dies in that, there is no screen to compare.
func (w *world) look(p *phone) {
	if !p.on() || w.failed != nil || p.barred() {
		return
	}
	found := w.model.CheckPhone(p.id, p.replica)
	if !p.hurt(nil, "is looked at") {
		w.note(found)
	}
}

// lookFor has the auditor search a phone's files, after a sync now and then, for what must not be there any more.
func (w *world) lookFor(p *phone) {
	if !p.on() || p.sick || !diceFor(w.c.Seed, "search "+p.name, p.calls).oneIn(w.weather.lookIn) {
		return
	}
	w.search(p)
}

// search has the auditor search all that a phone's files hold.
func (w *world) search(p *phone) {
	p.tellSealed()
	if plain, ok := w.plain(p); ok {
		w.note(w.model.CheckFiles(p.id, plain))
	}
}

// plain gives all that a phone's files hold, decrypted; false where the world has failed over it.
func (w *world) plain(p *phone) (plain []byte, ok bool) {
	database, err := p.disk.Read(folder + "/" + client.DatabaseFile)
	if !w.must(err, "read the files of "+p.name) {
		return nil, false
	}
	var log []byte
	if there, _ := p.disk.Exists(folder + "/" + client.LogFile); there {
		log, err = p.disk.Read(folder + "/" + client.LogFile)
		w.must(err, "read the log of "+p.name)
	}
	plain, err = client.Plain(p.key[:], database, log)
	return plain, w.must(err, "open the pages of "+p.name)
}

func (w *world) killOne(d dice) {
	p := w.somePhone(d)
	if p.on() {
		w.strike(Kill)
		p.kill(d)
	}
}

// lightFuse lets a phone die inside what it writes next: at one of the next steps of its disk.
func (w *world) lightFuse(d dice) {
	p := w.somePhone(d)
	if p.on() && !p.sick {
		p.disk.PowerOffAfter(int(d.between(0, 40)), pick(d, disk.Losses), d.Rand)
	}
}

// failDisk lets some of the next steps of a phone's disk fail.
func (w *world) failDisk(d dice) {
	p := w.somePhone(d)
	if p.on() && !p.sick {
		w.strike(DiskFails)
		p.ail(d)
		p.disk.FailAfter(int(d.between(0, 20)), int(d.between(1, 3)))
	}
}

// fillDisk leaves little room on a phone's disk, for a while.
func (w *world) fillDisk(d dice) {
	p := w.somePhone(d)
	if p.on() && !p.sick {
		w.strike(DiskFull)
		p.ail(d)
		p.disk.FullAfter(d.between(0, 64<<10))
	}
}

func (w *world) putOneBack(d dice) {
	if p := w.savedPhone(d); p != nil {
		p.putBack()
	}
}

func (w *world) cloneOne(d dice) {
	// A few clones make the trouble; more only make it slow.
	if p := w.savedPhone(d); p != nil && w.tally[Clone] < 3 {
		p.clone()
	}
}

// savedPhone draws a phone of which there is a copy; nil for none.
func (w *world) savedPhone(d dice) *phone {
	var saved []*phone
	for _, p := range w.phones {
		if p.saved != nil && p.on() {
			saved = append(saved, p)
		}
	}
	if len(saved) == 0 {
		return nil
	}
	return pick(d, saved)
}

func (w *world) jumpClock(d dice) {
	p := w.somePhone(d)
	w.strike(Jump)
	p.clock.ahead = drift(d)
	w.trace.tell(w.now, p.name, "has a clock that jumps: now %d s ahead", p.clock.ahead/1000)
}

// turnClock has a clock run backwards, or run on again.
func (w *world) turnClock(d dice) {
	p := w.somePhone(d)
	if p.clock.back != 0 {
		p.clock.back = 0
		return
	}
	w.strike(Backwards)
	p.clock.back = d.between(1, hourMs)
	w.trace.tell(w.now, p.name, "has a clock that runs back %d s a reading", p.clock.back/1000)
}

// restartServer stops the server for a few seconds.
func (w *world) restartServer(d dice) {
	if w.server.down {
		return
	}
	if len(w.server.peers) > 1 && d.oneIn(2) {
		w.restartOne()
		return
	}
	w.strike(Restart)
	w.server.stop()
	w.trace.tell(w.now, "server", "stops")
	w.after(d.between(1000, 20_000), func() { w.server.goOn("starts again") })
}

// cutPower takes the power from the server's machine: now, or at one of the next steps of its disk. A store in memory
// loses nothing by it but what was on its way.
func (w *world) cutPower(d dice) {
	s := w.server
	if s.down {
		return
	}
	w.strike(PowerLoss)
	loss := pick(d, disk.Losses)
	if s.disk != nil && d.oneIn(2) {
		s.disk.PowerOffAfter(int(d.between(0, 30)), loss, d.Rand)
		return
	}
	if s.disk != nil {
		s.disk.PowerOff(loss, d.Rand)
	}
	s.crashed()
}
