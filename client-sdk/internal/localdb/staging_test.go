package localdb_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/syncengine"
)

// model is the database's promise in plain maps.
type model struct {
	records map[syncengine.ID]localdb.Record
	staged  map[syncengine.ID]localdb.Record
	gone    map[syncengine.ID]bool
	filled  map[localdb.KeyID]bool
}

func newModel() model {
	return model{
		records: map[syncengine.ID]localdb.Record{}, staged: map[syncengine.ID]localdb.Record{},
		gone: map[syncengine.ID]bool{}, filled: map[localdb.KeyID]bool{},
	}
}

func (m model) clone() model {
	return model{maps.Clone(m.records), maps.Clone(m.staged), maps.Clone(m.gone), maps.Clone(m.filled)}
}

func (m model) stageGone(id syncengine.ID) {
	delete(m.staged, id)
	if _, shown := m.records[id]; shown {
		m.gone[id] = true
	}
}

func (m model) dropBase(id syncengine.ID) (kept bool) {
	r, ok := m.records[id]
	switch {
	case !ok || r.Base == nil:
		return false
	case r.Pending == 0:
		delete(m.records, id)
		return false
	}
	r.View, r.Base, r.Seq, r.Keys = r.Shown(), nil, 0, nil
	m.records[id] = r
	return true
}

// switchBase is Switch in plain words.
func (m model) switchBase(view []localdb.KeyID) (overlaid []syncengine.ID) {
	stands := func(r localdb.Record, filled bool) bool {
		return slices.ContainsFunc(r.Keys, func(k localdb.KeyID) bool {
			return (view == nil || slices.Contains(view, k)) && (!filled || !m.filled[k])
		})
	}
	leaving := maps.Clone(m.gone)
	for id, r := range m.records {
		underFilled := slices.ContainsFunc(r.Keys, func(k localdb.KeyID) bool { return m.filled[k] })
		if _, named := m.staged[id]; r.Base != nil && !named && underFilled && !stands(r, true) {
			leaving[id] = true
		}
	}
	touched := map[syncengine.ID]bool{}
	for id, s := range m.staged {
		r, shown := m.records[id]
		if shown && (r.Pending > 0 || r.View != nil) {
			touched[id] = true
			r.Kind, r.Base, r.Seq, r.Keys = s.Kind, s.Base, s.Seq, s.Keys
			s = r
		}
		m.records[id] = s
	}
	for id, r := range m.records {
		if view != nil && r.Base != nil && !stands(r, false) {
			leaving[id] = true
		}
	}
	for id := range leaving {
		if m.dropBase(id) {
			touched[id] = true
		}
		if _, left := m.records[id]; !left {
			delete(touched, id)
		}
	}
	clear(m.staged)
	clear(m.gone)
	clear(m.filled)
	return sortedIDs(touched)
}

func sortedIDs(set map[syncengine.ID]bool) []syncengine.ID {
	return slices.SortedFunc(maps.Keys(set), func(a, b syncengine.ID) int { return cmp.Compare(string(a[:]), string(b[:])) })
}

// world runs the same random steps on the database and on the model.
type world struct {
	t      *testing.T
	random *rand.Rand
	db     *localdb.DB
	model  model
	keys   []localdb.KeyID
	steps  int
}

const worldIDs = 12

func (w *world) id() syncengine.ID { return id(1 + w.random.IntN(worldIDs)) }

func (w *world) someKeys() (keys []localdb.KeyID) {
	for _, k := range w.keys {
		if w.random.IntN(3) == 0 {
			keys = append(keys, k)
		}
	}
	return keys
}

// record makes a record as the server would send it.
func (w *world) record() localdb.Record {
	w.steps++
	r := localdb.Record{
		ID: w.id(), Kind: 1, Seq: syncengine.Seq(w.steps), Base: fmt.Appendf(nil, "base %d", w.steps), Keys: w.someKeys(),
	}
	if w.random.IntN(3) > 0 { // otherwise two records of one id often agree in every listed column
		r.State, r.Due = int32(w.random.IntN(2)), syncengine.UnixMilli(w.random.IntN(2))
		r.Mine, r.Dead = w.random.IntN(2) == 0, w.random.IntN(2) == 0
		r.Territory = id(1000 + w.random.IntN(2))
	}
	return r
}

// own makes a record as this phone would put it.
func (w *world) own() localdb.Record {
	r := w.record()
	switch w.random.IntN(4) {
	case 0: // created here
		r.Base, r.Seq, r.Keys = nil, 0, nil
		r.View, r.Pending = fmt.Appendf(nil, "view %d", w.steps), 1
	case 1: // edited here
		r.View, r.Pending = fmt.Appendf(nil, "view %d", w.steps), 2
	case 2: // edited to what it was
		r.Pending = 1
	}
	return r
}

// step does one random thing to both.
func (w *world) step(tx *localdb.Tx) error {
	switch w.random.IntN(12) {
	case 0, 1, 2, 3:
		r := w.record()
		delete(w.model.gone, r.ID)
		w.model.staged[r.ID] = r
		r.Search = true
		return tx.StageRecord(r)
	case 4:
		id := w.id()
		w.model.stageGone(id)
		return tx.StageGone(id)
	case 5:
		k := w.keys[w.random.IntN(len(w.keys))]
		w.model.filled[k] = true
		return tx.StageFilled(k)
	case 6, 7:
		r := w.own()
		w.model.records[r.ID] = r
		r.Search = true
		return tx.PutRecord(r)
	case 8:
		id := w.id()
		want := w.model.dropBase(id)
		kept, err := tx.DropBase(id)
		if kept != want {
			w.t.Fatalf("DropBase kept: %v, want %v", kept, want)
		}
		return err
	case 9:
		id := w.id()
		delete(w.model.records, id)
		return tx.DeleteRecord(id)
	case 10:
		if w.random.IntN(4) == 0 {
			clear(w.model.staged)
			clear(w.model.gone)
			clear(w.model.filled)
			return tx.ClearStaging()
		}
	}
	return w.switchBase(tx)
}

func (w *world) switchBase(tx *localdb.Tx) error {
	var view []localdb.KeyID
	if w.random.IntN(2) == 0 {
		view = append([]localdb.KeyID{}, w.someKeys()...)
	}
	want := w.model.switchBase(view)
	got, err := tx.Switch(view)
	slices.SortFunc(got, func(a, b syncengine.ID) int { return cmp.Compare(string(a[:]), string(b[:])) })
	if err == nil && !slices.Equal(got, want) {
		w.t.Fatalf("Switch names %v, want %v", got, want)
	}
	return err
}

// compare holds all that can be read against the model.
func (w *world) compare(tx *localdb.Tx) error {
	w.t.Helper()
	shown := make(map[syncengine.ID]localdb.Record)
	for _, r := range collect(w.t, tx.Records()) {
		shown[r.ID] = r
	}
	if !reflect.DeepEqual(shown, w.model.records) {
		w.t.Fatalf("records are\n%+v\nwant\n%+v", shown, w.model.records)
	}
	for n := 1; n <= worldIDs; n++ {
		r, ok, err := tx.Record(id(n))
		if want, there := w.model.records[id(n)]; ok != there || err != nil || !reflect.DeepEqual(r, want) {
			w.t.Fatalf("record %d is %+v, %v, %v; want %+v", n, r, ok, err, want)
		}
		r, ok, err = tx.Staged(id(n))
		if want, there := w.model.staged[id(n)]; ok != there || err != nil || !reflect.DeepEqual(r, want) {
			w.t.Fatalf("staged %d is %+v, %v, %v; want %+v", n, r, ok, err, want)
		}
	}
	staged, _, err := tx.StagedCounts()
	if staged != len(w.model.staged) {
		w.t.Fatalf("%d staged, want %d", staged, len(w.model.staged))
	}
	filled, errFilled := tx.StagedFilled()
	if len(filled) != len(w.model.filled) {
		w.t.Fatalf("%d filled, want %d", len(filled), len(w.model.filled))
	}
	for _, k := range w.keys {
		want := map[syncengine.ID]bool{}
		for id, r := range w.model.records {
			if slices.Contains(r.Keys, k) {
				want[id] = true
			}
		}
		if got := sortedIDs(setOf(collect(w.t, tx.RecordsUnder(k)))); !slices.Equal(got, sortedIDs(want)) {
			w.t.Fatalf("under key %d: %v, want %v", k, got, sortedIDs(want))
		}
	}
	return errors.Join(err, errFilled)
}

func setOf(ids []syncengine.ID) map[syncengine.ID]bool {
	set := map[syncengine.ID]bool{}
	for _, id := range ids {
		set[id] = true
	}
	return set
}

func TestStaging_EqualsTheModel(t *testing.T) {
	for seed := range uint64(16) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := &world{t: t, random: rand.New(rand.NewPCG(seed, 7)), db: open(t), model: newModel()}
			update(t, w.db, func(tx *localdb.Tx) error {
				for n := range 3 {
					k, err := tx.InternKey(syncengine.TerritoryKey(id(n)))
					if err != nil {
						return err
					}
					w.keys = append(w.keys, k)
				}
				return nil
			})
			for range 40 {
				w.transaction()
			}
		})
	}
}

// transaction runs a few steps and commits them, undoes them, or closes and opens the database after them.
func (w *world) transaction() {
	w.t.Helper()
	before, fate := w.model.clone(), w.random.IntN(6)
	err := w.db.Update(func(tx *localdb.Tx) error {
		for range 1 + w.random.IntN(6) {
			if err := w.step(tx); err != nil {
				return err
			}
			if err := w.compare(tx); err != nil {
				return err
			}
		}
		if fate == 0 {
			return errStop
		}
		return nil
	})
	switch {
	case fate == 0 && errors.Is(err, errStop):
		w.model = before
	case err != nil:
		w.t.Fatal(err)
	case fate == 1:
		if err := w.db.Close(); err != nil {
			w.t.Fatal(err)
		}
		w.db = reopen(w.t, w.db.Path())
	}
	view(w.t, w.db, w.compare)
	if w.random.IntN(8) == 0 {
		w.search()
	}
}

// search holds the index against the model: what was queued on the way finds each record by what is shown of it.
func (w *world) search() {
	w.t.Helper()
	update(w.t, w.db, indexAll(shownText))
	for _, r := range w.model.records {
		want := map[syncengine.ID]bool{}
		for id, other := range w.model.records {
			want[id] = localdb.Contains(string(other.Shown()), string(r.Shown()))
		}
		maps.DeleteFunc(want, func(_ syncengine.ID, contains bool) bool { return !contains })
		view(w.t, w.db, func(tx *localdb.Tx) error {
			found := idsOf(collect(w.t, tx.Search(string(r.Shown()), shownText)))
			if got := sortedIDs(setOf(found)); len(found) != len(got) || !slices.Equal(got, sortedIDs(want)) {
				w.t.Fatalf("%q finds %v, want %v", r.Shown(), found, sortedIDs(want))
			}
			return nil
		})
	}
}

func TestStageRecord_WithoutABaseIsRefused(t *testing.T) {
	db := open(t)
	if err := db.Update(func(tx *localdb.Tx) error { return tx.StageRecord(localdb.Record{ID: id(1)}) }); err == nil {
		t.Fatal("it was staged")
	}
}
