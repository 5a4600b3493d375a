package syncengine

import "cmp"

// PolicyKind names a merge policy.
type PolicyKind uint8

// The policies of the protocol, and the one that the engine gives to life
// cells. Elements of set fields have no policy: an added element stands
// against a concurrent removal.
const (
	Latest PolicyKind = iota
	Greatest
	Least
	Ranked
	First
	States
	Review
	// deadWins lets a deletion stand against a concurrent creation or restore.
	deadWins
)

// Shape says how a field is divided into cells.
type Shape uint8

const (
	// Single: the field is one cell.
	Single Shape = iota
	// Set: each element is a cell.
	Set
	// Map: each key is a cell.
	Map
)

// ScopeRole says how a field places its record.
type ScopeRole uint8

const (
	// NoScope: not at all.
	NoScope ScopeRole = iota
	// ScopeTerritory: names the finest known territory.
	ScopeTerritory
	// ScopeParent: names records that this one follows.
	ScopeParent
	// ScopeUser: names a user the record is for.
	ScopeUser
	// ScopeSeal: while it holds, the record reaches those it names and nobody else.
	ScopeSeal
	// ScopeRecusal: names users whom the record does not reach.
	ScopeRecusal
	// ScopeDepartment: names departments that the record is routed to.
	ScopeDepartment
	// ScopeEscalation: while it holds, the record stands before the district.
	ScopeEscalation
)

// StateTable holds the declared states of a field with the States policy.
type StateTable struct {
	// Precedence orders concurrent states; an unknown state has its own number.
	Precedence map[int32]int32
	// From lists, for each state, the states from which a step into it is declared.
	From map[int32][]int32
}

// Declared reports whether a step is one of the table's.
func (t *StateTable) Declared(from, to int32) bool {
	for _, f := range t.From[to] {
		if f == from {
			return true
		}
	}
	return false
}

func (t *StateTable) precedence(state int32) int64 {
	if p, ok := t.Precedence[state]; ok {
		return int64(p)
	}
	return int64(state)
}

// Field is what the engine knows of a field.
type Field struct {
	Number FieldNumber
	Policy PolicyKind
	Shape  Shape
	Class  Class
	Scope  ScopeRole
	// SelfFilled marks what a phone fills in by itself: each that makes the record writes
	// its own, so concurrent values are history, and nothing is open for a person.
	SelfFilled bool
	// Spared keeps the field's cells out of an erasure of every cell: they place or count the record.
	Spared bool
	// Number64 reads the number behind an encoded value, for Greatest, Least and States.
	Number64 func(data []byte) int64
	// States is set for the States policy.
	States *StateTable
	// IDs reads the 16-byte ids behind an encoded value, for fields whose scope role names something.
	IDs func(data []byte) []ID
	// Holds tells whether an encoded value says yes, for seals and escalations.
	Holds func(data []byte) bool
}

// Kind is what the engine knows of a record kind.
type Kind struct {
	Number KindNumber
	Fields map[FieldNumber]*Field
	// Anchor marks kinds that others follow and that a grant may name.
	Anchor bool
	// RealmWide marks kinds that every phone of the realm reads.
	RealmWide bool
	// ScopeFields are the fields with a scope role, ascending.
	ScopeFields []*Field
}

// LifeClass is the class of the life cell: whoever reads the record reads it.
const LifeClass Class = 1

var lifeField = &Field{Number: LifeField, Policy: deadWins, Class: LifeClass}

// field gives the rules of a cell, nil when this software does not know it.
func (k *Kind) field(n FieldNumber) *Field {
	if n == LifeField {
		return lifeField
	}
	return k.Fields[n]
}

// SelfFilled reports a field that phones fill in by themselves; a kind that this
// software does not know (nil) has none.
func (k *Kind) SelfFilled(n FieldNumber) bool {
	if k == nil {
		return false
	}
	f := k.field(n)
	return f != nil && f.SelfFilled
}

// Class gives the visibility class of a field this software knows.
func (k *Kind) Class(n FieldNumber) (Class, bool) {
	f := k.field(n)
	if f == nil {
		return 0, false
	}
	return f.Class, true
}

// Schema is the set of record kinds, with a number that grows when it does.
type Schema struct {
	Version uint32
	Kinds   map[KindNumber]*Kind
}

// Order compares two values of a field under its policy: negative when a is
// shown rather than b. It is total: only a value itself compares as 0.
func (f *Field) Order(a, b Value) int {
	if c := f.policyOrder(a, b); c != 0 {
		return c
	}
	if f.Policy == First {
		return compareFirst(a, b)
	}
	return compareStamp(a, b)
}

// policyOrder compares by everything that comes before the stamp.
func (f *Field) policyOrder(a, b Value) int {
	if f.Shape == Set {
		return preferTrue(!a.Cleared, !b.Cleared)
	}
	switch f.Policy {
	case Greatest, Least, States:
		// A removal ranks below every number, in Least too.
		if c := preferTrue(!a.Cleared, !b.Cleared); c != 0 || a.Cleared {
			return c
		}
		return f.compareNumber(a, b)
	case Ranked:
		return cmp.Compare(b.Write.Rank, a.Write.Rank)
	case deadWins:
		return preferTrue(isDead(a), isDead(b))
	}
	return 0
}

func (f *Field) compareNumber(a, b Value) int {
	x, y := f.Number64(a.Data), f.Number64(b.Data)
	if f.Policy == States {
		x, y = f.States.precedence(int32(x)), f.States.precedence(int32(y))
	}
	if f.Policy == Least {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(y, x)
}

func preferTrue(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// compareStamp prefers a good stamp to a suspect one, then the later, then the
// greater incarnation and device_seq.
func compareStamp(a, b Value) int {
	if c := preferTrue(!a.Write.Suspect, !b.Write.Suspect); c != 0 {
		return c
	}
	if c := cmp.Compare(b.Write.Stamp, a.Write.Stamp); c != 0 {
		return c
	}
	return compareDot(b.Write.Dot, a.Write.Dot)
}

// compareFirst prefers a good stamp to a suspect one, then the earlier.
func compareFirst(a, b Value) int {
	if c := preferTrue(!a.Write.Suspect, !b.Write.Suspect); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Write.Stamp, b.Write.Stamp); c != 0 {
		return c
	}
	return compareDot(a.Write.Dot, b.Write.Dot)
}

func compareDot(a, b Dot) int {
	if c := compareID(a.Incarnation, b.Incarnation); c != 0 {
		return c
	}
	return cmp.Compare(a.Seq, b.Seq)
}

func compareID(a, b ID) int { return cmp.Compare(string(a[:]), string(b[:])) }
