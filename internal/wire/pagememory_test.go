package wire_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// noted builds a page of so many visits whose notes hold a text.
func noted(t testing.TB, records int, note string) *wire.PageBuilder {
	visit := kindOf(t, "visit")
	b := wire.NewPageBuilder(syncengine.World{}, userOf)
	write := &syncengine.Write{Dot: syncengine.Dot{Incarnation: syncengine.ID{1}, Seq: 1}, Coordinates: []syncengine.Coordinate{{Epoch: 1, Seq: 1}}}
	for i := range records {
		value := syncengine.Value{Write: write, Data: text(4, fmt.Sprintf("%s %d", note, i))}
		r := &syncengine.Record{ID: syncengine.ID{byte(i), byte(i >> 8)}, Kind: visit.Number, Seq: 1, Cells: []syncengine.Cell{{Key: syncengine.CellKey{Field: 4}, Values: []syncengine.Value{value}}}}
		var p wire.PlainRecord
		if plain, err := p.Scan(wire.EncodeRecord(r)); !plain || err != nil {
			t.Fatalf("record %d is plain: %v, %v", i, plain, err)
		}
		if i%3 == 0 {
			b.Add(visit, r, nil, ^schema.Classes(0))
		} else {
			b.AddPlain(visit, r.ID, r.Seq, &p, nil, ^schema.Classes(0))
		}
	}
	return b
}

func TestEncoded_RecordsStandAsTheGeneratedCodeWritesThem(t *testing.T) {
	for _, n := range []int{0, 1, 40, 900, 20_000} { // From less than memory is lent for to more.
		var want []byte
		for _, m := range noted(t, n, "门口").Page().GetRecords() {
			want = protowire.AppendBytes(protowire.AppendTag(want, 3, protowire.BytesType), encode(t, m))
		}
		page := noted(t, n, "门口").Encoded()
		if got := page.ProtoReflect().GetUnknown(); !bytes.Equal(got, want) {
			t.Errorf("%d records stand as %d bytes, want %d", n, len(got), len(want))
		}
		read := &syncv1.Page{}
		if err := proto.Unmarshal(sentAs(t, page), read); err != nil || !proto.Equal(read, noted(t, n, "门口").Page()) {
			t.Errorf("%d records read otherwise at who receives them: %v", n, err)
		}
	}
}

func TestPage_MayBeReadTwice(t *testing.T) {
	b := noted(t, 5, "门口")
	if first, again := len(b.Page().GetRecords()), len(b.Page().GetRecords()); first != 5 || again != 5 || b.Records() != 5 {
		t.Errorf("%d records, then %d, counted %d", first, again, b.Records())
	}
}

func TestLetGo_WhatThePageHeldIsBlankAtOnce(t *testing.T) {
	for what, end := range map[string]func(*syncv1.Page){"sent": wire.LetGo, "taken apart": wire.TakeApart} {
		page := noted(t, 900, "门口").Encoded()
		held := page.ProtoReflect().GetUnknown()
		end(page)
		if !bytes.Equal(held, make([]byte, len(held))) {
			t.Errorf("%s: what the page held can still be read", what)
		}
		if len(page.ProtoReflect().GetUnknown()) > 0 {
			t.Errorf("%s: the page still holds it", what)
		}
		end(page)
	}
	wire.LetGo(nil)
	wire.TakeApart(nil)
}

// Pages of many phones at once share memory one after the other, never at the same time.
func TestLetGo_NoPageHoldsAnythingOfAnother(t *testing.T) {
	var all sync.WaitGroup
	for phone := range 8 {
		all.Go(func() {
			note := fmt.Sprintf("电话%d", phone)
			want := sentAs(t, noted(t, 300, note).Page())
			for range 20 {
				page := noted(t, 300, note).Encoded()
				read := &syncv1.Page{}
				if err := proto.Unmarshal(sentAs(t, page), read); err != nil || !bytes.Equal(sentAs(t, read), want) {
					t.Errorf("a page of phone %d is another's: %v", phone, err)
				}
				wire.LetGo(page)
			}
		})
	}
	all.Wait()
}
