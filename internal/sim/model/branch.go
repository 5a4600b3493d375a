package model

import (
	"maps"
	"slices"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// branch is one true history of the log. An epoch's number does not tell two of
// them apart where a file was copied back and the server went on unaware.
type branch struct {
	number int
	// parent is the history this one went on from, up to and including fork; nil for the first.
	parent *branch
	fork   syncengine.Seq
	// history is what the server calls the epochs.
	history syncengine.History

	log     []store.Entry
	commits []commit
	// records holds each record's states, oldest first.
	records map[syncengine.ID][]*record
	// followers lists the records that name a record as what they follow.
	followers map[syncengine.ID][]syncengine.ID
	// decided holds what became of each change in this history.
	decided map[syncengine.Dot]*decision
	// waiting names the quarantined changes that nobody has decided about.
	waiting map[syncengine.Dot]bool
	marks   map[syncengine.ID]mark
	// word is what incarnations have said of themselves, doubtful are the epochs that
	// this history's server knows to have had two.
	word     map[syncengine.ID]word
	doubtful map[syncengine.Epoch]bool
	// erasures holds what was erased of each record.
	erasures map[syncengine.ID][]*erasure
}

// commit is one durable transaction of the log.
type commit struct {
	seq syncengine.Seq
	at  syncengine.UnixMilli
}

// mark is how far an incarnation's changes are decided.
type mark struct {
	seq   syncengine.DeviceSeq
	chain [32]byte
}

// decision is what became of a change in one history.
type decision struct {
	change *change
	// entry is the one that first decided it, last the newest.
	entry, last store.Entry
	outcome     outcome
	// credit is how much of what the author saw counts by this decision.
	credit credit
	// applied tells what a release came to.
	applied bool
	// held are fields that the server did not know when it decided, and does not yet.
	held []syncengine.FieldNumber
}

// recall makes the change again what this decision made of it: another history
// may have decided about it since.
func (d *decision) recall() {
	ch := d.change
	ch.credit, ch.stamp, ch.suspect, ch.rank = d.credit, d.last.Stamp, d.last.Suspect, d.last.Rank
}

func newBranch() *branch {
	return &branch{
		history: syncengine.History{Epoch: 1}, records: map[syncengine.ID][]*record{}, followers: map[syncengine.ID][]syncengine.ID{},
		decided: map[syncengine.Dot]*decision{}, waiting: map[syncengine.Dot]bool{}, marks: map[syncengine.ID]mark{},
		word: map[syncengine.ID]word{}, doubtful: map[syncengine.Epoch]bool{},
		erasures: map[syncengine.ID][]*erasure{},
	}
}

// copied gives the history as a copy of the server's files holds it.
func (b *branch) copied() *branch {
	c := *b
	c.log, c.commits = slices.Clip(b.log), slices.Clip(b.commits)
	c.records, c.followers = clipped(b.records), clipped(b.followers)
	c.decided, c.waiting, c.marks = maps.Clone(b.decided), maps.Clone(b.waiting), maps.Clone(b.marks)
	c.word, c.doubtful = maps.Clone(b.word), maps.Clone(b.doubtful)
	c.erasures = map[syncengine.ID][]*erasure{}
	for id, list := range b.erasures {
		for _, e := range list {
			own := *e
			c.erasures[id] = append(c.erasures[id], &own)
		}
	}
	return &c
}

// clipped copies a map of slices so that appending to one leaves the other alone.
func clipped[V any](in map[syncengine.ID][]V) map[syncengine.ID][]V {
	out := make(map[syncengine.ID][]V, len(in))
	for k, v := range in {
		out[k] = slices.Clip(v)
	}
	return out
}

func (b *branch) head() syncengine.Seq { return syncengine.Seq(len(b.log)) }

// place is an entry of one true history; its zero value is none.
type place struct {
	branch *branch
	seq    syncengine.Seq
	// epoch is the number by which the server calls that part of the history.
	epoch syncengine.Epoch
}

func (p place) isZero() bool { return p.branch == nil || p.seq == 0 }

// holds reports whether the log up to p holds an entry written at any of at.
func (p place) holds(at []place) bool {
	limit := p.seq
	for b := p.branch; b != nil; b = b.parent {
		for _, a := range at {
			if a.branch == b && a.seq <= limit {
				return true
			}
		}
		limit = min(limit, b.fork)
	}
	return false
}

// seqIn gives the seq of the newest place of a write in the log up to a place.
func (w *write) seqIn(p place) (seq syncengine.Seq) {
	for _, a := range w.at {
		if p.holds([]place{a}) {
			seq = max(seq, a.seq)
		}
	}
	return seq
}

// written gives p in the history whose server wrote its entry: up to its fork a
// history is one with those that it went on from.
func (p place) written() place {
	for p.branch.parent != nil && p.seq <= p.branch.fork {
		p.branch = p.branch.parent
	}
	return p
}

// within gives the seq of p in a history; ok is false where p is not part of it.
func (p place) within(b *branch) (seq syncengine.Seq, ok bool) {
	if p.isZero() {
		return 0, false
	}
	p = p.written()
	limit := syncengine.Seq(1<<63 - 1)
	for at := b; at != nil; at = at.parent {
		if at == p.branch {
			return p.seq, p.seq <= limit
		}
		limit = min(limit, at.fork)
	}
	return 0, false
}

// record gives a record as it stands; nil where there is none.
func (b *branch) record(id syncengine.ID) *record {
	if states := b.records[id]; len(states) > 0 {
		return states[len(states)-1]
	}
	return nil
}

// recordAt gives a record as it stood when the log had reached seq.
func (b *branch) recordAt(id syncengine.ID, seq syncengine.Seq) *record {
	states := b.records[id]
	for i := len(states) - 1; i >= 0; i-- {
		if states[i].seq <= seq {
			return states[i]
		}
	}
	return nil
}

// committedAt gives the time of the commit that wrote seq; 0 for none.
func (b *branch) committedAt(seq syncengine.Seq) syncengine.UnixMilli {
	if seq == 0 {
		return 0
	}
	i, _ := slices.BinarySearchFunc(b.commits, seq, func(c commit, s syncengine.Seq) int { return int(c.seq) - int(s) })
	if i == len(b.commits) {
		return 0
	}
	return b.commits[i].at
}
