package pagerecord_test

import (
	"bytes"
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/pagerecord"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// kindOf draws a kind by a number; one of them is nil, a kind this software does not know.
func kindOf(n uint8) *schema.Kind {
	kinds := schema.Load().Kinds
	if i := int(n) % (len(kinds) + 1); i < len(kinds) {
		return kinds[i]
	}
	return nil
}

// storedSeeds are stored forms of visits that people have written and clashed on.
func storedSeeds(f *testing.F) (out [][]byte) {
	r := newRealm(&testing.T{}, "visit")
	r.push(r.edit(ann, 0, visit(r.t, "早上没人")))
	out = append(out, r.stored())
	base := r.seq
	r.push(r.edit(ann, base, note(r.t, "甲")))
	r.push(r.edit(bob, base, note(r.t, "乙")))
	out = append(out, r.stored())
	r.push(r.edit(bob, base, &syncv1.Patch{Life: syncv1.Life_LIFE_DEAD}))
	return append(out, r.stored(), nil, []byte{0x0a})
}

// FuzzDecode holds that stored bytes are refused as damaged, or read as a record
// that is stored again and reads the same; and that an own change can be laid
// over whatever was read, which again is stored and read.
func FuzzDecode(f *testing.F) {
	for _, seed := range storedSeeds(f) {
		for n := range uint8(4) {
			f.Add(n, seed)
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, stored []byte) {
		kind := kindOf(n)
		rec, err := pagerecord.Decode(kind, recordID, 2, 3, stored)
		if err != nil {
			if !errors.Is(err, pagerecord.ErrDamaged) {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		comesBack(t, kind, rec)
		if kind == nil {
			return
		}
		own := &pagerecord.Change{
			Write: &pagerecord.Write{Author: 1, DeviceSeq: 9, Stamp: 5},
			Cells: []syncengine.CellWrite{syncengine.LifeWrite(false), {Key: syncengine.CellKey{Field: 1}, Cleared: true}},
		}
		rec.Overlay(kind, own)
		if c, ok := rec.Find(syncengine.CellKey{Field: 1}); !ok || !c.Shown.Cleared || rec.Dead() {
			t.Fatalf("I8: the own change is not on the screen: %+v", c)
		}
		comesBack(t, kind, rec)
	})
}

// comesBack checks that a record is stored and read as the same.
func comesBack(t *testing.T, kind *schema.Kind, rec *pagerecord.Record) {
	t.Helper()
	stored := pagerecord.Encode(rec)
	again, err := pagerecord.Decode(kind, recordID, 2, 3, stored)
	if err != nil {
		t.Fatalf("what was read is not read again: %v", err)
	}
	if !bytes.Equal(pagerecord.Encode(again), stored) || !bytes.Equal(again.Fields(), rec.Fields()) || again.Dead() != rec.Dead() {
		t.Fatalf("stored as %x, then as %x", stored, pagerecord.Encode(again))
	}
	for i := 1; i < len(again.Cells); i++ {
		if again.Cells[i-1].Key.Compare(again.Cells[i].Key) > 0 {
			t.Fatalf("cell %v stands before %v", again.Cells[i-1].Key, again.Cells[i].Key)
		}
	}
}

// FuzzLocalise holds that a record of a page is refused as damaged, or becomes a
// stored form that names none but the phone's own numbers of authors.
func FuzzLocalise(f *testing.F) {
	r := newRealm(&testing.T{}, "visit")
	r.push(r.edit(ann, 0, visit(r.t, "早上没人")))
	r.push(r.edit(bob, r.seq, note(r.t, "乙")))
	sent, err := proto.Marshal(r.page().GetRecords()[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint8(2), sent)
	f.Add(uint8(1), sent)
	f.Add(uint8(0), []byte{})
	f.Fuzz(func(t *testing.T, authors uint8, sent []byte) {
		m := &syncv1.PageRecord{}
		if proto.Unmarshal(sent, m) != nil {
			return
		}
		numbers := make([]pagerecord.AuthorNumber, authors%8)
		for i := range numbers {
			numbers[i] = pagerecord.AuthorNumber(100 + i)
		}
		stored, err := pagerecord.Localise(m, numbers)
		if err != nil {
			if !errors.Is(err, pagerecord.ErrDamaged) {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		rec, err := pagerecord.Decode(nil, recordID, 2, 3, stored)
		if err != nil {
			if !errors.Is(err, pagerecord.ErrDamaged) {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		for _, c := range rec.Cells {
			if a := int(c.Shown.Write.Author); a < 100 || a >= 100+len(numbers) {
				t.Fatalf("author %d is none of the phone's", a)
			}
		}
	})
}
