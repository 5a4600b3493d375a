package demo

import "math/rand/v2"

// pattern is what a phone goes through at one opportunity to sync. A pattern that ends with a fault sends the phone
// back to work not knowing what the server has; an empty one stands for no signal at all.
type pattern []attempt

// attempt is one sync, or a restart between two.
type attempt struct {
	kind  StepKind
	fault Fault
}

var (
	synced      = attempt{kind: StepSync}
	requestLost = attempt{kind: StepSync, fault: FaultRequestLost}
	replyLost   = attempt{kind: StepSync, fault: FaultReplyLost}
	replyCut    = attempt{kind: StepSync, fault: FaultReplyCut}
	killed      = attempt{kind: StepRestart}
)

// The decks. Dealt round and round and then shuffled, a deck no longer than the phones brings every pattern each time.
var (
	// calmRound has few faults, all tried again but for a phone without signal.
	calmRound = []pattern{
		{synced}, {synced}, {synced}, {synced}, {synced}, {replyCut, synced}, {replyLost, synced}, {requestLost, synced}, {},
	}
	// calmMorning always ends in sync: without it a phone has no doors.
	calmMorning = []pattern{{synced}, {synced}, {synced}, {synced}, {synced}, {replyCut, synced}, {replyLost, synced}, {requestLost, synced}}
	// roughRound has every way to fail, tried again or not.
	roughRound = []pattern{
		{synced}, {synced}, {synced}, {synced}, {requestLost, synced}, {replyLost, synced}, {replyCut, synced},
		{replyLost, killed, synced}, {requestLost, requestLost, synced}, {replyLost}, {requestLost}, {replyCut}, {killed, synced}, {},
	}
	// lateRound tries until it has synced.
	lateRound = []pattern{
		{synced}, {synced}, {requestLost, synced}, {replyLost, synced}, {replyCut, killed, synced}, {requestLost, replyLost, synced},
		{replyLost, replyCut, synced},
	}
	// lastRound lets every phone see what the late ones sent.
	lastRound = []pattern{{synced}}
	// fieldSpot is a spot with signal during a session.
	fieldSpot = []pattern{{synced}, {synced}, {synced}, {replyLost}, {requestLost}, {replyCut}, {replyLost, killed, synced}}
)

// Seconds of a phone at the network: going online, between two attempts, and the longest pattern.
const (
	attemptSeconds   = 15
	retrySecondsMin  = 40
	retrySecondsMore = 100
	patternSeconds   = 4 * (retrySecondsMin + retrySecondsMore)
)

// deal returns one pattern a phone.
func deal(rng *rand.Rand, deck []pattern, phones int) []pattern {
	dealt := make([]pattern, phones)
	for i := range dealt {
		dealt[i] = deck[i%len(deck)]
	}
	rng.Shuffle(phones, func(i, j int) { dealt[i], dealt[j] = dealt[j], dealt[i] })
	return dealt
}

// roundSlots plans one round: every phone goes online at its own moment, follows its pattern, and goes offline.
func (w *dayWriter) roundSlots(r round) []*slot {
	var slots []*slot
	for i, p := range deal(w.rng, r.deck, len(w.phones)) {
		second := r.within.from + w.rng.IntN(max(1, r.within.to-r.within.from-patternSeconds))
		slots = append(slots, w.patternSlots(w.phones[i], p, second, retrySecondsMin, retrySecondsMore)...)
	}
	return slots
}

// patternSlots plans one pattern from a second on.
func (w *dayWriter) patternSlots(c *carrier, p pattern, second, pause, more int) []*slot {
	if len(p) == 0 {
		return nil
	}
	slots := []*slot{{second: c.claim(second), phone: c, kind: StepOnline}}
	second += attemptSeconds
	for _, a := range p {
		slots = append(slots, &slot{second: c.claim(second), phone: c, kind: a.kind, fault: a.fault})
		second += pause + w.rng.IntN(more+1)
	}
	return append(slots, &slot{second: c.claim(second), phone: c, kind: StepOffline})
}
