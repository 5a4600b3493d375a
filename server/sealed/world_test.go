package sealed_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/sealed"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

const kindPremises = syncengine.KindNumber(recordv1.Kind_KIND_PREMISES)

// Planted texts: nothing but what is opened may hold one.
const (
	plantedName  = "和大姐的名字"
	plantedPhone = "13800138000"
	otherPhone   = "13900139000"
)

var key = sealed.NewKey([32]byte{1, 2, 3})

func options(k *sealed.Key) sealed.Options {
	o := sealed.Options{Key: k, Schema: schema.Load(), Random: rand.NewChaCha8([32]byte{9}), Now: func() time.Time { return time.UnixMilli(1_790_000_000_000) }}
	o.Bucket, o.SealsDocument = exchange.SealedDigests(o.Schema)
	return o
}

// world is a store in memory with what seals in front of it.
type world struct {
	t      *testing.T
	inner  store.Store
	sealed *sealed.Store
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, inner: memstore.New()}
	w.open()
	return w
}

func (w *world) open() {
	w.t.Helper()
	var err error
	w.sealed, err = sealed.Open(w.t.Context(), w.inner, options(key))
	w.must(err)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func id(n byte) syncengine.ID { return syncengine.ID{14: n, 15: n} }

// patch is a change of a door's contact and address.
func patch(t *testing.T, name, phone string) *syncv1.Patch {
	t.Helper()
	m := &recordv1.Premises{Address: proto.String("福慧路1号")}
	if name != "" || phone != "" {
		m.Contact = &recordv1.Contact{Name: &name, Phone: &phone}
	}
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return &syncv1.Patch{Fields: b}
}

// entry is a log entry of a door's change.
func entry(t *testing.T, seq syncengine.Seq, typ store.EntryType, door byte, p *syncv1.Patch) store.Entry {
	t.Helper()
	c := &wire.Change{DeviceSeq: syncengine.DeviceSeq(seq), RecordID: id(door), Kind: kindPremises, Create: true, Patch: p, Salted: true}
	body, err := wire.EncodeChange(c)
	if err != nil {
		t.Fatal(err)
	}
	return store.Entry{
		Seq: seq, Type: typ, Incarnation: id(200), DeviceSeq: c.DeviceSeq, RecordID: c.RecordID, Kind: kindPremises,
		Salt: bytes.Repeat([]byte{byte(seq)}, wire.SaltBytes), Body: body,
	}
}

// record is the record that a change makes.
func record(t *testing.T, e store.Entry) store.Record {
	t.Helper()
	kind, _ := schema.Load().Kind(kindPremises)
	c, err := wire.DecodeChange(e.Body)
	if err != nil {
		t.Fatal(err)
	}
	cells, err := wire.Cells(kind, true, c.Patch)
	if err != nil {
		t.Fatal(err)
	}
	rec := syncengine.World{History: syncengine.History{Epoch: 1}}.Merge(kind.Engine, nil, e.RecordID, &syncengine.Incoming{
		Dot: syncengine.Dot{Incarnation: e.Incarnation, Seq: e.DeviceSeq}, Create: true,
		At: syncengine.Coordinate{Epoch: 1, Seq: e.Seq}, Cells: cells,
	}).Record
	return store.Record{ID: e.RecordID, Kind: kindPremises, Seq: e.Seq, Body: wire.EncodeRecord(rec)}
}

// write appends entries with their records and a digest of each class.
func write(t *testing.T, st store.Store, entries ...store.Entry) {
	t.Helper()
	err := st.Update(t.Context(), func(w store.Writer) error {
		for _, e := range entries {
			if err := w.Append(e); err != nil {
				return err
			}
			if e.Type != store.EntryQuarantined {
				if err := w.PutRecord(record(t, e)); err != nil {
					return err
				}
			}
			if err := w.SetHead(store.Head{Epoch: 1, Seq: e.Seq, Tag: store.Tag{byte(e.Seq)}}); err != nil {
				return err
			}
		}
		for _, k := range [][]byte{digestOpen, digestContact} {
			if err := w.PutDocument("digest", k, []byte("12345678")); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Keys of digests of doors: of open fields, and of contacts.
var (
	digestOpen    = []byte{'t', 0, 0, 0, 16*1 + 1}
	digestContact = []byte{'t', 0, 0, 0, 16*1 + 2}
)

// raw gives all bytes that the inner store holds.
func (w *world) raw() (out []byte) {
	w.t.Helper()
	w.must(w.inner.View(w.t.Context(), func(r store.Reader) error {
		err := r.Entries(0, func(e store.Entry) bool {
			out = append(append(append(out, e.Salt...), e.Body...), e.Extra...)
			return true
		})
		if err != nil {
			return err
		}
		err = r.Records(func(rec store.Record) bool {
			out = append(out, rec.Body...)
			return true
		})
		for _, bucket := range []string{"digest", "sealing.keys", "sealing.phones", "sealing.state"} {
			if err == nil {
				err = r.Documents(bucket, nil, nil, func(d store.Document) bool {
					out = append(append(out, d.Key...), d.Value...)
					return true
				})
			}
		}
		return err
	}))
	return out
}

func (w *world) lookup(phone string) (out []syncengine.ID) {
	w.t.Helper()
	w.must(w.sealed.View(w.t.Context(), func(r store.Reader) (err error) {
		out, err = sealed.Lookup(r, phone)
		return err
	}))
	return out
}

// entryAt reads an entry through the sealed store.
func (w *world) entryAt(seq syncengine.Seq) (e store.Entry, err error) {
	err = w.sealed.View(w.t.Context(), func(r store.Reader) (err error) {
		e, _, err = r.Entry(seq)
		return err
	})
	return e, err
}
