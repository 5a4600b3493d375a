package exchange_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"
)

// ofRuns serves the realm so that batches are handed to the store so many changes at a time.
func (w *world) ofRuns(changes int, s *schema.Schema) {
	w.t.Helper()
	w.must(w.service.Close())
	var err error
	w.service, err = exchange.Open(w.ctx, w.store, exchange.Options{
		Secrets: w.secrets, Random: w.random, Now: func() time.Time { return w.now }, Schema: s, RunChanges: changes,
	})
	w.must(err)
}

// dumped tells everything that the realm's log, records and scope index hold.
func (w *world) dumped() string {
	w.t.Helper()
	var out strings.Builder
	keys := map[syncengine.ScopeKey]bool{syncengine.RealmKey: true}
	w.must(w.service.View(w.ctx, func(r store.Reader) error {
		err := r.Entries(0, func(e store.Entry) bool {
			fmt.Fprintf(&out, "%+v\n", e)
			return true
		})
		return errors.Join(err, r.Records(func(row store.Record) bool {
			fmt.Fprintf(&out, "%+v\n", row)
			rec, err := wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body)
			w.must(err)
			for _, span := range rec.Keys {
				keys[span.Key] = true
			}
			return true
		}))
	}))
	w.must(w.service.View(w.ctx, func(r store.Reader) error {
		var rows []store.ScopeRow
		for key := range keys {
			var err error
			if rows, err = r.Scope(rows, key, 0, 10_000); err != nil {
				return err
			}
		}
		slices.SortFunc(rows, func(a, b store.ScopeRow) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		for _, row := range rows {
			fmt.Fprintf(&out, "%q %+v\n", row.Key, row)
		}
		return nil
	}))
	return out.String()
}

// mixed has a phone write a long batch of everything that batches hold: new doors, visits at them, edits of what the
// batch itself made and of what stands, twice over, an attachment before its visit, a deletion, a change that may not
// be made, one that cannot be read, and an edit that meets another phone's.
func (w *world) mixed() *phone {
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	a, b := w.phone(user), w.phone(user)
	a.sync()
	stands := a.create(kindPremises, door(w.gridA, "福慧路1号"))
	a.sync()
	b.sync()
	b.edit(kindPremises, stands, &recordv1.Premises{Rooms: proto.Uint32(9)})
	b.sync()
	for i := range 12 {
		made := a.create(kindPremises, door(w.gridA, fmt.Sprintf("福慧路%d号", 2+i)))
		late := w.id()
		a.create(kindAttachment, &recordv1.Attachment{OwnerId: late[:], Sha256: bytes.Repeat([]byte{7}, 32)})
		visit := a.change(&wire.Change{RecordID: late, Kind: kindVisit, Create: true, Base: a.base()},
			&recordv1.Visit{PremisesIds: [][]byte{made[:], stands[:]}, Note: proto.String("敲门")})
		a.edit(kindVisit, visit, &recordv1.Visit{Note: proto.String("有人")})
		a.edit(kindPremises, stands, &recordv1.Premises{Rooms: proto.Uint32(uint32(i))})
		a.edit(kindVisit, visit, &recordv1.Visit{Note: proto.String("看过")})
	}
	a.change(&wire.Change{RecordID: stands, Kind: kindPremises, Base: a.base(), Patch: &syncv1.Patch{Life: syncv1.Life_LIFE_DEAD}}, nil)
	a.create(kindPremises, door(w.gridB, "不归此处"))
	a.unchecked(99, &recordv1.Visit{})
	return a
}

// What a long batch writes while it is judged, it leaves as one that is written when all of it is judged.
func TestExchange_ABatchWrittenWhileItIsJudgedLeavesTheSameStore(t *testing.T) {
	var want string
	for _, run := range []int{1000, 1, 2, 5, 30} {
		w := newWorld(t)
		w.ofRuns(run, nil)
		a := w.mixed()
		a.sync()
		w.verify()
		got := w.dumped() + fmt.Sprint(codes(a.last.GetOutcomes()))
		if want == "" {
			want = got
		}
		if line, other := firstDifference(got, want); line != other {
			t.Errorf("written %d changes at a time the store holds\n%s\nnot\n%s", run, line, other)
		}
	}
}

// firstDifference gives the first lines in which two texts differ; empty ones when they do not.
func firstDifference(a, b string) (string, string) {
	left, right := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(left), len(right)) {
		if left[i] != right[i] {
			return left[i], right[i]
		}
	}
	return strings.Join(left[min(len(left), len(right)):], " "), strings.Join(right[min(len(left), len(right)):], " ")
}

// panicsAt is a schema by which the engine panics on a visit to a door.
func panicsAt(id syncengine.ID) *schema.Schema {
	return schema.Load().WithField("visit", "premises_ids", func(f *syncengine.Field) {
		ids := f.IDs
		f.IDs = func(data []byte) []syncengine.ID {
			if bytes.Contains(data, id[:]) {
				panic("a visit that the engine cannot stand")
			}
			return ids(data)
		}
	})
}

// A change that the engine fails on is set aside alone, also where the store was given what came before it.
func TestExchange_AFaultBehindWhatWasWrittenSetsOneChangeAside(t *testing.T) {
	for name, at := range map[string]int{"at the begin": 0, "in the middle": 7, "at the end": 19} {
		st, err := sqlitestore.Create(t.Context(), filepath.Join(t.TempDir(), "realm.db"), sqlitestore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { st.Close() })
		w := newWorldOn(t, sealedInFront(t, st), nil)
		p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
		p.sync()
		home, bad := p.create(kindPremises, door(w.gridA, "福慧路1号")), w.id()
		p.sync()
		w.ofRuns(2, panicsAt(bad))
		before := w.head().Seq
		for i := range 20 {
			to := home
			if i == at {
				to = bad
			}
			p.create(kindVisit, &recordv1.Visit{PremisesIds: [][]byte{to[:]}, Note: proto.String("敲门")})
		}
		p.take(p.call(p.request()))
		for i, code := range codes(p.last.GetOutcomes()) {
			if (code == quarantined) != (i == at) || i != at && code != applied {
				t.Errorf("%s: change %d is answered %v", name, i, code)
			}
		}
		if head := w.head().Seq; head != before+20 {
			t.Errorf("%s: the log grew from %d to %d by 20 changes", name, before, head)
		}
		w.ofRuns(2, nil)
		w.verify()
	}
}

// breaking is a store that fails at the n-th row of the log that a transaction writes; 0 for never.
type breaking struct {
	store.Store
	at     int
	panics bool
}

type breakingWriter struct {
	store.Writer
	of   *breaking
	rows int
}

func (b *breaking) Update(ctx context.Context, f func(store.Writer) error) error {
	return b.Store.Update(ctx, func(w store.Writer) error { return f(&breakingWriter{Writer: w, of: b}) })
}

func (w *breakingWriter) Append(entries ...store.Entry) error {
	w.rows += len(entries)
	switch at := w.of.at; {
	case at == 0 || w.rows < at:
		return w.Writer.Append(entries...)
	case w.of.panics:
		panic("the store broke")
	}
	return errFullDisk
}

// Whether the store fails or panics on what it is given beside the judging, nothing of the batch stays, and the same
// batch is taken when the store is sound again.
func TestExchange_AStoreThatFailsBesideTheJudgingLeavesNothing(t *testing.T) {
	for _, panics := range []bool{false, true} {
		for _, at := range []int{1, 9, 40} {
			st := &breaking{panics: panics}
			w := newWorld(t)
			st.Store, w.store = w.store, st
			w.ofRuns(4, nil)
			p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
			p.sync()
			before := w.dumped()
			for range 40 {
				p.create(kindPremises, door(w.gridA, "福慧路1号"))
			}
			st.at = at
			if _, err := w.service.Exchange(w.ctx, p.request()); err == nil {
				t.Errorf("row %d, panics %t: the phone was answered", at, panics)
			}
			st.at = 0
			if w.dumped() != before {
				t.Errorf("row %d, panics %t: something of the batch stayed", at, panics)
			}
			p.sync()
			if got := len(w.dumped()); got == len(before) {
				t.Errorf("row %d, panics %t: the batch was not taken again", at, panics)
			}
			w.verify()
		}
	}
}
