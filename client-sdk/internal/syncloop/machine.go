// Package syncloop decides when a phone speaks to its server and when it stops:
// it waits a moment after an edit, goes on while a page or the outbox has more,
// backs off when the line fails, and gives up when nothing moves.
//
// It is one pure machine: Step takes the time and what happened and says what to
// do. It never does I/O, reads a clock or draws at random, and knows nothing of
// what is sent. Times are milliseconds since the Unix epoch.
//
// Invariant carried here: I14 (when faults stop, the outbox drains in a bounded
// number of rounds).
//
// Read Step first.
package syncloop

import "onedoor/syncengine"

// Policy holds the numbers the machine works by.
type Policy struct {
	// Tries is how often in a row an exchange of a single sync may fail; 0 means [TriesDefault].
	Tries int
}

// TriesDefault rides out one dropped connection; a person who watches the screen
// is told after seconds, not minutes.
const TriesDefault = 3

const (
	// settleMs is how long the machine waits after an edit, so that a visit and
	// its hazards, typed one after the other, share a call.
	settleMs = 3_000
	// pollMs is how often a phone looks without being told: hints may be lost.
	pollMs = 15 * 60_000
	// backoffFirstMs and backoffMostMs bound the wait after failures, which
	// doubles with each: a lift is left in seconds, a dead spot in minutes.
	backoffFirstMs = 1_000
	backoffMostMs  = 5 * 60_000
	// onceBackoffFirstMs is the first wait of a single sync, which somebody watches.
	onceBackoffFirstMs = 300
	// toldMax is how often in a row a single sync waits because the server asks for it: with waits of some seconds about a
	// minute, in which somebody watches. One that never ends waits as often as it is asked to.
	toldMax = 20
	// stillRoundsMax is how many replies in a row may bring nothing new while
	// more is announced: a stale nonce, a fork and a gap take one round each.
	stillRoundsMax = 5
	// digestsEveryMs is how often digests are compared: once a day finds a fault
	// before it is a habit and costs a day's bytes.
	digestsEveryMs = 24 * 60 * 60_000
)

// EventKind says what happened.
type EventKind uint8

const (
	// Begun: somebody asks for a sync now.
	Begun EventKind = iota + 1
	// Edited: something was committed locally.
	Edited
	// Hinted: the server says that the log has grown.
	Hinted
	// Ticked: the time that was waited for has come.
	Ticked
	// Replied: an exchange was answered and applied.
	Replied
	// Failed: an exchange was not answered, or its answer could not be applied.
	Failed
)

// Event is what happened, with what the machine must know of it.
type Event struct {
	Kind EventKind
	// More tells of a reply after which there is more to send or to fetch.
	More bool
	// Progress tells of a reply that acknowledged, brought or changed something.
	Progress bool
	// Passing tells of a failure that another try may not meet.
	Passing bool
	// After, in milliseconds, is how long a server with no room asked to wait; 0 for any other failure.
	After syncengine.UnixMilli
	// Jitter spreads phones that failed together; drawn evenly from [0, 1).
	Jitter float64
	// DigestsAt, with Begun, is when digests were last compared; 0 for never.
	DigestsAt syncengine.UnixMilli
}

// ActionKind says what to do.
type ActionKind uint8

const (
	// Wait: until the action's time, or the next event when it has none.
	Wait ActionKind = iota + 1
	// Exchange: make one call.
	Exchange
	// Finish: a single sync is done.
	Finish
	// GiveUp: a single sync has failed, or no try can help.
	GiveUp
	// Stuck: replies bring nothing although more is announced.
	Stuck
)

// Action is what to do next.
type Action struct {
	Kind ActionKind
	// Until is when to step again with Ticked; 0 for no such time.
	Until syncengine.UnixMilli
	// Digests asks to send digests along.
	Digests bool
}

// Machine is the state; its zero value is of no use, New makes one.
type Machine struct {
	tries int
	once  bool
	// busy is set while an exchange is under way, wanted when one is called for.
	busy, wanted bool
	// due is when the next exchange is to begin; 0 for not before an event.
	due             syncengine.UnixMilli
	failures, still int
	// told counts how often in a row the server asked to wait.
	told        int
	nextDigests syncengine.UnixMilli
}

// New makes a machine: for a single sync, or for one that never ends.
func New(p Policy, once bool) Machine {
	m := Machine{tries: p.Tries, once: once}
	if m.tries == 0 {
		m.tries = TriesDefault
	}
	return m
}

// Step takes in what happened and says what to do.
func (m Machine) Step(now syncengine.UnixMilli, e Event) (Machine, Action) {
	switch e.Kind {
	case Begun:
		m.nextDigests = e.DigestsAt + digestsEveryMs
		return m.call(now)
	case Hinted:
		if m.told > 0 {
			return m.next(now) // Who is asked to wait waits, whatever there is to fetch.
		}
		return m.call(now)
	case Edited:
		return m.edited(now)
	case Replied:
		return m.replied(now, e)
	case Failed:
		return m.failed(now, e)
	}
	return m.next(now)
}

// call asks for an exchange at once.
func (m Machine) call(now syncengine.UnixMilli) (Machine, Action) {
	m.wanted, m.due = true, now
	return m.next(now)
}

// edited asks for an exchange soon, or when the line is tried again anyway.
func (m Machine) edited(now syncengine.UnixMilli) (Machine, Action) {
	if at := now + settleMs; m.failures == 0 && m.told == 0 && (!m.wanted || m.due > at) {
		m.due = at
	}
	m.wanted = true
	return m.next(now)
}

func (m Machine) replied(now syncengine.UnixMilli, e Event) (Machine, Action) {
	m.busy, m.failures, m.told = false, 0, 0
	m.still++
	if e.Progress {
		m.still = 0
	}
	switch {
	case e.More && m.still > stillRoundsMax:
		m.still = 0
		if m.once {
			return m, Action{Kind: Stuck}
		}
		m.wanted, m.due = true, now+backoffMostMs
	case e.More:
		m.wanted, m.due = true, now
	case m.once:
		return m, Action{Kind: Finish}
	case !m.wanted:
		m.due = now + pollMs
	case m.due == 0:
		// An edit made while the line was being tried.
		m.due = now + settleMs
	}
	return m.next(now)
}

func (m Machine) failed(now syncengine.UnixMilli, e Event) (Machine, Action) {
	m.busy = false
	if e.After > 0 && (!m.once || m.told < toldMax) {
		return m.asked(now, e)
	}
	m.failures++
	if !e.Passing || m.once && m.failures >= m.tries {
		return m, Action{Kind: GiveUp}
	}
	m.wanted, m.due = true, now+m.backoff(e.Jitter)
	return m.next(now)
}

// asked waits as long as the server asked for, and up to as long again, so that not all who were asked come at once. That is no
// failure: the line and the server are well.
func (m Machine) asked(now syncengine.UnixMilli, e Event) (Machine, Action) {
	m.told++
	m.wanted, m.due = true, now+e.After+syncengine.UnixMilli(e.Jitter*float64(e.After))
	return m.next(now)
}

// backoff doubles with every failure in a row and lies between half of that and all of it.
func (m Machine) backoff(jitter float64) syncengine.UnixMilli {
	wait := syncengine.UnixMilli(backoffFirstMs)
	if m.once {
		wait = onceBackoffFirstMs
	}
	for i := 1; i < m.failures && wait < backoffMostMs; i++ {
		wait *= 2
	}
	wait = min(wait, backoffMostMs)
	return wait/2 + syncengine.UnixMilli(jitter*float64(wait/2))
}

// next says what follows from the state.
func (m Machine) next(now syncengine.UnixMilli) (Machine, Action) {
	switch {
	case m.busy:
		return m, Action{Kind: Wait}
	case m.due == 0 || now < m.due:
		return m, Action{Kind: Wait, Until: m.due}
	}
	a := Action{Kind: Exchange, Digests: now >= m.nextDigests}
	if a.Digests {
		m.nextDigests = now + digestsEveryMs
	}
	m.busy, m.wanted, m.due = true, false, 0
	return m, a
}
