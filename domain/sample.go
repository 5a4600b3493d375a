package domain

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"slices"
)

// CheckCandidate is a team's visit that an officer may check.
type CheckCandidate struct {
	// Visit is the visit, Door the assigned door it was made at.
	Visit, Door ID
	// At is when it was made.
	At UnixMilli
	// DoorChecked is when a visit at the door was last checked; 0 for never.
	DoorChecked UnixMilli
}

// CheckSample proposes so many visits to check on a day, one a door: of the doors that were never checked, then of those
// that were checked longest ago; among equals by a draw that depends on the day alone, so that every phone proposes the
// same and nobody can aim it at a colleague. It looks at no worker. The officer may choose otherwise.
func CheckSample(candidates []CheckCandidate, count int, day Days) []CheckCandidate {
	newest := map[ID]CheckCandidate{}
	for _, c := range candidates {
		if known, ok := newest[c.Door]; !ok || c.At > known.At || c.At == known.At && bytes.Compare(c.Visit[:], known.Visit[:]) > 0 {
			newest[c.Door] = c
		}
	}
	out := make([]CheckCandidate, 0, len(newest))
	for _, c := range newest {
		if c.DoorChecked < c.At {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b CheckCandidate) int {
		return cmp.Or(cmp.Compare(a.DoorChecked.checkDay(), b.DoorChecked.checkDay()), cmp.Compare(draw(a.Door, day), draw(b.Door, day)),
			bytes.Compare(a.Door[:], b.Door[:]))
	})
	return out[:min(count, len(out))]
}

// checkDay gives the day of a check; of none, one before all others.
func (t UnixMilli) checkDay() Days {
	if t == 0 {
		return -1
	}
	return t.ShanghaiDay()
}

// draw gives a door's number in the draw of a day.
func draw(door ID, day Days) uint64 {
	h := fnv.New64a()
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(day)))
	h.Write(door[:])
	return h.Sum64()
}
