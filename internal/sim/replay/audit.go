package replay

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/syncengine"
)

// ProblemsMax bounds the problems that are told in words; counts go on.
const ProblemsMax = 50

// lossesTold bounds those of them that are lost values: a record has dozens, and what else is wrong is to be told as well.
const lossesTold = 25

// Findings are what the auditor found at the end.
type Findings struct {
	// Lost counts written values that are neither shown nor found beside what is
	// shown, although nobody who had them on the screen wrote over them.
	Lost int
	// Duplicated counts records beyond the one that each key may have, and records
	// of a key that nobody wrote.
	Duplicated int
	// Converged says that every phone of a ward has the server's records of the
	// ward and no others, with the values shown that the plan predicts, the same
	// open conflicts, and one digest.
	Converged bool
	// Conflicts counts the cells that wait for a person, on the phones.
	Conflicts int
	// Problems tells the first of them in words.
	Problems []string
}

// observed is what was found of one ward. Everything in it was read from the
// server's store or from a phone; nothing of it is the plan's.
type observed struct {
	// server holds the records by what they call themselves.
	server []seenRecord
	phones []seenPhone
}

// seenRecord is a record as the server has it.
type seenRecord struct {
	id    syncengine.ID
	key   RecordKey
	dead  bool
	cells map[cell]seenCell
	// shown is the message of all shown values, encoded, for comparison with phones.
	shown string
}

// seenCell holds the values of a cell: the shown one, and those found beside it,
// each once, sorted.
type seenCell struct {
	shown  string
	beside []string
}

// seenPhone is what one phone has.
type seenPhone struct {
	// shown is the message of each record's shown values, encoded.
	shown map[syncengine.ID]string
	// open names the cells that wait for a person, with how many other values each
	// has to choose from.
	open map[place]int
	// digest is the phone's own sum over its base.
	digest string
}

// place is a cell of a record.
type place struct {
	record syncengine.ID
	cell
}

// auditor compares wards with their plan.
type auditor struct{ found Findings }

func newAuditor() *auditor { return &auditor{Findings{Converged: true}} }

// problem notes something in words.
func (a *auditor) problem(format string, values ...any) {
	if len(a.found.Problems) < ProblemsMax {
		a.found.Problems = append(a.found.Problems, fmt.Sprintf(format, values...))
	}
}

func (a *auditor) apart(format string, values ...any) {
	a.found.Converged = false
	a.problem(format, values...)
}

func (a *auditor) lose(w write, at cell, key RecordKey) {
	if a.found.Lost++; a.found.Lost > lossesTold {
		return
	}
	a.problem("lost: %s, %s = %.60q, written by %s", key, at, w.value, personOf(w.phone))
}

// String names a cell in findings.
func (c cell) String() string {
	if c.key == "" {
		return c.field
	}
	return c.field + "[" + c.key + "]"
}

// ward audits one ward.
func (a *auditor) ward(w *WardPlan, seen *observed) {
	l := replayed(w)
	byKey := map[RecordKey][]seenRecord{}
	for _, r := range seen.server {
		byKey[r.key] = append(byKey[r.key], r)
	}
	open := map[place]int{}
	for _, key := range l.keys {
		a.record(key, l.records[key], byKey[key], open)
		delete(byKey, key)
	}
	a.strays(byKey)
	for i := range seen.phones {
		a.phone(w, PhoneIndex(i), seen, open)
	}
	a.digests(w, seen.phones)
	a.found.Conflicts += len(seen.phones[0].open)
}

// strays counts records that nobody wrote.
func (a *auditor) strays(byKey map[RecordKey][]seenRecord) {
	for _, key := range slices.SortedFunc(maps.Keys(byKey), compareKeys) {
		a.found.Duplicated += len(byKey[key])
		a.problem("nobody wrote %s, and it is there %d times", key, len(byKey[key]))
	}
}

func compareKeys(x, y RecordKey) int { return strings.Compare(x.String(), y.String()) }

// record audits one record: it must be there once, and hold every value.
func (a *auditor) record(key RecordKey, entries []*entry, found []seenRecord, open map[place]int) {
	if len(found) > 1 {
		a.found.Duplicated += len(found) - 1
		a.problem("duplicated: %s is there %d times", key, len(found))
	}
	if len(found) == 0 {
		a.problem("missing: %s", key)
	}
	byCell := writesByCell(entries)
	for _, at := range slices.SortedFunc(maps.Keys(byCell), compareCells) {
		a.cell(key, at, byCell[at], found, open)
	}
	for _, r := range found[:min(1, len(found))] {
		for at, c := range r.cells {
			if _, planned := byCell[at]; !planned {
				a.apart("%s holds %s = %.60q, which nobody wrote", key, at, c.shown)
			}
		}
	}
}

func compareCells(x, y cell) int { return strings.Compare(x.String(), y.String()) }

// writesByCell gathers the writes of a record.
func writesByCell(entries []*entry) map[cell][]write {
	out := map[cell][]write{}
	for _, e := range entries {
		for _, v := range e.values {
			out[v.cell] = append(out[v.cell], write{e, v})
		}
	}
	return out
}

// cell audits one cell of all records that go by one key.
func (a *auditor) cell(key RecordKey, at cell, writes []write, found []seenRecord, open map[place]int) {
	want := judge(key.Kind, writes)
	values := map[string]bool{}
	for _, r := range found {
		if c, ok := r.cells[at]; ok && !r.dead {
			values[c.shown] = true
			for _, v := range c.beside {
				values[v] = true
			}
		}
	}
	for _, w := range writes {
		demanded := w.value == want.shown || slices.Contains(want.beside, w.value)
		if demanded && !values[w.value] && !excused(key.Kind, writes, w) {
			a.lose(w, at, key)
		}
	}
	if len(found) == 0 {
		return
	}
	got := found[0].cells[at]
	if got.shown != want.shown {
		a.apart("%s shows %s = %.60q, the plan says %.60q", key, at, got.shown, want.shown)
	}
	if !slices.Equal(got.beside, want.beside) {
		a.apart("%s keeps %.60q beside %s, the plan says %.60q", key, got.beside, at, want.beside)
	}
	if want.open {
		open[place{found[0].id, at}] = want.choices()
	}
}

// excused says that somebody who had a value on the screen wrote over it, so
// that it need not be found any more even where an equal one must.
func excused(kind recordv1.Kind, writes []write, v write) bool {
	return slices.ContainsFunc(writes, func(w write) bool { return w.covers(v) && hadOnScreen(kind, writes, w, v) })
}

// phone compares what a phone has with the server's records, and what it lists
// as open with the prediction.
func (a *auditor) phone(w *WardPlan, i PhoneIndex, seen *observed, open map[place]int) {
	phone, name := &seen.phones[i], w.Team[i].Name
	for _, r := range seen.server {
		switch got, ok := phone.shown[r.id]; {
		case !ok:
			a.apart("%s lacks %s", name, r.key)
		case got != r.shown:
			a.apart("%s shows %s otherwise than the server: %s", name, r.key, difference(r.key.Kind, got, r.shown))
		}
	}
	if more := len(phone.shown) - len(seen.server); more > 0 {
		a.apart("%s has %d records that the server does not have in this ward", name, more)
	}
	for at, want := range open {
		if got, listed := phone.open[at]; !listed || got != want {
			a.apart("%s lists %d other values at %s of record %s, the plan says %d", name, got, at.cell, at.record, want)
		}
	}
	for at := range phone.open {
		if _, wanted := open[at]; !wanted {
			a.apart("%s lists a conflict at %s of record %s, where the plan has none", name, at.cell, at.record)
		}
	}
}

// digests wants one digest on all phones of a ward.
func (a *auditor) digests(w *WardPlan, phones []seenPhone) {
	for i := range phones {
		if phones[i].digest != phones[0].digest {
			a.apart("%s and %s have other digests", w.Team[0].Name, w.Team[i].Name)
		}
	}
}
