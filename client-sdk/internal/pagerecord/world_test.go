package pagerecord_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/pagerecord"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// realm is a server of one record: it merges changes and cuts pages, so that the
// tests compare the phone's own reckoning with what a server would send.
type realm struct {
	t     *testing.T
	kind  *schema.Kind
	world syncengine.World
	rec   *syncengine.Record
	seq   syncengine.Seq
	made  map[syncengine.ID]syncengine.DeviceSeq
}

var recordID = syncengine.ID{0xaa}

// The phones of the tests; their numbers are those of the phone's dictionary of authors.
var (
	ann = syncengine.ID{1}
	bob = syncengine.ID{2}
)

func newRealm(t *testing.T, kind string) *realm {
	k, ok := schema.Load().KindByName(kind)
	if !ok {
		t.Fatalf("no kind %s", kind)
	}
	return &realm{
		t: t, kind: k, world: syncengine.World{History: syncengine.History{Epoch: 1}},
		made: map[syncengine.ID]syncengine.DeviceSeq{},
	}
}

// own is one change as the phone holds it and as it travels.
type own struct {
	author   syncengine.ID
	seq      syncengine.DeviceSeq
	base     syncengine.Seq
	create   bool
	patch    *syncv1.Patch
	resolves []syncengine.ConflictID
	stamp    syncengine.UnixMilli
	at       syncengine.Coordinate
}

func (r *realm) cells(o *own) []syncengine.CellWrite {
	r.t.Helper()
	cells, err := wire.Cells(r.kind, o.create, o.patch)
	if err != nil {
		r.t.Fatal(err)
	}
	return cells
}

// edit begins a change of the next device_seq.
func (r *realm) edit(author syncengine.ID, base syncengine.Seq, patch *syncv1.Patch) *own {
	r.made[author]++
	o := &own{author: author, seq: r.made[author], base: base, patch: patch, create: r.rec == nil && base == 0}
	o.stamp = syncengine.UnixMilli(1000 + 10*len(r.made) + int(o.seq))
	return o
}

// push merges a change as the server does and reports whether it was applied.
func (r *realm) push(o *own) bool {
	r.t.Helper()
	r.seq++
	o.at = syncengine.Coordinate{Epoch: 1, Seq: r.seq}
	merged := r.world.Merge(r.kind.Engine, r.rec, recordID, &syncengine.Incoming{
		Dot: syncengine.Dot{Incarnation: o.author, Seq: o.seq}, Base: syncengine.Coordinate{Epoch: 1, Seq: o.base},
		Create: o.create, At: o.at, Stamp: o.stamp, Rank: 2, Cells: r.cells(o), Resolves: o.resolves,
	})
	r.rec = merged.Record
	return merged.Applied
}

// change gives the phone's form of a change.
func (r *realm) change(o *own) *pagerecord.Change {
	c := &pagerecord.Change{
		Write: &pagerecord.Write{Author: number(o.author), DeviceSeq: o.seq, Stamp: o.stamp, At: o.at, Rank: 2},
		Cells: r.cells(o), Resolves: o.resolves,
	}
	if !o.create {
		c.Base = syncengine.Coordinate{Epoch: 1, Seq: o.base}
	}
	return c
}

func number(author syncengine.ID) pagerecord.AuthorNumber { return pagerecord.AuthorNumber(author[0]) }

// page gives the record as the server would send it now.
func (r *realm) page() *syncv1.Page {
	b := wire.NewPageBuilder(r.world, func(id syncengine.ID) syncengine.ID { return id })
	b.Add(r.kind, r.rec, []syncengine.ScopeKey{syncengine.RealmKey}, ^schema.Classes(0))
	return b.Page()
}

// stored gives the record as the phone stores what the server sends.
func (r *realm) stored() []byte {
	r.t.Helper()
	page := r.page()
	var authors []pagerecord.AuthorNumber
	for _, a := range page.GetAuthors() {
		authors = append(authors, number(syncengine.ID(a.GetIncarnation())))
	}
	b, err := pagerecord.Localise(page.GetRecords()[0], authors)
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

// sent gives it decoded.
func (r *realm) sent() *pagerecord.Record {
	r.t.Helper()
	return r.decode(r.seq, r.stored())
}

func (r *realm) decode(seq syncengine.Seq, stored []byte) *pagerecord.Record {
	r.t.Helper()
	rec, err := pagerecord.Decode(r.kind, recordID, r.kind.Number, seq, stored)
	if err != nil {
		r.t.Fatal(err)
	}
	return rec
}

func fields(t *testing.T, m proto.Message) *syncv1.Patch {
	t.Helper()
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return &syncv1.Patch{Fields: b}
}

func visit(t *testing.T, note string) *syncv1.Patch {
	return fields(t, &recordv1.Visit{Note: proto.String(note), PremisesIds: [][]byte{make([]byte, 16)}})
}

func note(t *testing.T, text string) *syncv1.Patch {
	return fields(t, &recordv1.Visit{Note: proto.String(text)})
}
