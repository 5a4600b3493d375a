package demo

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// ChangesPerPhoneMin and ChangesPerPhoneMax bound what one phone writes on the day: a full round of doors, and what a
// person can type between two charges of a phone.
const (
	ChangesPerPhoneMin = 60
	ChangesPerPhoneMax = 120
)

// StepIndex is the place of a step in Day.Steps.
type StepIndex int

// StepKind says what a step does.
type StepKind string

// The kinds of steps.
const (
	// StepOnline gives the phone a network.
	StepOnline StepKind = "online"
	// StepOffline takes it away.
	StepOffline StepKind = "offline"
	// StepWork writes the step's changes in one call, as one group if there are several.
	StepWork StepKind = "work"
	// StepSync is one call to sync, with the step's fault.
	StepSync StepKind = "sync"
	// StepRestart kills the app without closing it and opens it again.
	StepRestart StepKind = "restart"
)

// Fault is what happens to the first exchange of a sync. A disturbed sync ends with it and is not tried again within its
// step; what comes of the changes it carried is for a later step to find out.
type Fault string

// The faults. An exchange carries the whole outbox of a phone of this day, so a fault holds for all of it.
const (
	// FaultNone lets the sync run until the phone is caught up.
	FaultNone Fault = ""
	// FaultRequestLost cuts the connection before the request reaches the server: nothing is committed.
	FaultRequestLost Fault = "request lost"
	// FaultReplyLost cuts it after the server has committed and before a byte of the reply arrives.
	FaultReplyLost Fault = "reply lost"
	// FaultReplyCut cuts it inside the reply: the server has committed, the phone has part of a page and no outcome.
	FaultReplyCut Fault = "reply cut"
)

// Step is one thing one phone does.
type Step struct {
	// At is the true time of the step, +08:00; the phone's own clock shows At plus its ClockAhead.
	At time.Time
	// Phone does it.
	Phone PhoneIndex
	// Kind says what it does.
	Kind StepKind
	// Changes is what a StepWork writes.
	Changes []Change
	// Fault is what happens to a StepSync.
	Fault Fault
	// Clash names the meeting of edits the step was planned for, or is empty. It is for the reader of a script: who
	// predicts results takes them from the changes and syncs alone, as Ledger does.
	Clash ClashKind
}

// Day is a scripted working day. Steps are run one after another, each to its end before the next begins.
type Day struct {
	// Midnight is the day's first instant, +08:00.
	Midnight time.Time
	// Steps are in order of time; no two share an instant.
	Steps []Step
	// Phones is the number of phones.
	Phones int
	// SeedPremises is the number of doors that stand before the day begins: those and only those premises with a
	// lower number exist without a create.
	SeedPremises int
}

// Street time is +08:00 without a name lookup, so that a machine without zone files makes the same day.
var streetZone = time.FixedZone("CST", 8*60*60)

// NewDay scripts the working day of a seed. Notes are the corpus that visits draw from; date is any instant of the
// day, in street time. The same arguments give the same day.
func NewDay(seed uint64, street *Street, cast *Cast, notes []string, date time.Time) (*Day, error) {
	if len(notes) == 0 {
		return nil, fmt.Errorf("%w: no notes, at least 1 is needed", ErrInput)
	}
	if len(cast.Phones) == 0 || len(cast.Phones) > phonesMax {
		return nil, fmt.Errorf("%w: %d phones, 1 to %d are possible", ErrInput, len(cast.Phones), phonesMax)
	}
	year, month, dayOfMonth := date.In(streetZone).Date()
	day := &Day{
		Midnight:     time.Date(year, month, dayOfMonth, 0, 0, 0, 0, streetZone),
		Phones:       len(cast.Phones),
		SeedPremises: len(street.Premises),
	}
	newDayWriter(day, street, cast, notes, rand.New(rand.NewPCG(seed, streamDay))).write()
	return day, nil
}

// Changes returns how many changes the day holds.
func (d *Day) Changes() int {
	n := 0
	for i := range d.Steps {
		n += len(d.Steps[i].Changes)
	}
	return n
}

// Ledger replays the script and returns what it predicts.
func (d *Day) Ledger() *Ledger {
	ledger := newLedger(d.SeedPremises, d.Phones)
	for i := range d.Steps {
		ledger.apply(StepIndex(i), &d.Steps[i])
	}
	return ledger
}
