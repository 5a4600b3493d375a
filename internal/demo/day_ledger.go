package demo

// Ledger is what a script alone predicts: every value ever written, by whom, what its author had seen, and so which
// values were written without knowledge of each other and which must stand at the end. It knows the script and these
// four rules, and nothing of the engine:
//
//   - a phone has seen what it wrote itself, and what the server had committed when its last undisturbed sync ended;
//   - a value covers another of the same cell if its author had seen it; a create covers nothing of others;
//   - what no other value of the cell covers stands at the end; two different standing values are a conflict, unless
//     phones write them by themselves;
//   - a delete covers every value its author had seen; any other standing value of the record is a conflict with it.
//
// What the register held in the morning is covered by any write and is not in the ledger. The doors of a visit are a set
// whose elements are cells of their own; the script writes them in creates only, and in a joint visit equal, so the
// ledger takes them as one.
type Ledger struct {
	// Entries are the changes in script order.
	Entries []Entry
	// Writes are the written values in script order.
	Writes []Write
	// cells lists the cells in the order of their first write, for results that do not depend on map order.
	cells  []Cell
	byCell map[Cell][]int
	// creates are the entries that create a record.
	creates      map[Ref][]int
	seedPremises int
	phones       []ledgerPhone
	// committed counts the changes the server has committed.
	committed int
}

// Entry is one change of the script with its place in history.
type Entry struct {
	// Step and Index find the change: Day.Steps[Step].Changes[Index].
	Step  StepIndex
	Index int
	// Phone wrote it.
	Phone PhoneIndex
	// Op and Ref are the change's.
	Op  Op
	Ref Ref
	// Order counts the phone's own changes from 1.
	Order int
	// Position is the place in the order in which the server commits changes, from 1; 0 if it never does.
	Position int
	// Seen is the highest position the phone had seen when it wrote the change.
	Seen int
}

// Cell is one field of a record, or one key of a map field.
type Cell struct {
	// Ref is the record.
	Ref Ref
	// Field is the field's name, or FieldLife.
	Field string
	// Key is the map key, empty for a field that is no map.
	Key string
}

// Write is one value written to one cell.
type Write struct {
	// Entry is the place of its change in Ledger.Entries.
	Entry int
	// Cell is what was written.
	Cell Cell
	// Value is what it was given.
	Value Value
}

// FieldLife is the field of the cell that a delete writes, with the value LifeDead.
const (
	FieldLife        = "life"
	LifeDead  Symbol = "DEAD"
)

// Conflict is a meeting of values that the end of the day must show.
type Conflict struct {
	// Cell is where they met; for a delete against an edit, the edited cell.
	Cell Cell
	// DeleteEdit says that a delete met an edit: the first of Writes is the delete.
	DeleteEdit bool
	// Writes are the values that stand, in script order.
	Writes []Write
}

// ledgerPhone is what the ledger knows of one phone.
type ledgerPhone struct {
	written int
	seen    int
	pending []int
}

// newLedger returns a ledger before the day's first step.
func newLedger(seedPremises, phones int) *Ledger {
	return &Ledger{
		byCell: map[Cell][]int{}, creates: map[Ref][]int{}, seedPremises: seedPremises, phones: make([]ledgerPhone, phones),
	}
}

// apply replays one step. Steps come in script order.
func (l *Ledger) apply(index StepIndex, step *Step) {
	switch step.Kind {
	case StepWork:
		for i := range step.Changes {
			l.enter(index, i, step)
		}
	case StepSync:
		l.exchange(step.Phone, step.Fault)
	}
}

// enter records one change.
func (l *Ledger) enter(index StepIndex, i int, step *Step) {
	change, phone := &step.Changes[i], &l.phones[step.Phone]
	phone.written++
	entry := len(l.Entries)
	l.Entries = append(l.Entries, Entry{
		Step: index, Index: i, Phone: step.Phone, Op: change.Op, Ref: change.Ref, Order: phone.written, Seen: phone.seen,
	})
	phone.pending = append(phone.pending, entry)
	switch change.Op {
	case OpCreate:
		l.creates[change.Ref] = append(l.creates[change.Ref], entry)
	case OpDelete:
		l.put(Write{Entry: entry, Cell: Cell{Ref: change.Ref, Field: FieldLife}, Value: LifeDead})
	}
	for _, f := range change.Fields {
		l.put(Write{Entry: entry, Cell: Cell{Ref: change.Ref, Field: f.Name, Key: f.Key}, Value: f.Value})
	}
}

// put files one write under its cell.
func (l *Ledger) put(w Write) {
	if _, known := l.byCell[w.Cell]; !known {
		l.cells = append(l.cells, w.Cell)
	}
	l.byCell[w.Cell] = append(l.byCell[w.Cell], len(l.Writes))
	l.Writes = append(l.Writes, w)
}

// exchange replays one sync: what the server commits and what the phone gets to see.
func (l *Ledger) exchange(index PhoneIndex, fault Fault) {
	if fault == FaultRequestLost {
		return
	}
	phone := &l.phones[index]
	for _, entry := range phone.pending {
		l.committed++
		l.Entries[entry].Position = l.committed
	}
	phone.pending = nil
	if fault == FaultNone {
		phone.seen = l.committed
	}
}

// Pending returns how many of a phone's changes the server has not committed.
func (l *Ledger) Pending(phone PhoneIndex) int { return len(l.phones[phone].pending) }

// CaughtUp reports whether a phone has nothing pending and has seen all that the server has committed.
func (l *Ledger) CaughtUp(phone PhoneIndex) bool {
	return l.Pending(phone) == 0 && l.phones[phone].seen == l.committed
}

// Cells returns every written cell in the order of its first write.
func (l *Ledger) Cells() []Cell { return l.cells }

// WritesOf returns all values ever written to a cell, in script order.
func (l *Ledger) WritesOf(cell Cell) []Write {
	writes := make([]Write, len(l.byCell[cell]))
	for i, w := range l.byCell[cell] {
		writes[i] = l.Writes[w]
	}
	return writes
}
