package demo

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// ProblemsMax bounds the problems that are told in words; counts go on.
const ProblemsMax = 50

// Findings are what the auditor found at the end of a day.
type Findings struct {
	// Lost counts written values that are neither shown, nor beside what is shown, nor kept, nor in quarantine, although
	// nobody who had seen them wrote over them; and changes that are not in the server's log at all.
	Lost int
	// Duplicated counts records and changes that are there more than once, or that nobody made.
	Duplicated int
	// Converged says that every record reads as the script demands, that every phone shows what the server has and its
	// user may see and nothing else, that phones and server list the conflicts the script demands, and that digests
	// agree.
	Converged bool
	// Conflicts counts what the server lists for people, Expected what the script demands; Kept and DeleteEdits are the
	// parts of that which are no contest of two values.
	Conflicts, Expected, Kept, DeleteEdits int
	// Problems tells the first findings in words.
	Problems []string
}

// OK says that nothing is wrong.
func (f *Findings) OK() bool { return f.Lost == 0 && f.Duplicated == 0 && f.Converged }

// audit reads everything back and compares it with what the script demands.
func (d *Demo) audit(ctx context.Context) error {
	d.watch.begin(StageRead, len(d.phones))
	seen, err := d.read(ctx)
	if err != nil {
		return err
	}
	d.watch.begin(StageAudit, 0)
	if d.prediction, err = predict(d.street, d.cast, d.day, d.names, d.book.all()); err != nil {
		return err
	}
	d.Report.Findings, d.demanded = audit(d.prediction, seen)
	d.report(seen)
	return nil
}

// auditor compares what was found with what is demanded.
type auditor struct {
	*prediction
	seen  *observed
	found Findings
	// server finds the server's records.
	server map[syncengine.ID]*seenRecord
	// quarantined are the ledger entries that wait for a person.
	quarantined map[int]bool
	// demanded are the open conflicts, in the order of their ids.
	demanded []demandedConflict
	// messages and sums remember what was worked out of a record.
	messages map[messageKey]string
	sums     map[syncengine.ID]syncengine.Sums
}

// messageKey names the part of a record that some roles read.
type messageKey struct {
	id      syncengine.ID
	classes schema.Classes
}

// audit audits a day, and tells which conflicts it demanded.
func audit(p *prediction, seen *observed) (Findings, []demandedConflict) {
	a := &auditor{
		prediction: p, seen: seen, found: Findings{Converged: true}, server: map[syncengine.ID]*seenRecord{},
		quarantined: map[int]bool{}, messages: map[messageKey]string{}, sums: map[syncengine.ID]syncengine.Sums{},
	}
	a.auditLog()
	a.auditRecords()
	a.auditConflicts()
	for i := range seen.phones {
		a.auditPhone(PhoneIndex(i), &seen.phones[i])
	}
	return a.found, a.demanded
}

// problem notes something in words.
func (a *auditor) problem(format string, values ...any) {
	if len(a.found.Problems) < ProblemsMax {
		a.found.Problems = append(a.found.Problems, fmt.Sprintf(format, values...))
	}
}

// apart notes that something does not agree.
func (a *auditor) apart(format string, values ...any) {
	a.found.Converged = false
	a.problem(format, values...)
}

// lose notes values that are gone.
func (a *auditor) lose(format string, values ...any) {
	a.found.Lost++
	a.problem("lost: "+format, values...)
}

// double notes something that is there once too often.
func (a *auditor) double(format string, values ...any) {
	a.found.Duplicated++
	a.problem("doubled: "+format, values...)
}

// auditLog wants every change that the script has a phone write in the server's log, once.
func (a *auditor) auditLog() {
	logs := map[syncengine.ID][]seenChange{}
	for _, c := range a.seen.log {
		logs[c.incarnation] = append(logs[c.incarnation], c)
	}
	written := map[PhoneIndex][]int{}
	for i := range a.ledger.Entries {
		phone := a.ledger.Entries[i].Phone
		written[phone] = append(written[phone], i)
	}
	for i := range a.seen.phones {
		a.auditChain(PhoneIndex(i), written[PhoneIndex(i)], logs[a.seen.phones[i].incarnation])
	}
}

// auditChain compares what one phone wrote with what the log has of it. The n-th change of a phone has the number n.
func (a *auditor) auditChain(phone PhoneIndex, written []int, log []seenChange) {
	times := make([]int, len(written)+1)
	for _, c := range log {
		n := int(c.seq)
		if n < 1 || n > len(written) {
			a.double("change %d of phone %d, which wrote %d", c.seq, phone, len(written))
			continue
		}
		if times[n]++; times[n] > 1 {
			a.double("change %d of phone %d is in the log %d times", c.seq, phone, times[n])
		}
		if ref := a.ledger.Entries[written[n-1]].Ref; c.record != a.ids[ref] {
			a.apart("change %d of phone %d is to record %s, it was written to %s", c.seq, phone, c.record, ref)
		}
		a.quarantined[written[n-1]] = c.quarantined
	}
	for n := 1; n <= len(written); n++ {
		if e := &a.ledger.Entries[written[n-1]]; times[n] == 0 {
			a.lose("change %d of phone %d, %s of %s", n, phone, e.Op, e.Ref)
		} else if a.quarantined[written[n-1]] {
			a.apart("change %d of phone %d, %s of %s, waits in quarantine", n, phone, e.Op, e.Ref)
		}
	}
}

// auditRecords wants every record once, with every value in its place, and none that nobody made.
func (a *auditor) auditRecords() {
	for i := range a.seen.records {
		r := &a.seen.records[i]
		_, demanded := a.records[r.id]
		switch {
		case a.server[r.id] != nil:
			a.double("record %s", r.id)
		case !demanded && !isServerKind(r.kind):
			a.double("record %s of kind %d, which nobody made", r.id, r.kind)
		}
		a.server[r.id] = r
	}
	for _, id := range slices.SortedFunc(maps.Keys(a.records), compareIDs) {
		a.auditRecord(a.records[id], a.server[id])
	}
}

// isServerKind says that only the server makes records of the kind.
func isServerKind(kind syncengine.KindNumber) bool {
	return kind == syncengine.KindNumber(recordv1.Kind_KIND_TERRITORY) || kind == syncengine.KindNumber(recordv1.Kind_KIND_STAFF)
}

func compareIDs(a, b syncengine.ID) int { return bytes.Compare(a[:], b[:]) }

// auditRecord compares one record, cell by cell; found is nil where the server has none.
func (a *auditor) auditRecord(at *predicted, found *seenRecord) {
	if found == nil {
		a.lose("record %s, %s, is not there", at.id, at.ref)
		return
	}
	cells := map[syncengine.CellKey]*seenCell{}
	for i := range found.cells {
		cells[found.cells[i].key] = &found.cells[i]
	}
	for _, c := range at.register {
		if at.written[c.key] == nil {
			a.auditRegister(at, c, cells[c.key])
			delete(cells, c.key)
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(at.written), syncengine.CellKey.Compare) {
		a.auditCell(at, key, at.written[key], cells[key])
		delete(cells, key)
	}
	for _, key := range slices.SortedFunc(maps.Keys(cells), syncengine.CellKey.Compare) {
		a.apart("%s has %s, which nobody wrote", at.ref, a.cellName(at, key))
	}
}

// auditRegister wants a value of the register that no phone wrote over.
func (a *auditor) auditRegister(at *predicted, c cell, found *seenCell) {
	switch {
	case found == nil || found.shown != c.data && !slices.Contains(found.stand, c.data) && !slices.Contains(found.kept, c.data):
		a.lose("%s of %s as the register has it", a.cellName(at, c.key), at.ref)
	case found.shown != c.data || len(found.stand)+len(found.kept) > 0:
		a.apart("%s of %s shows another value than the register's", a.cellName(at, c.key), at.ref)
	}
}

// auditCell wants every value that is demanded of a cell, and shown what is to be shown.
func (a *auditor) auditCell(at *predicted, key syncengine.CellKey, want *verdict, found *seenCell) {
	if found == nil {
		found = &seenCell{}
	}
	for _, w := range slices.Concat(want.stand, want.kept) {
		there := found.shown == w.data || slices.Contains(found.stand, w.data) || slices.Contains(found.kept, w.data)
		if !there && !a.quarantined[w.entry] {
			a.lose("%s of %s as step %d wrote it", a.cellName(at, key), at.ref, a.ledger.Entries[w.entry].Step)
		}
	}
	stand, kept := sortedBut(found.stand, found.shown), sortedBut(found.kept, "")
	switch {
	case found.shown != want.shown.data:
		a.apart("%s of %s is not shown as step %d wrote it", a.cellName(at, key), at.ref, a.ledger.Entries[want.shown.entry].Step)
	case !slices.Equal(stand, want.beside()):
		a.apart("%s of %s has %d other values, %d are demanded", a.cellName(at, key), at.ref, len(stand), len(want.beside()))
	case !slices.Equal(kept, want.keptBeside()):
		a.apart("%s of %s has %d kept values, %d are demanded", a.cellName(at, key), at.ref, len(kept), len(want.keptBeside()))
	}
}

// sortedBut sorts values, each once, and leaves one out.
func sortedBut(values []string, but string) []string {
	out := slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == but })
	slices.Sort(out)
	return slices.Compact(out)
}

// cellName names a cell for people.
func (a *auditor) cellName(at *predicted, key syncengine.CellKey) string {
	name := fieldOf(at.kind, key.Field).name
	if key.Key != "" {
		name += fmt.Sprintf("[%q]", key.Key)
	}
	return name
}

// demandedConflict is a conflict that the script demands.
type demandedConflict struct {
	id    syncengine.ConflictID
	kind  openKind
	at    *predicted
	key   syncengine.CellKey
	class syncengine.Class
	// verdict is the cell's.
	verdict *verdict
}

// auditConflicts wants the server to list the conflicts that the script demands, and no others.
func (a *auditor) auditConflicts() {
	a.demandConflicts()
	listed := map[syncengine.ConflictID]openKind{}
	for _, c := range a.seen.open {
		if _, twice := listed[c.id]; twice {
			a.double("conflict %s", c.id)
		}
		listed[c.id] = c.kind
	}
	a.found.Conflicts, a.found.Expected = len(a.seen.open), len(a.demanded)
	for _, c := range a.demanded {
		switch c.kind {
		case openKept:
			a.found.Kept++
		case openDeleteEdit:
			a.found.DeleteEdits++
		}
		if listed[c.id] != c.kind {
			a.apart("the server lists %q for conflict %s at %s, %q is demanded", listed[c.id], c.id, c.at.ref, c.kind)
		}
		delete(listed, c.id)
	}
	for id, kind := range listed {
		a.apart("the server lists conflict %s (%s), which the script does not demand", id, kind)
	}
}

// demandConflicts works out which conflicts are demanded.
func (a *auditor) demandConflicts() {
	for _, at := range a.records {
		for key, v := range at.written {
			f := fieldOf(at.kind, key.Field)
			if kind := v.open(a.ledger, f, at.deletion); kind != openNot {
				a.demanded = append(a.demanded, demandedConflict{
					syncengine.ConflictIDOf(at.id, key), kind, at, key, syncengine.Class(f.class), v,
				})
			}
		}
	}
	slices.SortFunc(a.demanded, func(x, y demandedConflict) int {
		return cmp.Or(compareIDs(x.at.id, y.at.id), bytes.Compare(x.id[:], y.id[:]))
	})
}
