package demo

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// dayWriter writes one day. It plans a session's slots, then fills them in order of time, replaying every step into a
// ledger at once, so that a phone only ever touches what it has seen.
type dayWriter struct {
	day    *Day
	street *Street
	cast   *Cast
	rng    *rand.Rand
	notes  *noteDeck
	ledger *Ledger
	phones []*carrier
	// made are the records the day has made, by kind and grid, and by kind alone under the grid "".
	made map[place][]*madeRecord
	// numbers counts the records of each kind.
	numbers map[RecordKind]int
	// contested are the records a clash was planned on; one is enough.
	contested map[Ref]bool
	// retired are the records somebody deletes on this day; nobody takes them up again.
	retired map[Ref]bool
	// triaged counts the disputes that were sent to a clinic.
	triaged int
}

// place finds the records of a kind in a grid.
type place struct {
	kind RecordKind
	grid TerritoryCode
}

// madeRecord is a record the day has made.
type madeRecord struct {
	ref       Ref
	territory TerritoryCode
	author    PhoneIndex
	door      PremisesIndex
}

// carrier is one phone and who carries it.
type carrier struct {
	index PhoneIndex
	id    UserIndex
	user  User
	team  TeamIndex
	// doors are the doors of the phone's round, in walking order, and next the one it comes to.
	doors []PremisesIndex
	next  int
	// quota is how many slots of work the phone has on the day, and written how many changes it has made.
	quota, written int
	// reserved is how many slots of the session clashes have reserved and the phone has not come to.
	reserved int
	// free are the slots of the session that no clash has reserved.
	free []*slot
	// taken are the seconds of the day the phone has a step in.
	taken map[int]bool
}

// slotsMore is how far the quotas of phones differ.
const slotsMore = 33

// newDayWriter gives every phone its round and its quota.
func newDayWriter(day *Day, street *Street, cast *Cast, notes []string, rng *rand.Rand) *dayWriter {
	w := &dayWriter{
		day: day, street: street, cast: cast, rng: rng,
		notes:  newNoteDeck(rng, notes, street),
		ledger: newLedger(day.SeedPremises, day.Phones),
		made:   map[place][]*madeRecord{}, numbers: map[RecordKind]int{RecordPremises: day.SeedPremises},
		contested: map[Ref]bool{}, retired: map[Ref]bool{},
	}
	for i, phone := range cast.Phones {
		c := &carrier{index: PhoneIndex(i), id: phone.User, user: cast.Users[phone.User], team: phone.Team, taken: map[int]bool{}}
		c.doors = w.roundOf(c)
		c.next = rng.IntN(max(1, len(c.doors)))
		c.quota = ChangesPerPhoneMin + len(sessions) + rng.IntN(slotsMore)
		w.phones = append(w.phones, c)
	}
	return w
}

// roundOf returns the let doors a phone walks: of the team's grids, as far as its user is granted them.
func (w *dayWriter) roundOf(c *carrier) []PremisesIndex {
	if c.team == NoTeam {
		return nil
	}
	var doors []PremisesIndex
	for _, grid := range w.cast.Teams[c.team].Grids {
		for _, i := range w.street.Under(grid) {
			p := &w.street.Premises[i]
			if (p.Kind == KindRentalUnit || p.Kind == KindHotel) && c.user.Covers(p.Territory) {
				doors = append(doors, i)
			}
		}
	}
	return doors
}

// write writes the day from the morning round to the last.
func (w *dayWriter) write() {
	w.fill(w.roundSlots(round{morningRound, calmMorning}))
	for number, s := range sessions {
		w.fill(w.sessionSlots(number, s))
		for _, r := range s.rounds {
			w.fill(w.roundSlots(r))
		}
	}
}

// fill turns slots into steps in order of time.
func (w *dayWriter) fill(slots []*slot) {
	slices.SortFunc(slots, func(a, b *slot) int {
		return cmp.Or(cmp.Compare(a.second, b.second), cmp.Compare(a.phone.index, b.phone.index))
	})
	for _, s := range slots {
		step := Step{At: s.at(w.day.Midnight), Phone: s.phone.index, Kind: s.kind, Fault: s.fault}
		if s.kind == StepWork {
			w.work(s, &step)
			if len(step.Changes) == 0 {
				continue
			}
		}
		w.day.Steps = append(w.day.Steps, step)
		last := len(w.day.Steps) - 1
		w.ledger.apply(StepIndex(last), &w.day.Steps[last])
	}
}

// work fills a slot of work: with the clash planned for it, or else with the ordinary work of the role.
func (w *dayWriter) work(s *slot, step *Step) {
	if s.planned != nil {
		s.phone.reserved--
		step.Changes = s.planned(step.At)
		step.Clash = s.clash
	}
	if len(step.Changes) == 0 {
		step.Clash = ClashNone
		step.Changes = w.ordinary(s.phone, step.At)
	}
	s.phone.written += len(step.Changes)
}

// sessionSlots plans one session: slots of work, clashes on some of them, restarts, and spots with signal.
func (w *dayWriter) sessionSlots(number int, s session) []*slot {
	var slots []*slot
	for _, c := range w.phones {
		c.free = nil
		for _, second := range spread(w.rng, s.work, (c.quota*s.share+50)/100) {
			c.free = append(c.free, &slot{second: c.claim(second), phone: c, kind: StepWork})
		}
		slots = append(slots, c.free...)
		slots = append(slots, w.interruptions(c)...)
	}
	w.planClashes(number)
	return slots
}

// restartPercent is how often a phone's app dies in a session, and fieldSpotPercent how often a session has a spot with
// signal. The centre has signal all day and tries after every few slots.
const (
	restartPercent   = 35
	fieldSpotPercent = 25
	centreSlots      = 6
)

// interruptions plans what happens to a phone between its slots of work.
func (w *dayWriter) interruptions(c *carrier) []*slot {
	var slots []*slot
	if chance(w.rng, restartPercent) {
		after := oneOf(w.rng, c.free)
		slots = append(slots, &slot{second: c.claim(after.second + 2), phone: c, kind: StepRestart})
	}
	if c.team != NoTeam && chance(w.rng, fieldSpotPercent) {
		slots = append(slots, w.spotSlots(c, oneOf(w.rng, c.free))...)
	}
	if c.team == NoTeam {
		for i := centreSlots; i < len(c.free); i += centreSlots {
			slots = append(slots, w.spotSlots(c, c.free[i])...)
		}
	}
	return slots
}

// spotSlots plans a spot with signal soon after a slot of work; nobody waits there for a second try.
func (w *dayWriter) spotSlots(c *carrier, after *slot) []*slot {
	return w.patternSlots(c, oneOf(w.rng, fieldSpot), after.second+attemptSeconds, attemptSeconds, 0)
}

// number returns a new record's name in the script.
func (w *dayWriter) number(kind RecordKind) Ref {
	ref := Ref{Kind: kind, Number: w.numbers[kind]}
	w.numbers[kind]++
	return ref
}

// keep remembers a record for later work.
func (w *dayWriter) keep(r *madeRecord) {
	for _, at := range []place{{r.ref.Kind, r.territory.Grid()}, {r.ref.Kind, ""}} {
		w.made[at] = append(w.made[at], r)
	}
}

// probesMax bounds the search for a record that fits; a miss only means that other work is done.
const probesMax = 30

// known draws a record of a kind that all the phones have seen and may read and that fits, or nil.
func (w *dayWriter) known(kind RecordKind, fits func(*madeRecord) bool, phones ...*carrier) *madeRecord {
	at := place{kind, ""}
	for _, c := range phones {
		if c.team != NoTeam {
			at.grid = w.cast.Teams[c.team].Grids[0]
		}
	}
	records := w.made[at]
	for range min(probesMax, 2*len(records)) {
		r := oneOf(w.rng, records)
		if !w.retired[r.ref] && w.allKnow(r, phones) && (fits == nil || fits(r)) {
			return r
		}
	}
	return nil
}

// allKnow reports whether all phones have seen the record and are granted its territory.
func (w *dayWriter) allKnow(r *madeRecord, phones []*carrier) bool {
	for _, c := range phones {
		if !c.user.Covers(r.territory) || !w.ledger.Knows(c.index, r.ref) {
			return false
		}
	}
	return true
}
