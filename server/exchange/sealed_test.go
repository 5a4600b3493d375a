package exchange_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/schema"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"
)

const sealedPhone = "13812345678"

// contacted is a realm on a sealed store with a door whose contact has a number.
func contacted(t *testing.T, st store.Store) (w *world, p *phone, id syncengine.ID) {
	t.Helper()
	w = newWorldOn(t, sealedInFront(t, st), nil)
	p = w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	m := door(w.gridA, "福慧路1号")
	m.Contact = &recordv1.Contact{Name: proto.String("和大姐的名字"), Phone: proto.String(sealedPhone)}
	id = p.create(kindPremises, m)
	p.sync()
	return w, p, id
}

func (w *world) byPhone(phone string) (ids []syncengine.ID) {
	w.t.Helper()
	w.must(w.service.View(w.ctx, func(r store.Reader) (err error) {
		ids, err = w.service.RecordsByPhone(r, phone)
		return err
	}))
	return ids
}

func TestSealed_MergeVerifyAndPagesWorkOnOpenValues(t *testing.T) {
	w, p, id := contacted(t, memstore.New())
	other := w.phone(w.user(recordv1.Role_ROLE_POLICE_OFFICER, w.gridA))
	other.sync()
	if m := fieldsOf(t, other.have[id], &recordv1.Premises{}); m.GetContact().GetPhone() != sealedPhone {
		t.Errorf("the officer reads %v", m)
	}
	other.edit(kindPremises, id, &recordv1.Premises{Contact: &recordv1.Contact{Phone: proto.String("13900000001")}})
	p.edit(kindPremises, id, &recordv1.Premises{Contact: &recordv1.Contact{Phone: proto.String("13900000002")}})
	other.sync()
	p.sync()
	if rec := w.record(id); len(w.conflicts(rec)) != 1 {
		t.Error("two writers of a sealed field are in no conflict")
	}
	for _, phone := range []string{sealedPhone, "13900000001", "13900000002"} {
		if got := w.byPhone(phone); !slices.Equal(got, []syncengine.ID{id}) {
			t.Errorf("%s belongs to %v", phone, got)
		}
	}
	w.verify()
}

func (w *world) conflicts(rec *syncengine.Record) (out []syncengine.Conflict) {
	w.must(w.service.View(w.ctx, func(r store.Reader) error {
		world, err := w.service.World(r)
		out = world.Conflicts(schema.Load().Engine.Kinds[rec.Kind], rec)
		return err
	}))
	return out
}

func TestSealed_AnErasureTakesTheNumberOutOfIndexAndFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "realm.db")
	st, err := sqlitestore.Create(t.Context(), path, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	w, p, id := contacted(t, st)
	if got := w.byPhone(sealedPhone); !slices.Equal(got, []syncengine.ID{id}) {
		t.Fatalf("the number belongs to %v", got)
	}
	sealed := sealedBody(t, st, w.record(id).Seq)
	kind, _ := w.service.Schema().Kind(kindPremises)
	f, _ := kind.FieldByName("contact")
	_, err = w.service.Erase(w.ctx, syncengine.ID{}, "应本人请求", []exchange.Erasing{{RecordID: id, Cells: []syncengine.Cells{{Field: f.Engine.Number}}}})
	w.must(err)
	w.must(w.service.Scrub(w.ctx))
	if got := w.byPhone(sealedPhone); len(got) != 0 {
		t.Errorf("after the erasure the number still belongs to %v", got)
	}
	for _, file := range []string{path, path + "-wal"} {
		if bytes.Contains(fileOf(t, file), sealed) {
			t.Errorf("%s still holds the sealed bytes, which the key opens", filepath.Base(file))
		}
	}
	p.sync()
	w.verify()
}

// sealedBody gives the end of an entry's change as the store holds it.
func sealedBody(t *testing.T, st store.Store, seq syncengine.Seq) (end []byte) {
	t.Helper()
	err := st.View(t.Context(), func(r store.Reader) error {
		e, _, err := r.Entry(seq)
		end = e.Body[len(e.Body)-32:]
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return end
}

// fileOf reads a file; nothing where there is none.
func fileOf(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return b
}
