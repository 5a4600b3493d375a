package exchange_test

import (
	"bytes"
	"context"
	"os"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"
)

// fieldNote and fieldOutcome are the visit's note and outcome.
const (
	fieldNote    = 5
	fieldOutcome = 4
)

// secretNote is what nobody may find once it is erased.
const secretNote = "租客王秀英称其子在外地"

// eraseWorld is a realm in a file, with two phones of one grid and a visit whose
// note both have written, so that one value lost.
type eraseWorld struct {
	*world
	path  string
	a, b  *phone
	visit syncengine.ID
}

func newEraseWorld(t *testing.T) *eraseWorld {
	path := t.TempDir() + "/realm.db"
	st, err := sqlitestore.Create(t.Context(), path, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	w := &eraseWorld{world: newWorldOn(t, st, nil), path: path}
	w.a, w.b = w.twoWorkers()
	w.a.sync()
	w.visit = w.a.create(kindVisit, &recordv1.Visit{
		Territory: w.gridA[:], Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum(), Note: proto.String(secretNote + "一"),
	})
	w.a.sync()
	w.b.sync()
	w.a.note(w.visit, secretNote+"二")
	w.b.note(w.visit, secretNote+"三")
	w.a.sync()
	w.b.sync()
	w.a.sync()
	return w
}

func (p *phone) note(visit syncengine.ID, text string) {
	p.w.t.Helper()
	p.edit(kindVisit, visit, &recordv1.Visit{Note: proto.String(text)})
}

var noteCells = []syncengine.Cells{{Field: fieldNote}}

// twoWorkers are two phones of one grid.
func (w *world) twoWorkers() (a, b *phone) {
	worker := func() *phone { return w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)) }
	return worker(), worker()
}

// noted makes a visit of a grid with a note.
func (p *phone) noted(grid syncengine.ID) syncengine.ID {
	p.w.t.Helper()
	return p.create(kindVisit, &recordv1.Visit{Territory: grid[:], Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum(), Note: proto.String(secretNote)})
}

// notedVisit is a story's beginning: two workers of one grid, and at the server a visit of the first one's with a note.
func notedVisit(t *testing.T) (w *world, a, b *phone, visit syncengine.ID) {
	t.Helper()
	w = newWorld(t)
	a, b = w.twoWorkers()
	a.sync()
	visit = a.noted(w.gridA)
	a.sync()
	return w, a, b, visit
}

// eraseNote erases the note of a visit.
func (w *world) eraseNote(visit syncengine.ID) (at syncengine.Coordinate) {
	w.t.Helper()
	list, err := w.service.Erase(w.ctx, syncengine.ID{}, "应本人请求", []exchange.Erasing{{RecordID: visit, Cells: noteCells}})
	w.must(err)
	return list[0]
}

func (w *eraseWorld) erase() syncengine.Coordinate {
	w.t.Helper()
	at := w.eraseNote(w.visit)
	w.must(w.service.Scrub(w.ctx))
	return at
}

// clean wants none of the secret in the realm's files.
func (w *eraseWorld) clean() {
	w.t.Helper()
	for _, path := range []string{w.path, w.path + "-wal"} {
		content, err := os.ReadFile(path)
		w.must(err)
		if n := bytes.Count(content, []byte(secretNote)); n > 0 {
			w.t.Errorf("%s holds what was erased %d times", path, n)
		}
	}
	w.verify()
}

func (w *eraseWorld) noNote() {
	w.t.Helper()
	if cell, ok := w.record(w.visit).Find(syncengine.CellKey{Field: fieldNote}); ok {
		w.t.Errorf("the note still holds %d values and %d kept ones", len(cell.Values), len(cell.Kept))
	}
}

func TestErase_NoByteOfTheCellIsLeftAndTheOthersStand(t *testing.T) {
	w := newEraseWorld(t)
	w.erase()
	w.noNote()
	w.clean()
	cell, ok := w.record(w.visit).Find(syncengine.CellKey{Field: fieldOutcome})
	if !ok || len(cell.Values) != 1 {
		t.Error("the outcome of the visit is gone with its note")
	}
	w.b.sync()
	if v := fieldsOf(t, w.b.have[w.visit], &recordv1.Visit{}); v.Note != nil || v.GetOutcome() != recordv1.VisitOutcome_VISIT_OUTCOME_SEEN {
		t.Errorf("a phone is sent %v", v)
	}
}

func TestErase_AStaleEditIsDroppedAndWhatElseItSaysStands(t *testing.T) {
	w := newEraseWorld(t)
	w.a.note(w.visit, secretNote+"四")
	w.a.edit(kindVisit, w.visit, &recordv1.Visit{Note: proto.String(secretNote + "五"), Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_REFUSED.Enum()})
	w.erase()
	req := w.a.request()
	first, again := w.a.call(req), w.a.call(req)
	want := []syncv1.OutcomeCode{syncv1.OutcomeCode_OUTCOME_CODE_QUARANTINED, syncv1.OutcomeCode_OUTCOME_CODE_MERGED}
	if got := codes(first.GetOutcomes()); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("outcomes %v, want %v", got, want)
	}
	if r := first.GetOutcomes().GetResults()[0].GetReason(); r != syncv1.QuarantineReason_QUARANTINE_REASON_ERASED {
		t.Errorf("reason %v", r)
	}
	if !proto.Equal(first.GetOutcomes(), again.GetOutcomes()) {
		t.Errorf("sent again, the outcomes are %v, not %v", again.GetOutcomes(), first.GetOutcomes())
	}
	w.noNote()
	w.must(w.service.Scrub(w.ctx))
	w.clean()
	if cell, _ := w.record(w.visit).Find(syncengine.CellKey{Field: fieldOutcome}); len(cell.Values) != 1 || cell.Values[0].Write.Dot.Seq != 4 {
		t.Error("the outcome that came with an erased note does not stand")
	}
	w.must(w.service.View(w.ctx, func(r store.Reader) error {
		return w.service.ListQuarantine(r, 0, func(q exchange.Quarantined) bool {
			t.Errorf("seq %d waits for a decision about nothing", q.Seq)
			return true
		})
	}))
}

func TestErase_WhoHasSeenItMayWriteAgain(t *testing.T) {
	w := newEraseWorld(t)
	w.erase()
	w.a.sync()
	w.a.note(w.visit, "经同意重新登记")
	w.a.sync()
	if cell, ok := w.record(w.visit).Find(syncengine.CellKey{Field: fieldNote}); !ok || len(cell.Values) != 1 {
		t.Error("a note written after the erasure does not stand")
	}
	w.clean()
}

func TestErase_ASecondOneInALaterEpochDropsWhatWasWrittenSinceTheFirst(t *testing.T) {
	w := newEraseWorld(t)
	w.erase()
	w.a.sync()
	w.a.note(w.visit, secretNote+"四")
	w.restore(w.store)
	w.erase()
	w.a.sync()
	w.noNote()
	w.clean()
	w.verify()
}

// A phone carries the first of two erasures, and a restore has lost both: the side ledger raises the second,
// which took the first one's place.
func TestErase_AnErasureThatANewerOneHasReplacedIsNotRaisedForAPhone(t *testing.T) {
	w, l := newWorld(t), &memoryLedger{}
	w.keep(w.store, l)
	a := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	a.sync()
	visit := a.noted(w.gridA)
	a.sync()
	before, list := w.copied(), []exchange.Erasing{{RecordID: visit, Cells: noteCells}}
	erase := func() {
		_, err := w.service.Erase(w.ctx, syncengine.ID{}, "", list)
		w.must(err)
	}
	erase()
	a.sync()
	carried := a.last.GetBarriers()
	again := w.copied()
	w.must(w.service.Close())
	_, err := exchange.BeginEpoch(w.ctx, again, exchange.Renewal{})
	w.must(err)
	w.open(nil)
	w.keep(again, l)
	erase()
	w.must(w.service.Close())
	known, err := exchange.LedgerEpochs(l)
	w.must(err)
	_, err = exchange.BeginEpoch(w.ctx, before, exchange.Renewal{Known: known})
	w.must(err)
	w.open(nil)
	w.keep(before, l)
	raised := w.head()
	body := &syncv1.ExchangeBody{}
	w.must(proto.Unmarshal(a.request().GetBody(), body))
	body.Barriers = carried
	a.call(a.sign(body))
	if now := w.head(); len(carried) != 1 || now != raised {
		t.Errorf("handed back, the erasure stands at %d again, the newer one was raised at %d", now, raised)
	}
	w.verify()
}

func TestErase_AQuarantinedChangeKeepsWhatIsNotErased(t *testing.T) {
	w := newEraseWorld(t)
	w.must(w.service.Update(w.ctx, func(tx store.Writer) error { return identity.RevokeDevice(tx, w.a.incarnation) }))
	w.a.note(w.visit, secretNote+"六")
	w.a.edit(kindVisit, w.visit, &recordv1.Visit{Note: proto.String(secretNote + "七"), Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_NOBODY.Enum()})
	w.a.take(w.a.call(w.a.request()))
	w.erase()
	w.clean()
	var waits []syncengine.Seq
	w.must(w.service.View(w.ctx, func(r store.Reader) error {
		return w.service.ListQuarantine(r, 0, func(q exchange.Quarantined) bool { waits = append(waits, q.Seq); return true })
	}))
	if len(waits) != 1 {
		t.Fatalf("%d changes wait, want the one that says more than the note", len(waits))
	}
	w.must(w.service.Release(w.ctx, waits[0], syncengine.ID{}, ""))
	w.noNote()
	if cell, _ := w.record(w.visit).Find(syncengine.CellKey{Field: fieldOutcome}); cell.Values[0].Write.Dot.Seq != 4 {
		t.Error("what was left of the change was not released")
	}
	w.clean()
}

// The log merges a released change at its release, so it has to know which record that was about.
func TestErase_OfAReleasedChangeThatSaidNothingElseTheReleaseStands(t *testing.T) {
	w := newEraseWorld(t)
	w.must(w.service.Update(w.ctx, func(tx store.Writer) error { return identity.RevokeDevice(tx, w.a.incarnation) }))
	w.a.note(w.visit, secretNote+"六")
	w.must(w.service.Release(w.ctx, w.a.quarantinedSeq(), syncengine.ID{}, ""))
	w.erase()
	w.noNote()
	w.clean()
}

// A record that the log lacks, as after a restore, has nobody who is known to hold it. Who brings it is known from then on, also
// where the answer is lost: a copy of that phone's database is told as well.
func TestErase_WhoBringsWhatIsErasedIsToldLaterToo(t *testing.T) {
	w := newEraseWorld(t)
	stranger := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridB))
	stranger.sync()
	w.visit = stranger.create(kindVisit, &recordv1.Visit{
		Territory: w.gridB[:], Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum(), Note: proto.String(secretNote + "八"),
	})
	at := w.erase()
	concerned := func() (yes bool) {
		w.must(w.service.View(w.ctx, func(r store.Reader) error {
			d, err := identity.GetDevice(r, stranger.incarnation)
			if err == nil {
				yes, err = w.service.ErasureConcerns(r, at.Seq, d)
			}
			return err
		}))
		return yes
	}
	if concerned() {
		t.Fatal("a phone is held to have what nobody has seen of it")
	}
	stranger.call(stranger.request())
	if !concerned() {
		t.Error("the phone that sent it is not told of the erasure")
	}
	w.verify()
}

func TestErase_EveryCellSparesWhatPlacesAndCounts(t *testing.T) {
	w := newEraseWorld(t)
	_, err := w.service.Erase(w.ctx, syncengine.ID{}, "", []exchange.Erasing{{RecordID: w.visit, Cells: []syncengine.Cells{syncengine.EveryCell}}})
	w.must(err)
	w.must(w.service.Scrub(w.ctx))
	w.clean()
	w.b.sync()
	v := fieldsOf(t, w.b.have[w.visit], &recordv1.Visit{})
	if v.Note != nil || v.GetOutcome() != recordv1.VisitOutcome_VISIT_OUTCOME_SEEN || !bytes.Equal(v.GetTerritory(), w.gridA[:]) {
		t.Errorf("of the visit is left %v", v)
	}
}

func TestErase_PhonesThatMayHoldTheRecordAreToldAndOthersAreNot(t *testing.T) {
	w := newEraseWorld(t)
	other := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridB))
	other.sync()
	at := w.erase()
	w.a.sync()
	other.sync()
	fresh := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	fresh.sync()
	for name, p := range map[string]*phone{"of another grid": other, "that is new": fresh} {
		if len(p.last.GetBarriers()) != 0 || p.last.GetBarrierSeq() != uint64(at.Seq) {
			t.Errorf("a phone %s is told %v up to %d", name, p.last.GetBarriers(), p.last.GetBarrierSeq())
		}
	}
	told := w.a.last.GetBarriers()
	if len(told) != 1 || !wire.VerifyBarrier(w.service.ReceiptKey(), told[0]) || told[0].GetField() != fieldNote || syncengine.ID(told[0].GetRecordId()) != w.visit {
		t.Errorf("the author is told %v", told)
	}
	told[0].Field++
	if wire.VerifyBarrier(w.service.ReceiptKey(), told[0]) {
		t.Error("the signature holds for another field")
	}
}

func TestErase_WhoEverHeldTheRecordIsTold(t *testing.T) {
	w := newEraseWorld(t)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	moved := w.phone(user)
	moved.sync()
	w.must(w.service.Update(w.ctx, func(tx store.Writer) error {
		u, err := identity.GetUser(tx, user)
		u.TerritoryID = w.gridB
		if err == nil {
			err = identity.PutUser(tx, u)
		}
		if err == nil {
			_, err = identity.RefreshGrants(tx, user, 2)
		}
		return err
	}))
	moved.sync()
	w.erase()
	moved.sync()
	if len(moved.last.GetBarriers()) != 1 {
		t.Errorf("who had the grid before is told %v", moved.last.GetBarriers())
	}
}

func TestErase_APhoneHandsABarrierBackToARestoredServer(t *testing.T) {
	w, a, b, visit := notedVisit(t)
	b.sync()
	before := w.copied()
	w.eraseNote(visit)
	a.sync()
	carried := a.last.GetBarriers()
	a.note(visit, "擦除后重新登记")
	w.restore(before)
	body := &syncv1.ExchangeBody{}
	w.must(proto.Unmarshal(b.request().GetBody(), body))
	forged := proto.CloneOf(carried[0])
	forged.Field = fieldOutcome
	body.Barriers = append(carried, forged)
	b.take(b.call(b.sign(body)))
	if _, ok := w.record(visit).Find(syncengine.CellKey{Field: fieldNote}); ok {
		t.Error("the note stands after the barrier was handed back")
	}
	if dump := w.dump(); bytes.Contains(dump, []byte(secretNote)) {
		t.Error("the store holds what was erased")
	}
	body.Nonce = b.nonce
	b.take(b.call(b.sign(body)))
	erased := 0
	w.must(w.service.View(w.ctx, func(r store.Reader) error {
		return r.Entries(0, func(e store.Entry) bool {
			if e.Type == store.EntryErased {
				erased++
			}
			return true
		})
	}))
	if erased != 1 {
		t.Errorf("handed back twice, and one of them forged, it stands %d times", erased)
	}
	// What was written by someone who had seen the erasure in the history that is lost survives.
	a.mark = 1
	a.sync()
	if cell, ok := w.record(visit).Find(syncengine.CellKey{Field: fieldNote}); !ok || len(cell.Values) != 1 {
		t.Error("a note from after the erasure was dropped")
	}
	w.verify()
}

// A phone of the other history has taken in erasures up to a greater number, which says nothing of those of this log.
func TestErase_ANumberOfAnotherHistoryConfirmsNoErasure(t *testing.T) {
	w, a, c, visit := notedVisit(t)
	before := w.copied()
	for _, number := range []string{"1", "2", "3"} {
		a.create(kindPremises, door(w.gridA, number))
	}
	a.sync()
	w.putBack(before)
	at := w.eraseNote(visit)
	c.sync()
	erased := identity.Contact{Erased: syncengine.Coordinate{Epoch: 1, Seq: at.Seq}}
	confirms := func(p *phone) (yes bool) {
		w.must(w.service.View(w.ctx, func(r store.Reader) (err error) {
			yes, err = w.service.Confirms(r, p.incarnation, erased, at.Seq)
			return err
		}))
		return yes
	}
	a.sync()
	c.sync()
	if n := len(w.epochs()); n != 1 {
		t.Fatalf("%d epochs have begun", n)
	}
	if confirms(a) {
		t.Error("a phone that has seen nothing of this log confirms its erasure")
	}
	if !confirms(c) {
		t.Error("a phone that stood in this log behind the erasure does not confirm it")
	}
}

// A file is copied back from before an erasure and other work gets its number. The phone that brings the barrier tells a place
// at which this log has that work: whoever stood on it has seen no erasure.
func TestErase_TheNumberThatItHadInAnotherHistoryLetsNoStaleEditPass(t *testing.T) {
	w, a, c, visit := notedVisit(t)
	before := w.copied()
	w.eraseNote(visit)
	a.sync()
	carried := a.last.GetBarriers()
	w.putBack(before)
	for _, number := range []string{"1", "2", "3"} {
		c.create(kindPremises, door(w.gridA, number))
	}
	c.sync()
	c.sync()
	c.note(visit, secretNote+"九")
	a.take(a.call(a.request()))
	body := &syncv1.ExchangeBody{}
	w.must(proto.Unmarshal(a.request().GetBody(), body))
	body.Barriers = carried
	a.call(a.sign(body))
	c.sync()
	if _, ok := w.record(visit).Find(syncengine.CellKey{Field: fieldNote}); ok {
		t.Error("an edit from before the erasure stands")
	}
	if dump := w.dump(); bytes.Contains(dump, []byte(secretNote)) {
		t.Error("the store holds what was erased")
	}
	w.verify()
}

// Whoever wrote after the erasure and comes back before the barrier does waits for the record; the barrier spares that.
func TestErase_ABarrierThatIsHandedBackSparesWhatWaitsFromAfterIt(t *testing.T) {
	w := newWorld(t)
	a, b := w.twoWorkers()
	a.sync()
	before := w.copied()
	visit := a.noted(w.gridA)
	a.sync()
	w.eraseNote(visit)
	a.sync()
	carried := a.last.GetBarriers()
	b.sync()
	b.note(visit, "擦除后重新登记")
	w.restore(before)
	b.sync()
	body := &syncv1.ExchangeBody{}
	w.must(proto.Unmarshal(a.request().GetBody(), body))
	body.Barriers, body.Batch = carried, nil
	a.take(a.call(a.sign(body)))
	a.mark = 0
	a.sync()
	if cell, ok := w.record(visit).Find(syncengine.CellKey{Field: fieldNote}); !ok || len(cell.Values) != 1 {
		t.Error("a note from after the erasure was dropped while it waited")
	}
	w.verify()
}

func TestErase_AnErasedChangeKeepsItsPlaceInTheChain(t *testing.T) {
	w := newWorld(t)
	a := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	a.sync()
	visit := a.noted(w.gridA)
	a.note(visit, secretNote+"二")
	a.edit(kindVisit, visit, &recordv1.Visit{Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum()})
	w.eraseNote(visit)
	chain := a.chainAt(3)
	for i := range 2 {
		c := a.changes[i]
		inner := syncengine.InnerDigest(c.GetSalt(), c.GetBody())
		a.changes[i] = &syncv1.BatchChange{Erased: &syncv1.ErasedChange{DeviceSeq: uint64(i + 1), RecordId: visit[:], InnerDigest: inner[:]}}
		if i == 0 { // The creation says more than the note.
			a.changes[i].Body = redacted(t, c.GetBody())
		}
	}
	a.sync()
	want := []syncv1.OutcomeCode{syncv1.OutcomeCode_OUTCOME_CODE_MERGED, syncv1.OutcomeCode_OUTCOME_CODE_QUARANTINED, syncv1.OutcomeCode_OUTCOME_CODE_APPLIED}
	if got := codes(a.last.GetOutcomes()); len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("outcomes %v, want %v", got, want)
	}
	if got := a.last.GetReceipt().GetChain(); !bytes.Equal(got, chain[:]) {
		t.Error("the chain does not go on over the erased changes")
	}
	if w.record(visit) == nil {
		t.Error("the visit whose note was erased before it was sent is not there")
	}
	w.verify()
}

func TestErase_ACreationThatLosesWhatItsKindNeedsStillMakesItsRecord(t *testing.T) {
	w := newWorld(t)
	a := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	a.sync()
	door := a.create(kindPremises, door(w.gridA, secretNote))
	_, err := w.service.Erase(w.ctx, syncengine.ID{}, "", []exchange.Erasing{{RecordID: door, Cells: []syncengine.Cells{syncengine.EveryCell}}})
	w.must(err)
	a.sync()
	if got := codes(a.last.GetOutcomes()); len(got) != 1 || got[0] != syncv1.OutcomeCode_OUTCOME_CODE_MERGED || w.record(door) == nil {
		t.Errorf("outcomes %v, the door is there: %v", got, w.record(door) != nil)
	}
	w.verify()
}

func TestErase_WhoSendsWhatIsErasedIsToldWithTheOutcomesAlsoWithoutAPage(t *testing.T) {
	w := newEraseWorld(t)
	w.a.note(w.visit, secretNote+"八")
	w.erase()
	req := w.a.request()
	for _, told := range [][]*syncv1.Barrier{w.a.call(req).GetBarriers(), w.a.call(req).GetBarriers()} {
		if len(told) != 1 || syncengine.ID(told[0].GetRecordId()) != w.visit {
			t.Errorf("told %v", told)
		}
	}
}

func redacted(t *testing.T, body []byte) []byte {
	c, err := wire.DecodeChange(body)
	if err != nil {
		t.Fatal(err)
	}
	left, err := wire.Redact(nil, c, func(key syncengine.CellKey) bool { return key.Field == fieldNote })
	if err != nil || !left.Erased || left.Empty {
		t.Fatalf("redact: %+v, %v", left, err)
	}
	out, err := wire.EncodeChange(left.Change)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestErase_OpeningFinishesWhatACrashLeftToScrub(t *testing.T) {
	w := newEraseWorld(t)
	w.eraseNote(w.visit)
	w.reopen(nil)
	w.clean()
}

// dump gives everything that the store holds, one after the other.
func (w *world) dump() (out []byte) {
	w.must(w.store.View(context.Background(), func(r store.Reader) error {
		w.must(r.Entries(0, func(e store.Entry) bool {
			out = append(append(append(out, e.Salt...), e.Body...), e.Extra...)
			return true
		}))
		return r.Records(func(rec store.Record) bool {
			out = append(out, rec.Body...)
			return true
		})
	}))
	return out
}

func TestErase_AFilePutBackGivesAnErasureNoNumberThatStaleWorkHasPassed(t *testing.T) {
	w, l := newWorld(t), &memoryLedger{}
	w.keep(w.store, l)
	a, b := w.twoWorkers()
	a.sync()
	b.sync()
	putBack, restored := w.copied(), w.copied()
	for _, name := range []string{"1", "2", "3"} {
		b.create(kindPremises, door(w.gridA, name))
	}
	b.sync()
	a.sync()
	visit := a.noted(w.gridA)
	w.eraseNote(visit)
	w.keep(putBack, l)
	w.must(w.service.Close())
	known, err := exchange.LedgerEpochs(l)
	w.must(err)
	_, err = exchange.BeginEpoch(w.ctx, restored, exchange.Renewal{Known: known})
	w.must(err)
	w.open(nil)
	w.keep(restored, l)
	a.sync()
	if bytes.Contains(w.dump(), []byte(secretNote)) || w.record(visit) == nil {
		t.Error("the store holds a note from before its erasure, or has lost the visit")
	}
	w.verify()
}

// erasedUnnoticed has a visit written by a behind work that a file copied back gives its numbers to, and erased in that file;
// b then shows that it was put back. It gives copies of the log from before that work, and from behind the visit.
func erasedUnnoticed(t *testing.T, territory func(*world) syncengine.ID) (w *world, l *memoryLedger, a *phone, before, behind *memstore.Store) {
	t.Helper()
	w, l = newWorld(t), &memoryLedger{}
	w.keep(w.store, l)
	a = w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	b := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	a.sync()
	b.sync()
	putBack, before := w.copied(), w.copied()
	for _, name := range []string{"1", "2", "3"} {
		b.create(kindPremises, door(w.gridA, name))
	}
	b.sync()
	a.sync()
	at := territory(w)
	visit := a.create(kindVisit, &recordv1.Visit{Territory: at[:], Note: proto.String(secretNote)})
	a.sync()
	behind = w.copied()
	w.keep(putBack, l)
	w.eraseNote(visit)
	b.call(b.request())
	if e := w.epochs(); len(e) != 1 || e[0].RevealedBy != b.incarnation {
		t.Fatalf("the epochs: %+v", e)
	}
	return w, l, a, before, behind
}

// restoreTelling restores a copy, telling it what the side ledger knows of the epochs.
func (w *world) restoreTelling(copied *memstore.Store, l *memoryLedger) {
	w.t.Helper()
	known, err := exchange.LedgerEpochs(l)
	w.must(err)
	doubtful, err := exchange.LedgerDoubtful(l)
	w.must(err)
	_, err = exchange.BeginEpoch(w.ctx, copied, exchange.Renewal{Known: known, Doubtful: doubtful})
	w.must(err)
	w.keep(copied, l)
}

// A backup from before anybody noticed says nothing of the two histories; the side ledger does.
func TestErase_ABackupFromBeforeTwoHistoriesWereNoticedLetsNoStaleEditPass(t *testing.T) {
	w, l, a, before, _ := erasedUnnoticed(t, func(w *world) syncengine.ID { return w.gridA })
	w.restoreTelling(before, l)
	a.sync()
	if bytes.Contains(w.dump(), []byte(secretNote)) {
		t.Error("the store holds a note from before its erasure")
	}
	w.verify()
}

// What waits in a backup of the other history was written before the erasure as well: the place where that stands is a number of
// this log, at which something else is.
func TestErase_ABackupOfTheOtherHistoryKeepsNothingErasedThatWaits(t *testing.T) {
	w, l, _, _, behind := erasedUnnoticed(t, func(w *world) syncengine.ID { return w.gridB })
	w.store = behind
	if !bytes.Contains(w.dump(), []byte(secretNote)) {
		t.Fatal("the backup does not hold the note")
	}
	w.restoreTelling(behind, l)
	if bytes.Contains(w.dump(), []byte(secretNote)) {
		t.Error("the restored store holds a note from before its erasure")
	}
	w.verify()
}

// What waits was decided before anybody knew that the numbers of its base are those of two histories.
func TestErase_OfWhatWaitsCountsOnlyWhatIsKnownNow(t *testing.T) {
	w := newWorld(t)
	a, b := w.twoWorkers()
	a.sync()
	b.sync()
	before := w.copied()
	for _, name := range []string{"1", "2", "3"} {
		b.create(kindPremises, door(w.gridA, name))
	}
	b.sync()
	a.sync()
	visit := a.create(kindVisit, &recordv1.Visit{Territory: w.gridB[:], Note: proto.String(secretNote)})
	w.restore(before)
	a.sync()
	if codes := codes(a.last.GetOutcomes()); !bytes.Contains(w.dump(), []byte(secretNote)) {
		t.Fatalf("the note does not wait: %v", codes)
	}
	again := w.copied()
	_, err := exchange.BeginEpoch(w.ctx, again, exchange.Renewal{Doubtful: []syncengine.Epoch{1}})
	w.must(err)
	w.putBack(again)
	_, err = w.service.Erase(w.ctx, syncengine.ID{}, "", []exchange.Erasing{
		{RecordID: visit, Cells: noteCells, Earlier: []syncengine.Coordinate{{Epoch: 1, Seq: 1}}},
	})
	w.must(err)
	if bytes.Contains(w.dump(), []byte(secretNote)) {
		t.Error("the store holds a note whose author had not seen the erasure")
	}
	w.verify()
}

func TestErase_TheSideLedgerErasesAgainAfterARestore(t *testing.T) {
	w := newWorld(t)
	l := &memoryLedger{}
	w.keep(w.store, l)
	a := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	a.sync()
	visit := a.noted(w.gridA)
	a.sync()
	before := w.copied()
	w.eraseNote(visit)
	w.must(w.service.Close())
	_, err := exchange.BeginEpoch(w.ctx, before, exchange.Renewal{Now: 7})
	w.must(err)
	w.keep(before, l)
	if bytes.Contains(w.dump(), []byte(secretNote)) || w.record(visit) == nil {
		t.Error("the restored server holds what was erased, or has lost the visit")
	}
	w.verify()
	entries := w.head()
	w.keep(w.store, l)
	if w.head() != entries {
		t.Error("opened once more, the server erases again")
	}
}
