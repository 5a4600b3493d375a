package model

import (
	"bytes"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// standsBefore orders two values of a cell: the protocol's table of policies,
// spelled out. The first of a set is the one shown.
func standsBefore(kind *schema.Kind, a, b *value) bool {
	if x, y := grade(kind, a), grade(kind, b); x != y {
		return x > y
	}
	if a.suspect != b.suspect {
		return b.suspect
	}
	later := a.stamp > b.stamp
	if a.stamp == b.stamp {
		later = dotAfter(a.by.dot, b.by.dot)
	}
	if policyOf(kind, a.key) == syncengine.First {
		return !later
	}
	return later
}

func dotAfter(a, b syncengine.Dot) bool {
	if c := bytes.Compare(a.Incarnation[:], b.Incarnation[:]); c != 0 {
		return c > 0
	}
	return a.Seq > b.Seq
}

func policyOf(kind *schema.Kind, key syncengine.CellKey) syncengine.PolicyKind {
	if f, ok := kind.Field(key.Field); ok && f.Engine.Shape != syncengine.Set {
		return f.Engine.Policy
	}
	return syncengine.Latest
}

// removedGrade ranks a removal below every number.
const removedGrade = -1 << 62

// grade is what comes before stamps, the greater first.
func grade(kind *schema.Kind, w *value) int64 {
	f, ok := kind.Field(w.key.Field)
	switch {
	case w.key.Field == syncengine.LifeField:
		return oneIf(isDead(w.write))
	case !ok:
		return 0
	case f.Engine.Shape == syncengine.Set:
		return oneIf(!w.cleared)
	case f.Engine.Policy == syncengine.Ranked:
		return int64(w.rank)
	}
	switch f.Engine.Policy {
	case syncengine.Greatest, syncengine.Least, syncengine.States:
	default:
		return 0
	}
	if w.cleared {
		return removedGrade
	}
	n := numberIn(w.data)
	switch f.Engine.Policy {
	case syncengine.Least:
		return -n
	case syncengine.States:
		if p, declared := f.Engine.States.Precedence[int32(n)]; declared {
			return int64(p)
		}
	}
	return n
}

func oneIf(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// numberIn reads the number of an encoded field, tag included.
func numberIn(data []byte) int64 {
	_, _, n := protowire.ConsumeTag(data)
	if n < 0 {
		return 0
	}
	v, m := protowire.ConsumeVarint(data[n:])
	if m < 0 {
		return 0
	}
	return int64(v)
}

// ordered sorts values as they stand.
func ordered(kind *schema.Kind, set []value) {
	slices.SortFunc(set, func(a, b value) int {
		switch {
		case a.write == b.write:
			return 0
		case standsBefore(kind, &a, &b):
			return -1
		}
		return 1
	})
}
