package report_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/calendar"
	"onedoor/domain/metrics"
	"onedoor/internal/schema"
	"onedoor/internal/sim/recount"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/report"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

// Codes of the test realm: two streets, three communities, grids in the first of them.
const (
	county   = "530702"
	streetA  = "530702001"
	streetB  = "530702002"
	comA     = "530702001001"
	comB     = "530702001002"
	comC     = "530702002001"
	gridA1   = comA + "001"
	gridA2   = comA + "002"
	gridB1   = comB + "001"
	gridC1   = comC + "001"
	kindDoor = recordv1.Kind_KIND_PREMISES
)

// began is 10:00 at +08:00 on 2 March 2026, a Monday.
var began = time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)

// world is a realm with reports and people who pull them.
type world struct {
	t       testing.TB
	ctx     context.Context
	realm   *exchange.Service
	reports *report.Service
	random  *rand.ChaCha8
	now     time.Time
	places  map[string]syncengine.ID
	// district, street and community are people with the reach of their roles, worker has none.
	district, street, staff, worker identity.Principal
	operator                        identity.Principal
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, ctx: t.Context(), random: rand.NewChaCha8([32]byte{6}), now: began, places: map[string]syncengine.ID{}}
	st := memstore.New()
	secrets, err := identity.CreateSecrets(t.TempDir(), w.random)
	w.must(err)
	w.must(st.Update(w.ctx, func(tx store.Writer) error {
		if err := identity.PutRealm(tx, identity.Realm{Code: 530702, Name: "古城区", Created: w.unix(), SchemaVersion: schema.Version, Secrets: secrets.Fingerprint()}); err != nil {
			return err
		}
		for _, place := range []struct{ code, parent, level, name string }{
			{county, "", "county", "古城区"}, {streetA, county, "street", "西安街道"}, {streetB, county, "street", "大研街道"},
			{comA, streetA, "community", "文化社区"}, {comB, streetA, "community", "义尚社区"}, {comC, streetB, "community", "光义社区"},
			{gridA1, comA, "grid", "第一网格"}, {gridA2, comA, "grid", "第二网格"}, {gridB1, comB, "grid", "义尚第一网格"}, {gridC1, comC, "grid", "光义第一网格"},
		} {
			id := w.id()
			w.places[place.code] = id
			if err := identity.PutTerritory(tx, identity.Territory{ID: id, Parent: w.places[place.parent], Code: place.code, Name: place.name, Level: place.level}); err != nil {
				return err
			}
		}
		return nil
	}))
	w.realm, err = exchange.Open(w.ctx, st, exchange.Options{Secrets: secrets, Random: w.random, Now: func() time.Time { return w.now }})
	w.must(err)
	w.reports = report.New(w.realm, report.Options{})
	w.district, w.street = w.person(recordv1.Role_ROLE_DISTRICT, county), w.person(recordv1.Role_ROLE_STREET_LEAD, streetA)
	w.staff, w.worker = w.person(recordv1.Role_ROLE_COMMUNITY_STAFF, comA), w.person(recordv1.Role_ROLE_GRID_WORKER, gridA1)
	w.operator = identity.Principal{Operator: true}
	t.Cleanup(func() { w.must(errors.Join(w.realm.Close(), st.Close())) })
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) unix() syncengine.UnixMilli { return syncengine.UnixMilli(w.now.UnixMilli()) }

func (w *world) id() (id syncengine.ID) {
	_, _ = w.random.Read(id[:])
	return id
}

// person makes a user.
func (w *world) person(role recordv1.Role, code string) identity.Principal {
	w.t.Helper()
	u := identity.User{ID: w.id(), Name: role.String(), Role: uint32(role), TerritoryID: w.places[code], State: identity.UserActive}
	w.must(w.realm.Update(w.ctx, func(tx store.Writer) error {
		if err := identity.PutUser(tx, u); err != nil {
			return err
		}
		_, err := identity.RefreshGrants(tx, u.ID, w.unix())
		return err
	}))
	return identity.Principal{UserID: u.ID, Role: u.Role}
}

// phone gives a user a phone that said something of itself.
func (w *world) phone(user identity.Principal, contact identity.Contact) syncengine.ID {
	w.t.Helper()
	d := identity.Device{Incarnation: w.id(), UserID: user.UserID, PublicKey: make([]byte, 32), State: identity.DeviceActive, EnrolledAt: w.unix()}
	w.must(w.realm.Update(w.ctx, func(tx store.Writer) error {
		return errors.Join(identity.PutDevice(tx, d), identity.PutContact(tx, d.Incarnation, contact))
	}))
	return d.Incarnation
}

// put creates a record, or edits one that is there.
func (w *world) put(id syncengine.ID, kind recordv1.Kind, create bool, m proto.Message) {
	w.t.Helper()
	_, err := w.realm.Write(w.ctx, syncengine.ID{}, []exchange.ServerChange{{RecordID: id, Kind: syncengine.KindNumber(kind), Create: create, Fields: m}})
	w.must(err)
}

func (w *world) door(code string, change func(*recordv1.Premises)) syncengine.ID {
	w.t.Helper()
	id, place := w.id(), w.places[code]
	m := &recordv1.Premises{Address: proto.String("街1号"), Territory: place[:], KindOfPremises: recordv1.KindOfPremises_KIND_OF_PREMISES_RENTAL_UNIT.Enum()}
	if change != nil {
		change(m)
	}
	w.put(id, kindDoor, true, m)
	return id
}

// at gives ten o'clock on a day of March 2026.
func at(day int) *int64 {
	return proto.Int64(time.Date(2026, 3, day, 2, 0, 0, 0, time.UTC).UnixMilli())
}

func (w *world) visit(day int, outcome recordv1.VisitOutcome, by syncengine.ID, doors ...syncengine.ID) syncengine.ID {
	w.t.Helper()
	id := w.id()
	m := &recordv1.Visit{OccurredAt: at(day), Outcome: outcome.Enum(), RegisteredBy: by[:]}
	for _, d := range doors {
		m.PremisesIds = append(m.PremisesIds, d[:])
	}
	w.put(id, recordv1.Kind_KIND_VISIT, true, m)
	return id
}

const (
	seen   = recordv1.VisitOutcome_VISIT_OUTCOME_SEEN
	nobody = recordv1.VisitOutcome_VISIT_OUTCOME_NOBODY
)

func (w *world) dispute(day int, code string, change func(*recordv1.Dispute)) syncengine.ID {
	w.t.Helper()
	id, place := w.id(), w.places[code]
	m := &recordv1.Dispute{Title: proto.String("漏水"), Territory: place[:], RegisteredAt: at(day), State: recordv1.DisputeState_DISPUTE_STATE_REGISTERED.Enum()}
	if change != nil {
		change(m)
	}
	w.put(id, recordv1.Kind_KIND_DISPUTE, true, m)
	return id
}

func day(text string) domain.Days {
	d, err := calendar.ParseDay(text)
	if err != nil {
		panic(err)
	}
	return d
}

// march asks for a figure over all of March.
func march(figure, code string, by domain.Level) report.Query {
	return report.Query{Figure: figure, Territory: code, By: by, From: day("2026-03-01"), To: day("2026-03-31")}
}

func (w *world) pull(who identity.Principal, q report.Query) *report.Report {
	w.t.Helper()
	out, err := w.reports.Pull(w.ctx, who, q)
	w.must(err)
	return out
}

// line writes a row such as "530702001001 all 1/3".
func line(r report.Row) string {
	if r.Suppressed {
		return fmt.Sprintf("%s %s hidden", r.Territory, r.Class)
	}
	return fmt.Sprintf("%s %s %d/%d", r.Territory, r.Class, r.Sum.Num, r.Sum.Den)
}

func lines(rows []report.Row) (out []string) {
	for _, r := range rows {
		out = append(out, line(r))
	}
	return out
}

// recounted compares a pull of a figure with the independent recount of the records as they stand.
func (w *world) recounted(figure string, from, to time.Time) {
	w.t.Helper()
	f, _ := metrics.Find(figure)
	q := report.Query{Figure: figure, Territory: county, From: domain.Days(from.Unix() / 86_400), To: domain.Days(to.Unix() / 86_400)}
	out := w.pull(w.district, q)
	w.must(w.realm.View(w.ctx, func(r store.Reader) error {
		world, err := recount.Read(r)
		if err != nil {
			return err
		}
		sums, err := world.Count(figure, from, to)
		if err != nil {
			return err
		}
		want := sums.Within(func(recount.ID) bool { return true })
		for _, row := range out.Totals {
			if f.Split.Additive() && row.Class != "all" {
				continue
			}
			if got := (recount.Sum{Num: row.Sum.Num, Den: row.Sum.Den}); got != want[row.Class] {
				w.t.Errorf("%s %s..%s, %s: %+v, recounted %+v", figure, from.Format(time.DateOnly), to.Format(time.DateOnly), row.Class, got, want[row.Class])
			}
		}
		return nil
	}))
}
