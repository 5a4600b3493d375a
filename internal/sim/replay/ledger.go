package replay

import (
	"cmp"
	"slices"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
)

// ledger replays a ward's plan and says of every written value who wrote it and
// what its author had seen. It knows the plan and these rules, and nothing of
// the engine:
//
//   - a phone has seen what it wrote itself, and what the server had committed
//     when the phone last synced; everyone has seen the imported register;
//   - a value covers another of its cell if its author had seen that; a create
//     covers nothing of others;
//   - what no value covers stands at the end, and two distinct ones are a conflict,
//     unless phones write them by themselves;
//   - of the standing values the field's order says which is shown;
//   - a covered value must still be found beside, unless one who covered it had
//     it on the screen.
type ledger struct {
	// records holds the changes of each record in the order of their entry, keys
	// the records in the order of their first one.
	records map[RecordKey][]*entry
	keys    []RecordKey
	phones  []reach
	// committed counts the changes that the server has.
	committed int
}

// reach is what the ledger knows of one phone.
type reach struct {
	// written counts its changes, seen is what the server had at its last sync.
	written, seen int
	pending       []*entry
}

// entry is one change with its place in history.
type entry struct {
	phone PhoneIndex
	// order counts the phone's own changes from 1.
	order int
	// position is the change's place among those the server has, from 1; 0 while
	// it is on its phone only.
	position int
	// seen is the highest position that the author had seen.
	seen   int
	at     domain.UnixMilli
	create bool
	values []cellValue
}

// write is one value of one cell.
type write struct {
	*entry
	cellValue
}

// newLedger begins with the imported register.
func newLedger(w *WardPlan) *ledger {
	l := &ledger{records: map[RecordKey][]*entry{}, phones: make([]reach, len(w.Team))}
	for i := range w.Register {
		l.committed++
		l.enter(&entry{phone: register, order: l.committed, position: l.committed}, &w.Register[i])
	}
	for i := range l.phones {
		l.phones[i].seen = l.committed
	}
	return l
}

// replayed is the ledger of a whole plan, with the syncs that end it.
func replayed(w *WardPlan) *ledger {
	l := newLedger(w)
	for _, s := range w.Sessions {
		for i := range s.Commits {
			l.commit(&s.Commits[i])
		}
		for _, phone := range s.Syncs {
			l.sync(phone)
		}
	}
	for phone := range l.phones {
		l.sync(PhoneIndex(phone))
	}
	return l
}

// commit takes in what a phone writes.
func (l *ledger) commit(c *Commit) {
	phone := &l.phones[c.Phone]
	for i := range c.Changes {
		phone.written++
		e := &entry{phone: c.Phone, order: phone.written, seen: phone.seen, at: c.At}
		l.enter(e, &c.Changes[i])
		phone.pending = append(phone.pending, e)
	}
}

func (l *ledger) enter(e *entry, c *Change) {
	e.create = c.Create
	e.values = valuesOf(c, personOf(e.phone))
	if _, known := l.records[c.Key]; !known {
		l.keys = append(l.keys, c.Key)
	}
	l.records[c.Key] = append(l.records[c.Key], e)
}

// sync hands in what a phone wrote and shows it all that the server has.
func (l *ledger) sync(index PhoneIndex) {
	phone := &l.phones[index]
	for _, e := range phone.pending {
		l.committed++
		e.position = l.committed
	}
	phone.pending, phone.seen = nil, l.committed
}

// knows says whether a phone has a record now.
func (l *ledger) knows(phone PhoneIndex, key RecordKey) bool {
	return slices.ContainsFunc(l.records[key], func(e *entry) bool { return e.create && l.sees(phone, e) })
}

func (l *ledger) sees(phone PhoneIndex, e *entry) bool {
	return e.phone == phone || e.position != 0 && e.position <= l.phones[phone].seen
}

// screen gives the value that a phone shows in a cell now; empty for none.
func (l *ledger) screen(phone PhoneIndex, key RecordKey, at cell) string {
	return onScreen(key.Kind, writesTo(l.records[key], at), phone, l.phones[phone].written+1, l.phones[phone].seen)
}

// writesTo gives the writes of one cell, in the order of their entry.
func writesTo(entries []*entry, at cell) []write {
	var out []write
	for _, e := range entries {
		for _, v := range e.values {
			if v.cell == at {
				out = append(out, write{e, v})
			}
		}
	}
	return out
}

// covers says whether the author of w had seen v when writing w.
func (w write) covers(v write) bool {
	if w.phone == v.phone {
		return v.order < w.order
	}
	return !w.create && v.position != 0 && v.position <= w.seen
}

// standing gives the writes that no other covers.
func standing(writes []write) []write {
	var out []write
	for _, v := range writes {
		if !slices.ContainsFunc(writes, func(w write) bool { return w.covers(v) }) {
			out = append(out, v)
		}
	}
	return out
}

// onScreen gives what a phone shows in a cell before its own change of the given
// order, when it has seen the server up to a position: its own newest unsent
// value, or else the one the field's order shows of what stands.
func onScreen(kind recordv1.Kind, writes []write, phone PhoneIndex, order, seen int) string {
	var own *write
	var past []write
	for i, v := range writes {
		switch {
		case v.phone == phone && v.order < order && (v.position == 0 || v.position > seen):
			own = &writes[i]
		case v.position != 0 && v.position <= seen:
			past = append(past, v)
		}
	}
	if own != nil {
		return own.value
	}
	return shown(kind, past)
}

// hadOnScreen says whether the author of w saw the value of v, which w covers.
// An own unsent value was on the own screen even if a newer one took its place.
func hadOnScreen(kind recordv1.Kind, writes []write, w, v write) bool {
	if w.phone == v.phone && (v.position == 0 || v.position > w.seen) {
		return true
	}
	if w.create {
		return false
	}
	var past []write
	for _, x := range writes {
		if x.position != 0 && x.position <= w.seen {
			past = append(past, x)
		}
	}
	return shown(kind, past) == v.value
}

// shown gives the value that the field's order puts first among those that
// stand; empty for none.
func shown(kind recordv1.Kind, writes []write) string {
	stand := standing(writes)
	if len(stand) == 0 {
		return ""
	}
	return slices.MinFunc(stand, orderOf(kind, stand[0].field)).value
}

// verdict is what the plan demands of one cell at the end.
type verdict struct {
	// shown is the value on every screen, beside those that must be found beside it.
	shown  string
	beside []string
	// open says that the cell waits for a person.
	open bool
}

// choices counts the values that a person may choose instead of the shown one.
func (v verdict) choices() int {
	n := len(v.beside)
	if slices.Contains(v.beside, v.shown) {
		n--
	}
	return n
}

// judge gives the verdict on a cell from all of its writes.
func judge(kind recordv1.Kind, writes []write) verdict {
	if len(writes) == 1 {
		return verdict{shown: writes[0].value}
	}
	stand := standing(writes)
	v := verdict{shown: shown(kind, writes)}
	for _, w := range stand {
		if w.value != v.shown {
			v.beside, v.open = append(v.beside, w.value), true
		}
	}
	for _, w := range writes {
		if mustBeKept(kind, writes, w) {
			v.beside, v.open = append(v.beside, w.value), true
		}
	}
	slices.Sort(v.beside)
	v.beside = slices.Compact(v.beside)
	v.open = v.open && !byItself(writes[0].field)
	return v
}

// byItself names what each phone that makes a record writes by itself, so that nobody is asked which of them holds.
func byItself(field string) bool { return field == fieldRegisteredBy || field == fieldOccurredAt }

// mustBeKept says that a value was covered, and by nobody who had it on the screen.
func mustBeKept(kind recordv1.Kind, writes []write, v write) bool {
	covered := false
	for _, w := range writes {
		if !w.covers(v) {
			continue
		}
		if covered = true; hadOnScreen(kind, writes, w, v) {
			return false
		}
	}
	return covered
}

// byTime puts the later write first; plans give no two writes of a ward one time.
func byTime(a, b write) int { return cmp.Compare(b.at, a.at) }
