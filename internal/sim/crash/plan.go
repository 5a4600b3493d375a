package crash

import (
	"fmt"
	"math/rand/v2"
	"time"

	"onedoor/internal/line"
)

// Sizes of a cycle. They bound what a run costs; the protocol knows none of them.
const (
	phonesMany = 4
	// newcomersMax are phones that are enrolled later, between a backup and its restore.
	newcomersMax = 3
	doorsMany    = 6
	roundsMany   = 8
	// healingMany are further rounds after a restore, while phones bring back what the server has lost.
	healingMany = 3
	editsMin    = 3
	editsMax    = 8
	// groupOf is how many visits a group has.
	groupOf = 3
	// killsMax bounds how often the server of one cycle is killed at a mark: what is to be seen after more is the same.
	killsMax = 12
)

// Kind says what a cycle is about, beside the kills that every one has.
type Kind string

// The kinds of cycles.
const (
	// Kills kills phones and server, and nothing else.
	Kills Kind = "kills"
	// Restore restores the newest backup, OlderRestore the one before it.
	Restore      Kind = "restore"
	OlderRestore Kind = "older restore"
	// CopiedBack puts the database file from before the cycle back, and nobody tells the server.
	CopiedBack Kind = "copied back"
	// FullServer lets the server's log run out of room.
	FullServer Kind = "server full"
	// SlowServer lets the servers' disk, or their database, keep them waiting now and then, for up to two seconds.
	SlowServer Kind = "server slow"
	// FullPhone lets a phone's log run out of room.
	FullPhone Kind = "phone full"
	// Cut cuts the database file short; the server refuses it, and a backup is restored.
	Cut Kind = "file cut"
	// Overwritten writes something else over a page of the database file; the server refuses it, or verify finds it, and a
	// backup is restored.
	Overwritten Kind = "file overwritten"
	// LogCut cuts the write-ahead log of a killed server short, which looks like an earlier moment: nobody can tell but
	// the phones.
	LogCut Kind = "log cut"
	// Outage takes the database away from beneath the servers and brings it back; they go on by themselves.
	Outage Kind = "database killed"
)

// kinds is the order of a run's cycles, over and over.
var kinds = []Kind{Kills, Restore, SlowServer, FullServer, Cut, CopiedBack, FullPhone, Overwritten, LogCut, OlderRestore}

// kind gives what a cycle is about. In a database there is no file to copy or to damage.
func (r *run) kind(n int) Kind {
	switch {
	case !r.elsewhere():
		return kinds[n%len(kinds)]
	case r.o.Outage != nil && n%2 == 1:
		return Outage
	case n%4 == 2:
		return SlowServer
	}
	return Kills
}

// restores reports that cycles of the kind throw away what the server's file holds since a backup.
func (k Kind) restores() bool {
	return k != Kills && k != SlowServer && k != FullServer && k != FullPhone && k != Outage
}

// damages reports that they spoil the file first.
func (k Kind) damages() bool { return k == Cut || k == Overwritten }

// fault is where a line is cut.
type fault int

const (
	noFault fault = iota
	requestLost
	requestCut
	replyLost
	replyCut
	replyEndLost
	delayed
	faultsMany
	// answerLost is for the round that ends a storm, and is never drawn.
	answerLost
)

// Victim is who is killed.
type Victim string

// The victims.
const (
	nobody    Victim = ""
	thePhone  Victim = "phone"
	theServer Victim = "server"
)

// place is a point on the line at which somebody is killed.
type place int

const (
	// requestPassed is when a request has been handed to the server.
	requestPassed place = iota
	// replyHeld is when a reply has begun to come, before the phone gets any of it.
	replyHeld
	// replyPassed is when the phone has been handed all of it.
	replyPassed
	placesMany
)

// round is what one phone goes through between two looks at it.
type round struct {
	edits []edit
	// editing and syncing are where the phone kills itself.
	editing, syncing Arm
	// fault strikes the call with the number strikes, the first being 1, or everyCall; delay is for delayed.
	fault   fault
	strikes int
	delay   time.Duration
	// victim is killed at a place of the call with the number strikes.
	victim Victim
	at     place
	// timed is killed so long after the sync has begun.
	timed Victim
	after time.Duration
	// room is how many bytes the phone can write while it edits, which is a few edits; 0 for no limit.
	room int64
}

// draws gives the source for one part of a cycle. What it decides depends on nothing that happens.
func draws(seed uint64, cycle int, part string, number int) *rand.Rand {
	h := uint64(14695981039346656037) // FNV-1a
	for _, b := range fmt.Sprintf("%d/%s/%d", cycle, part, number) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return rand.New(rand.NewPCG(seed, h))
}

// newRound draws a round.
func newRound(seed uint64, cycle int, kind Kind, phone, number int) round {
	random := draws(seed, cycle, fmt.Sprintf("phone %d", phone), number)
	r := round{edits: newEdits(random, cycle, phone, number), fault: fault(random.IntN(int(faultsMany))), strikes: 1 + random.IntN(2)}
	if number >= roundsMany && isQuiet(seed, cycle, phone) {
		r.edits = nil
	}
	r.delay = time.Duration(1+random.IntN(30)) * time.Millisecond
	r.editing, r.syncing = newArm(random, 40, 8), newArm(random, 60, 6)
	r.victim, r.at = newVictim(random), place(random.IntN(int(placesMany)))
	r.timed, r.after = newVictim(random), time.Duration(random.IntN(40_000))*time.Microsecond
	if kind == FullPhone {
		r.room = 1 + random.Int64N(400_000)
	}
	return r
}

// isQuiet draws whether a phone writes nothing new after a restore: it has to be asked for what the server has lost, where
// others give it away by what they send.
func isQuiet(seed uint64, cycle, phone int) bool {
	return draws(seed, cycle, "quiet", phone).IntN(2) == 0
}

// newEdits draws what the worker does.
func newEdits(random *rand.Rand, cycle, phone, number int) (edits []edit) {
	const markersOfARound = 100 // more than editsMax groups have
	next := number * markersOfARound
	marker := func() string {
		next++
		return fmt.Sprintf("kill-%d-%d-%d;", cycle, phone, next)
	}
	for range editsMin + random.IntN(editsMax-editsMin+1) {
		e := edit{Door: random.IntN(doorsMany), Markers: []string{marker()}}
		switch random.IntN(6) {
		case 0, 1:
			e.Kind = editChange
		case 2:
			e.Kind = editGroup
			for range groupOf - 1 {
				e.Markers = append(e.Markers, marker())
			}
		default:
			e.Kind = editVisit
		}
		edits = append(edits, e)
	}
	return edits
}

// newArm draws where a process kills itself: in half of the cases nowhere.
func newArm(random *rand.Rand, writes, syncs int) Arm {
	arms := []Arm{{}, {}, {}, {AtWrite, 1 + random.IntN(writes)}, {AtSync, 1 + random.IntN(syncs)}, {AtSynced, 1 + random.IntN(syncs)}}
	return arms[random.IntN(len(arms))]
}

// newVictim draws whom to kill: in half of the cases nobody.
func newVictim(random *rand.Rand) Victim {
	return []Victim{nobody, nobody, thePhone, theServer}[random.IntN(4)]
}

// verdict is what the fault does to a frame of the call that it strikes.
func (f fault) verdict(up bool, frame line.Frame) line.Verdict {
	switch {
	case f == requestLost && up && frame.IsHeaders(), f == replyLost && !up, f == replyEndLost && !up && frame.IsLast():
		return line.Cut
	case f == answerLost && !up && frame.IsHeaders(): // An earlier frame may come before the commit.
		return line.Cut
	case f == requestCut && up && frame.IsData(), f == replyCut && !up && frame.IsData():
		return line.CutInside
	}
	return line.Pass
}
