package retention_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/retention"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

const day = 24 * time.Hour

// world is a realm whose clock the tests turn.
type world struct {
	t       *testing.T
	store   store.Store
	service *exchange.Service
	random  *rand.ChaCha8
	secrets *identity.Secrets
	now     time.Time
	grid    syncengine.ID
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, store: memstore.New(), random: rand.NewChaCha8([32]byte{9}), now: time.UnixMilli(1_700_000_000_000)}
	var err error
	w.secrets, err = identity.CreateSecrets(t.TempDir(), w.random)
	w.must(err)
	w.grid = w.id()
	w.must(w.store.Update(t.Context(), func(tx store.Writer) error {
		if err := identity.PutTerritory(tx, identity.Territory{ID: w.grid, Code: "530702", Name: "网格", Level: "grid"}); err != nil {
			return err
		}
		return identity.PutRealm(tx, identity.Realm{Code: 530702, Name: "古城区", Created: 1, SchemaVersion: schema.Version, Secrets: w.secrets.Fingerprint()})
	}))
	w.open(w.store)
	t.Cleanup(func() { w.service.Close() })
	return w
}

func (w *world) open(st store.Store) {
	var err error
	w.service, err = exchange.Open(w.t.Context(), st, exchange.Options{Secrets: w.secrets, Random: w.random, Now: func() time.Time { return w.now }, Inline: true})
	w.must(err)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) id() syncengine.ID {
	var b [10]byte
	w.random.Read(b[:])
	return wire.NewRecordID(syncengine.UnixMilli(w.now.UnixMilli()), b)
}

func (w *world) later(d time.Duration) { w.now = w.now.Add(d) }

// make has the server make a record.
func (w *world) make(kind recordv1.Kind, m proto.Message) syncengine.ID {
	w.t.Helper()
	id := w.id()
	w.write(id, kind, true, m)
	return id
}

func (w *world) write(id syncengine.ID, kind recordv1.Kind, create bool, m proto.Message) {
	w.t.Helper()
	_, err := w.service.Write(w.t.Context(), syncengine.ID{}, []exchange.ServerChange{{RecordID: id, Kind: syncengine.KindNumber(kind), Create: create, Fields: m}})
	w.must(err)
}

// fields gives what a record shows.
func (w *world) fields(id syncengine.ID, m proto.Message) {
	w.t.Helper()
	w.must(w.service.View(w.t.Context(), func(r store.Reader) error {
		rec, err := w.service.Record(r, id)
		if err != nil {
			return err
		}
		var b []byte
		for _, c := range rec.Cells {
			if c.Key.Field != syncengine.LifeField {
				b = append(b, c.Shown().Data...)
			}
		}
		return proto.Unmarshal(b, m)
	}))
}

func (w *world) run() retention.Result {
	w.t.Helper()
	out, err := retention.Run(w.t.Context(), w.service, w.service.Time())
	w.must(err)
	w.must(w.service.View(w.t.Context(), func(r store.Reader) error {
		v, err := exchange.Verify(r, w.service.Schema(), nil)
		for _, p := range v.Problems {
			w.t.Errorf("verify: %s", p)
		}
		return err
	}))
	return out
}

func (w *world) visit(note string) syncengine.ID {
	return w.make(recordv1.Kind_KIND_VISIT, &recordv1.Visit{
		Territory: w.grid[:], Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum(), Note: proto.String(note),
		Contributions: map[string]string{"甲": note},
	})
}

func (w *world) note(id syncengine.ID) string {
	v := &recordv1.Visit{}
	w.fields(id, v)
	if v.GetOutcome() != recordv1.VisitOutcome_VISIT_OUTCOME_SEEN {
		w.t.Error("the visit does not count any more")
	}
	return v.GetNote() + v.GetContributions()["甲"]
}

func TestRun_VisitNotesGoTwoYearsAfterTheyWereWrittenAndTheVisitStillCounts(t *testing.T) {
	w := newWorld(t)
	old := w.visit("旧")
	w.later(retention.VisitNoteDays*day - time.Second)
	young := w.visit("新")
	if out := w.run(); out.Records != 0 || w.note(old) == "" {
		t.Errorf("a second too early: %+v", out)
	}
	w.later(time.Second)
	if out := w.run(); out.Records != 1 || w.note(old) != "" || w.note(young) == "" {
		t.Errorf("on the day: %+v", out)
	}
	if out := w.run(); out.Records != 0 {
		t.Errorf("once more: %+v", out)
	}
}

func TestRun_AContactGoesAYearAfterTheDoorBecameVoid(t *testing.T) {
	w := newWorld(t)
	door := w.make(recordv1.Kind_KIND_PREMISES, &recordv1.Premises{
		Territory: w.grid[:], Address: proto.String("福慧路1号"), Status: recordv1.PremisesStatus_PREMISES_STATUS_ACTIVE.Enum(),
		Contact: &recordv1.Contact{Name: proto.String("李")},
	})
	w.later(10 * retention.ContactDays * day)
	if out := w.run(); out.Records != 0 {
		t.Errorf("of a door that stands: %+v", out)
	}
	w.write(door, recordv1.Kind_KIND_PREMISES, false, &recordv1.Premises{Status: recordv1.PremisesStatus_PREMISES_STATUS_VOID.Enum()})
	w.later(retention.ContactDays * day)
	out := w.run()
	p := &recordv1.Premises{}
	if w.fields(door, p); out.Records != 1 || p.Contact != nil || p.GetAddress() == "" {
		t.Errorf("a year after: %+v, %v", out, p)
	}
}

func TestRun_ASimpleCaseLosesItsContactsBeforeItsTexts(t *testing.T) {
	w := newWorld(t)
	make := func(clinic recordv1.Clinic) syncengine.ID {
		return w.make(recordv1.Kind_KIND_DISPUTE, &recordv1.Dispute{
			Territory: w.grid[:], Title: proto.String("噪音"), Description: proto.String("夜间噪音"), Clinic: clinic.Enum(),
			PartyContacts: map[string]*recordv1.Contact{"甲方": {Name: proto.String("李")}}, State: recordv1.DisputeState_DISPUTE_STATE_REGISTERED.Enum(),
		})
	}
	simple, special := make(recordv1.Clinic_CLINIC_GENERAL), make(recordv1.Clinic_CLINIC_SPECIAL)
	event := w.make(recordv1.Kind_KIND_CASE_EVENT, &recordv1.CaseEvent{CaseId: simple[:], Text: proto.String("已受理")})
	for _, id := range []syncengine.ID{simple, special} {
		w.write(id, recordv1.Kind_KIND_DISPUTE, false, &recordv1.Dispute{State: recordv1.DisputeState_DISPUTE_STATE_CLOSED.Enum()})
	}
	w.later(retention.CaseContactDays * day)
	out := w.run()
	contacts := func(id syncengine.ID) int {
		d := &recordv1.Dispute{}
		w.fields(id, d)
		return len(d.GetPartyContacts())
	}
	if out.Records != 1 || contacts(simple) != 0 || contacts(special) != 1 {
		t.Errorf("after half a year: %+v", out)
	}
	w.later((retention.CaseFileDays - retention.CaseContactDays) * day)
	out = w.run()
	d, e := &recordv1.Dispute{}, &recordv1.CaseEvent{}
	w.fields(special, d)
	w.fields(event, e)
	if out.Records != 3 || contacts(special) != 0 || d.Description != nil || d.GetState() != recordv1.DisputeState_DISPUTE_STATE_CLOSED || e.Text != nil {
		t.Errorf("after three years: %+v, %v, %v", out, d, e)
	}
}

func TestRun_ALegalHoldKeepsARecord(t *testing.T) {
	w := newWorld(t)
	held, other := w.visit("扣"), w.visit("放")
	w.must(w.service.Update(t.Context(), func(tx store.Writer) error {
		return retention.PutHold(tx, retention.Hold{Record: held, Reason: "法院调取", At: 1})
	}))
	w.later(retention.VisitNoteDays * day)
	if out := w.run(); out.Records != 1 || out.Held != 1 || w.note(held) == "" || w.note(other) != "" {
		t.Errorf("held: %+v", out)
	}
	w.must(w.service.Update(t.Context(), func(tx store.Writer) error { return retention.LiftHold(tx, held) }))
	if out := w.run(); out.Records != 1 || w.note(held) != "" {
		t.Errorf("lifted: %+v", out)
	}
}

func TestRun_OtherPeriodsAreVersioned(t *testing.T) {
	w := newWorld(t)
	id := w.visit("短")
	w.must(w.service.Update(t.Context(), func(tx store.Writer) error {
		s, err := retention.Put(tx, retention.Settings{VisitNote: 30, At: 5})
		if s.Version != 1 || s.Contact != retention.ContactDays {
			t.Errorf("settings %+v", s)
		}
		return err
	}))
	w.later(30 * day)
	if out := w.run(); out.Records != 1 || w.note(id) != "" {
		t.Errorf("after thirty days: %+v", out)
	}
	err := w.service.Update(t.Context(), func(tx store.Writer) error {
		_, err := retention.Put(tx, retention.Settings{VisitNote: retention.DaysMax + 1})
		return err
	})
	if !errors.Is(err, exchange.ErrBadRequest) {
		t.Errorf("a period of more than a lifetime: %v", err)
	}
}

func TestPlan_ADryRunChangesNothing(t *testing.T) {
	w := newWorld(t)
	id := w.visit("计划")
	w.later(retention.VisitNoteDays * day)
	w.must(w.service.View(t.Context(), func(r store.Reader) error {
		p, err := retention.PlanAt(w.service, r, w.service.Time())
		if len(p.Items) != 1 || p.Items[0].Record != id || len(p.Items[0].Fields) != 2 || p.Counts()[1] != 1 {
			t.Errorf("plan %+v", p)
		}
		return err
	}))
	if w.note(id) == "" {
		t.Error("looking has destroyed it")
	}
}

// failing is a store whose transactions fail after some.
type failing struct {
	*memstore.Store
	left int
}

var errPower = errors.New("power lost")

func (f *failing) Update(ctx context.Context, do func(store.Writer) error) error {
	if f.left == 0 {
		return errPower
	}
	f.left--
	return f.Store.Update(ctx, do)
}

func TestRun_CutOffAnywhereIsMadeUpForOnce(t *testing.T) {
	w := newWorld(t)
	const visits = 2*exchange.ErasuresMax + 3
	for range visits {
		w.visit("批量")
	}
	w.later(retention.VisitNoteDays * day)
	st := &failing{Store: w.store.(*memstore.Store)}
	erased := 0
	for cut := 1; cut < 4; cut++ {
		w.service.Close()
		st.left = -1
		w.open(st)
		st.left = cut
		if _, err := retention.Run(t.Context(), w.service, w.service.Time()); !errors.Is(err, errPower) {
			break
		}
	}
	st.left = -1
	w.run()
	w.must(w.service.View(t.Context(), func(r store.Reader) error {
		return r.Entries(0, func(e store.Entry) bool {
			if e.Type == store.EntryErased {
				erased++
			}
			return true
		})
	}))
	if erased != visits {
		t.Errorf("%d erasures of %d visits", erased, visits)
	}
}

func TestRun_TheAccessLedgerIsCutWhenItsTimeHasEnded(t *testing.T) {
	w := newWorld(t)
	w.must(w.service.Note(t.Context(), accessledger.Entry{Action: accessledger.Lookup}))
	w.later(retention.LedgerDays*day + time.Second)
	w.must(w.service.Note(t.Context(), accessledger.Entry{Action: accessledger.Lookup}))
	if out := w.run(); out.LedgerEntries != 1 {
		t.Errorf("cut off: %+v", out)
	}
}

func TestKeep_RunsOnceADayByItself(t *testing.T) {
	w := newWorld(t)
	w.later(day)
	runs := 0
	ctx, cancel := context.WithCancel(t.Context())
	hours := 0
	wait := func(ctx context.Context, d time.Duration) error {
		if hours++; hours > 72 {
			cancel()
		}
		w.later(d)
		return ctx.Err()
	}
	retention.Keep(ctx, w.service, nil, wait, func(_ retention.Result, err error) {
		w.must(err)
		runs++
	})
	if runs != 3 {
		t.Errorf("%d runs in three days", runs)
	}
}
