package report

import (
	"cmp"
	"errors"
	"slices"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/internal/recordunits"
	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// The kinds that figures look at.
const (
	kindPremises  = syncengine.KindNumber(recordv1.Kind_KIND_PREMISES)
	kindVisit     = syncengine.KindNumber(recordv1.Kind_KIND_VISIT)
	kindHazard    = syncengine.KindNumber(recordv1.Kind_KIND_HAZARD)
	kindDispute   = syncengine.KindNumber(recordv1.Kind_KIND_DISPUTE)
	kindCaseEvent = syncengine.KindNumber(recordv1.Kind_KIND_CASE_EVENT)
)

// Fields whose cells are looked at beside their values.
const (
	premisesStatus syncengine.FieldNumber = 4
	hazardState    syncengine.FieldNumber = 6
	disputeState   syncengine.FieldNumber = 8
	visitDoors     syncengine.FieldNumber = 1
)

// noStamps are those of what is not there.
var noStamps recordunits.Stamps

// stateFields name the field whose stamp says since when a record is what it is.
var stateFields = map[syncengine.KindNumber]syncengine.FieldNumber{
	kindPremises: premisesStatus, kindHazard: hazardState, kindDispute: disputeState,
}

// counted reports a kind that figures look at.
func counted(kind syncengine.KindNumber) bool {
	return kind == kindPremises || kind == kindVisit || kind == kindHazard || kind == kindDispute || kind == kindCaseEvent
}

// Progress is told how much of a fold is done.
type Progress func(done, total syncengine.Seq)

// folding is one fold under way: it brings a projection to where a reader's log has come.
type folding struct {
	p   *projection
	r   store.Reader
	log *exchange.Service
	// from and to bound the commit that was looked up last, time is when it was.
	from, to syncengine.Seq
	time     syncengine.UnixMilli
	// commits are all of them in log order, for a fold of everything: each by itself would be looked up for every visit.
	commits []commitEnd
}

// commitEnd is the last entry of a commit, and when it was. A million of them are 16 megabytes.
type commitEnd struct {
	last syncengine.Seq
	at   syncengine.UnixMilli
}

// watermark is the reader's head.
func watermark(r store.Reader) Watermark {
	head := r.Head()
	return Watermark{head.Epoch, head.Seq, head.Tag, head.Committed}
}

// tellSteps is after how many records or entries a fold tells how far it is.
const tellSteps = 1000

// build folds the whole log: the records as they stand, and then what each device sent. It tells of both, a head's worth each.
func (f *folding) build(progress Progress) error {
	head := f.r.Head().Seq
	var done syncengine.Seq
	var failed error
	tell := func(at syncengine.Seq) {
		if progress != nil && at%tellSteps == 0 {
			progress(at, 2*head)
		}
	}
	err := f.log.Commits(f.r, func(last syncengine.Seq, at syncengine.UnixMilli) bool {
		f.commits = append(f.commits, commitEnd{last, at})
		return true
	})
	if err != nil {
		return err
	}
	defer func() { f.commits = nil }()
	err = f.r.Records(func(row store.Record) bool {
		done = min(done+1, head)
		tell(done)
		if !counted(row.Kind) {
			return true
		}
		var rec *syncengine.Record
		if rec, failed = wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body); failed == nil {
			failed = f.take(rec, rec, true)
		}
		return failed == nil
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	err = f.r.Entries(0, func(e store.Entry) bool {
		tell(head + e.Seq)
		f.p.tally(&e)
		return true
	})
	f.p.at = watermark(f.r)
	return err
}

// follow folds what the log holds beyond the projection's watermark.
func (f *folding) follow() error {
	seen := map[syncengine.ID]bool{}
	var failed error
	err := store.EntriesAhead(f.r, f.p.at.Seq, readsRecord, func(e store.Entry) bool {
		f.p.tally(&e)
		if !readsRecord(e) || seen[e.RecordID] && e.Type != store.EntryErased {
			return true
		}
		fresh := e.Prev == 0 && !seen[e.RecordID]
		seen[e.RecordID] = true
		failed = f.again(&e, fresh)
		return failed == nil
	})
	if err = errors.Join(err, failed); err == nil {
		f.p.at = watermark(f.r)
	}
	return err
}

// readsRecord reports entries whose record is to be taken in.
func readsRecord(e store.Entry) bool { return changes(e.Type) && counted(e.Kind) }

// changes reports entries that change a record.
func changes(t store.EntryType) bool {
	switch t {
	case store.EntryApplied, store.EntryMerged, store.EntryReleased, store.EntryHeld, store.EntryErased:
		return true
	}
	return false
}

// again takes a record in as it stands now.
func (f *folding) again(e *store.Entry, fresh bool) error {
	row, ok, err := f.r.Record(e.RecordID)
	if err != nil || !ok {
		return err
	}
	rec, err := wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body)
	if err != nil {
		return err
	}
	if e.Type == store.EntryErased && rec.Kind == kindVisit {
		f.p.dropEverywhere(rec.ID)
	}
	return f.take(rec, rec, fresh)
}

// take brings one record in. widest is the state of it that names all doors it ever named.
func (f *folding) take(rec, widest *syncengine.Record, fresh bool) error {
	at := recordunits.Stamps{Created: domain.UnixMilli(createdAt(rec)), State: stampOf(rec, stateFields[rec.Kind])}
	switch rec.Kind {
	case kindPremises:
		m := &recordv1.Premises{}
		return f.taken(rec, m, func(there bool) { f.p.setDoor(rec.ID, orNil(m, there), at) })
	case kindHazard:
		m := &recordv1.Hazard{}
		return f.taken(rec, m, func(there bool) { f.p.setHazard(rec.ID, orNil(m, there), at) })
	case kindDispute:
		m := &recordv1.Dispute{}
		return f.taken(rec, m, func(there bool) { f.p.setDispute(rec.ID, orNil(m, there), at) })
	case kindCaseEvent:
		m := &recordv1.CaseEvent{}
		return f.taken(rec, m, func(there bool) { f.p.setEvent(rec.ID, orNil(m, there)) })
	case kindVisit:
		return f.takeVisit(rec, widest, fresh)
	}
	return nil
}

// taken decodes what stands of a record and hands it on.
func (f *folding) taken(rec *syncengine.Record, m proto.Message, set func(there bool)) error {
	if rec.Dead() {
		set(false)
		return nil
	}
	if err := wire.ReadShown(rec, m, nil); err != nil {
		return err
	}
	set(true)
	return nil
}

func orNil[M any](m *M, there bool) *M {
	if !there {
		return nil
	}
	return m
}

func (f *folding) takeVisit(rec, widest *syncengine.Record, fresh bool) error {
	m := &recordv1.Visit{}
	if err := f.taken(rec, m, func(bool) {}); err != nil {
		return err
	}
	v := &seenVisit{id: rec.ID, ever: doorsEver(widest)}
	if rec.Dead() {
		f.p.setVisit(v, fresh)
		return nil
	}
	var err error
	if v.lag, err = f.lag(rec, m); err != nil {
		return err
	}
	unit := recordunits.ReadVisit(m)
	v.unit = &unit
	v.territory, _ = syncengine.IDFromBytes(m.GetTerritory())
	if unit.Check && len(unit.CheckedDoors) == 0 {
		if v.checked, err = f.doorsOfChecked(syncengine.ID(unit.Checks)); err != nil {
			return err
		}
	}
	f.p.setVisit(v, fresh)
	return nil
}

// doorsOfChecked gives the doors that a visit which is checked names or ever named, as far as the log goes now.
func (f *folding) doorsOfChecked(id syncengine.ID) ([]syncengine.ID, error) {
	row, ok, err := f.r.Record(id)
	if err != nil || !ok || row.Kind != kindVisit {
		return nil, err
	}
	rec, err := wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body)
	if err != nil {
		return nil, err
	}
	return doorsEver(rec), nil
}

// doorsEver gives every door that a visit names or once named: what was taken out of a set stands in it as taken out.
func doorsEver(rec *syncengine.Record) (out []syncengine.ID) {
	for _, cell := range rec.Field(visitDoors) {
		if id, ok := syncengine.IDFromBytes([]byte(cell.Key.Key)); ok {
			out = append(out, id)
		}
	}
	return out
}

// lag gives the minutes from a visit to the commit that first took it.
func (f *folding) lag(rec *syncengine.Record, m *recordv1.Visit) (uint32, error) {
	if m.OccurredAt == nil {
		return metrics.LagNone, nil
	}
	seq := firstSeq(rec)
	if seq == 0 {
		return metrics.LagNone, nil
	}
	if seq < f.from || seq > f.to {
		last, at, err := f.commitOf(seq)
		if err != nil || last == 0 {
			return metrics.LagNone, err
		}
		f.from, f.to, f.time = seq, last, at
	}
	return metrics.LagOf(m.GetOccurredAt(), int64(f.time)), nil
}

// commitOf gives the commit that an entry came with.
func (f *folding) commitOf(seq syncengine.Seq) (last syncengine.Seq, at syncengine.UnixMilli, err error) {
	if f.commits == nil {
		return f.log.CommitOf(f.r, seq)
	}
	i, _ := slices.BinarySearchFunc(f.commits, seq, func(c commitEnd, seq syncengine.Seq) int { return cmp.Compare(c.last, seq) })
	if i == len(f.commits) {
		return 0, 0, nil
	}
	return f.commits[i].last, f.commits[i].at, nil
}

// firstSeq gives the first entry that made a record, as far as what stands of it tells.
func firstSeq(rec *syncengine.Record) (first syncengine.Seq) {
	life, ok := rec.Find(syncengine.CellKey{Field: syncengine.LifeField})
	if !ok {
		return 0
	}
	for i := range life.Values {
		for _, c := range life.Values[i].Write.Coordinates {
			if first == 0 || c.Seq < first {
				first = c.Seq
			}
		}
	}
	return first
}

// createdAt gives the earliest stamp of a record's life.
func createdAt(rec *syncengine.Record) (at syncengine.UnixMilli) {
	life, ok := rec.Find(syncengine.CellKey{Field: syncengine.LifeField})
	if !ok {
		return 0
	}
	for i := range life.Values {
		if stamp := life.Values[i].Write.Stamp; at == 0 || stamp < at {
			at = stamp
		}
	}
	return at
}

// stampOf gives when a field was written last.
func stampOf(rec *syncengine.Record, field syncengine.FieldNumber) domain.UnixMilli {
	cell, ok := rec.Find(syncengine.CellKey{Field: field})
	if field == 0 || !ok {
		return 0
	}
	return domain.UnixMilli(cell.Shown().Write.Stamp)
}

// tally counts what a device sent.
func (p *projection) tally(e *store.Entry) {
	if e.Incarnation.IsZero() || e.Type != store.EntryApplied && e.Type != store.EntryMerged && e.Type != store.EntryQuarantined {
		return
	}
	day := metrics.DayOf(domain.UnixMilli(e.Stamp))
	byDay := p.devices[e.Incarnation]
	if byDay == nil {
		byDay = map[domain.Days]*sent{}
		p.devices[e.Incarnation] = byDay
	}
	s := byDay[day]
	if s == nil {
		s = &sent{}
		byDay[day] = s
	}
	s.changes++
	s.bytes += int64(len(e.Body))
	if e.Suspect {
		s.suspect++
	}
}
