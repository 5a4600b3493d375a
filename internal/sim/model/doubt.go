package model

import (
	"slices"

	"onedoor/syncengine"
)

// A file that is put back without a word goes on under the epoch it had: from there
// on one number is the name of two histories. The auditor tells them apart, a server
// cannot always: where neither a cursor nor a receipt shows it, it takes the numbers at
// their word. What the protocol permits then lies between two bounds. At least what is
// proven to have been seen of the history in force is covered; at most what its author
// truly saw of it, and of what is supplied again whatever the numbers say. What is
// covered by mistake is kept and never gone.

// namedAgain notes that an epoch's number begins to be used; twice tells of one that
// was used before.
func (m *Model) namedAgain(e syncengine.Epoch) {
	if m.used[e] {
		m.twice[e] = true
	}
	m.used[e] = true
}

// anyTwice reports that one of some epochs had two histories.
func (m *Model) anyTwice(way []syncengine.Epoch) bool {
	return slices.ContainsFunc(way, func(e syncengine.Epoch) bool { return m.twice[e] })
}

// shared gives the seq up to which two epochs are one, as the history in force has it,
// and the epochs on the way from one to the other.
func (m *Model) shared(a, b syncengine.Epoch) (least syncengine.Seq, way []syncengine.Epoch) {
	least, way = 1<<63-1, []syncengine.Epoch{a, b}
	for a != b {
		f, known := m.forkOf(max(a, b))
		if !known {
			return 0, way
		}
		if a > b {
			a = parentOf(f)
		} else {
			b = parentOf(f)
		}
		least, way = min(least, f.At), append(way, a, b)
	}
	return least, way
}

func (m *Model) forkOf(e syncengine.Epoch) (syncengine.Fork, bool) {
	for _, f := range m.now.history.Forks {
		if f.Epoch == e {
			return f, true
		}
	}
	return syncengine.Fork{}, false
}

// parentOf gives the epoch that a fork went on from.
func parentOf(f syncengine.Fork) syncengine.Epoch {
	if f.Parent != 0 {
		return f.Parent
	}
	return f.Epoch - 1
}
