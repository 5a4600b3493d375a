package pagerecord_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/pagerecord"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// text prints a record so that two can be compared and a difference read.
func text(r *pagerecord.Record) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "seq %d\n", r.Seq)
	for i := range r.Cells {
		c := &r.Cells[i]
		fmt.Fprintf(&b, "%d %q %v open %d\n", c.Key.Field, c.Key.Key, value(c.Shown), c.Conflict)
		for _, v := range c.Others {
			fmt.Fprintf(&b, "  other %v\n", value(v))
		}
		for _, v := range c.Kept {
			fmt.Fprintf(&b, "  kept %v\n", value(v))
		}
	}
	return b.String()
}

func value(v pagerecord.Value) string {
	w := v.Write
	return fmt.Sprintf("%q cleared %v by %d/%d stamp %d suspect %v at %v rank %d",
		v.Data, v.Cleared, w.Author, w.DeviceSeq, w.Stamp, w.Suspect, w.At, w.Rank)
}

func TestEncode_GivesBackWhatTheServerSent(t *testing.T) {
	r := newRealm(t, "visit")
	r.push(r.edit(ann, 0, visit(t, "one")))
	a, b := r.edit(ann, 1, note(t, "from ann")), r.edit(bob, 1, note(t, "from bob"))
	r.push(a)
	r.push(b)
	sent := r.sent()
	if again := r.decode(sent.Seq, pagerecord.Encode(sent)); text(again) != text(sent) {
		t.Errorf("decoded again:\n%s\nsent:\n%s", text(again), text(sent))
	}
	if got := sent.Conflicts(r.kind); len(got) != 1 || got[0].Kind != syncengine.Contested {
		t.Errorf("conflicts %v", got)
	}
}

func TestSplit_CutsIntoTheCellsTheServerCutsInto(t *testing.T) {
	kind, _ := schema.Load().KindByName("dispute")
	m := &recordv1.Dispute{
		Title: proto.String("漏水"), Participants: [][]byte{bytes.Repeat([]byte{1}, 16), bytes.Repeat([]byte{2}, 16)},
		Parties:       map[string]*recordv1.Party{"甲方": {}, "乙方": {Organisation: proto.Bool(true)}},
		PartyContacts: map[string]*recordv1.Contact{"甲方": {Name: proto.String("x")}}, PeopleCount: proto.Uint32(3),
	}
	patch := fields(t, m)
	want, err := wire.Cells(kind, false, patch)
	if err != nil {
		t.Fatal(err)
	}
	var got []syncengine.CellWrite
	err = pagerecord.Split(kind, patch.GetFields(), func(key syncengine.CellKey, data []byte) {
		got = append(got, syncengine.CellWrite{Key: key, Data: data})
	})
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d cells, want %d, %v", len(got), len(want), err)
	}
	for _, w := range want {
		found := false
		for _, g := range got {
			found = found || g.Key == w.Key && bytes.Equal(g.Data, w.Data)
		}
		if !found {
			t.Errorf("cell %v is missing", w.Key)
		}
	}
}

func TestDecode_CarriesWhatItDoesNotKnow(t *testing.T) {
	kind, _ := schema.Load().KindByName("visit")
	known := fields(t, &recordv1.Visit{Note: proto.String("n")}).GetFields()
	unknown := protowire.AppendString(protowire.AppendTag(nil, 900, protowire.BytesType), "a")
	unknown = protowire.AppendString(protowire.AppendTag(unknown, 900, protowire.BytesType), "b")
	m := &syncv1.PageRecord{
		Fields: append(known, unknown...), Writes: []*syncv1.Write{{DeviceSeq: 1, Epoch: 1, Seq: 1}, {DeviceSeq: 2, Epoch: 1, Seq: 2}},
		Cells: []*syncv1.CellDetail{{Field: 900, Key: []byte("b"), Write: 1}},
	}
	stored, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := pagerecord.Decode(kind, recordID, kind.Number, 2, stored)
	if err != nil {
		t.Fatal(err)
	}
	again := &syncv1.PageRecord{}
	if err := proto.Unmarshal(pagerecord.Encode(rec), again); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.GetFields(), m.GetFields()) || len(again.GetCells()) != 1 || string(again.GetCells()[0].GetKey()) != "b" {
		t.Errorf("carried %v, want %v", again, m)
	}
	if _, err := pagerecord.Decode(nil, recordID, 99, 2, stored); err != nil {
		t.Errorf("a record of an unknown kind: %v", err)
	}
}

// TestDecode_WhatOlderSoftwareTookForOneCellIsReadAsTheFieldsCells has a phone fold two of its changes into a record with
// a map that it does not know, and learn of the map later.
func TestDecode_WhatOlderSoftwareTookForOneCellIsReadAsTheFieldsCells(t *testing.T) {
	r := newRealm(t, "visit")
	older, _ := schema.Load().Without("visit", "contributions").KindByName("visit")
	first := visit(t, "one")
	first.Fields = append(first.Fields, fields(t, &recordv1.Visit{Contributions: map[string]string{"a": "of ann", "b": "of ann"}}).GetFields()...)
	r.push(r.edit(ann, 0, first))
	r.push(r.edit(bob, 1, fields(t, &recordv1.Visit{Contributions: map[string]string{"b": "of bob"}})))
	held, err := pagerecord.Decode(older, recordID, r.kind.Number, r.seq, r.stored())
	if err != nil {
		t.Fatal(err)
	}
	for i, life := range []syncv1.Life{syncv1.Life_LIFE_DEAD, syncv1.Life_LIFE_ALIVE} {
		o := r.edit(ann, r.seq, &syncv1.Patch{Life: life})
		if !r.push(o) {
			t.Fatalf("write %d of life was not applied", i+1)
		}
		held.Fold(r.change(o))
	}
	if got, want := text(r.decode(r.seq, pagerecord.Encode(held))), text(r.sent()); got != want {
		t.Errorf("after the upgrade:\n%s\nsent:\n%s", got, want)
	}
}

func TestDecode_RefusesWhatIsNoRecord(t *testing.T) {
	kind, _ := schema.Load().KindByName("visit")
	noWrite, _ := proto.Marshal(&syncv1.PageRecord{})
	badWrite, _ := proto.Marshal(&syncv1.PageRecord{Writes: []*syncv1.Write{{}}, Cells: []*syncv1.CellDetail{{Others: []*syncv1.OtherValue{{Write: 1}}}}})
	badFields, _ := proto.Marshal(&syncv1.PageRecord{Writes: []*syncv1.Write{{}}, Fields: []byte{0x0a, 0x7f}})
	for name, stored := range map[string][]byte{"text": []byte("text"), "no write": noWrite, "missing write": badWrite, "cut fields": badFields} {
		if _, err := pagerecord.Decode(kind, recordID, kind.Number, 1, stored); !errors.Is(err, pagerecord.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, m := range map[string]*syncv1.PageRecord{
		"author": {Writes: []*syncv1.Write{{Author: 3}}}, "no write": {},
	} {
		if _, err := pagerecord.Localise(m, []pagerecord.AuthorNumber{1}); !errors.Is(err, pagerecord.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFold_AnAppliedChangeGivesWhatTheServerWouldSend(t *testing.T) {
	r := newRealm(t, "visit")
	create := r.edit(ann, 0, visit(t, "one"))
	if !r.push(create) {
		t.Fatal("a create was not applied")
	}
	base := pagerecord.New(recordID, r.kind.Number)
	base.Fold(r.change(create))
	if text(base) != text(r.sent()) {
		t.Fatalf("folded create:\n%s\nsent:\n%s", text(base), text(r.sent()))
	}
	edit := r.edit(ann, 1, note(t, "two"))
	if !r.push(edit) {
		t.Fatal("an edit was not applied")
	}
	base.Fold(r.change(edit))
	if text(base) != text(r.sent()) {
		t.Errorf("folded edit:\n%s\nsent:\n%s", text(base), text(r.sent()))
	}
}

func TestOverlay_AnEditStandsOnTopAndHidesNothing(t *testing.T) {
	r := newRealm(t, "visit")
	r.push(r.edit(ann, 0, visit(t, "one")))
	mine := r.edit(ann, 1, note(t, "mine"))
	r.push(r.edit(bob, 1, note(t, "bob's")))
	view := r.sent()
	view.Overlay(r.kind, r.change(mine))
	cell, _ := view.Find(syncengine.CellKey{Field: 5})
	if !bytes.Contains(cell.Shown.Data, []byte("mine")) || !cell.Shown.Write.Pending() {
		t.Errorf("shown is %s", value(cell.Shown))
	}
	open := view.Conflicts(r.kind)
	if len(open) != 1 || len(open[0].Choices()) != 1 || !bytes.Contains(open[0].Choices()[0].Data, []byte("bob's")) {
		t.Errorf("bob's value is not listed beside it:\n%s", text(view))
	}
}

func TestOverlay_WhatWasOnTheScreenIsNotListed(t *testing.T) {
	r := newRealm(t, "visit")
	r.push(r.edit(ann, 0, visit(t, "one")))
	r.push(r.edit(bob, 1, note(t, "bob's")))
	view := r.sent()
	view.Overlay(r.kind, r.change(r.edit(ann, 2, note(t, "seen and written over"))))
	if open := view.Conflicts(r.kind); len(open) != 0 {
		t.Errorf("open: %v\n%s", open, text(view))
	}
}

func TestOverlay_ADeletionAndAnEditThatHadNotSeenIt(t *testing.T) {
	r := newRealm(t, "visit")
	r.push(r.edit(ann, 0, visit(t, "one")))
	edit := r.edit(ann, 1, note(t, "unsent"))
	r.push(r.edit(bob, 1, &syncv1.Patch{Life: syncv1.Life_LIFE_DEAD}))
	view := r.sent()
	view.Overlay(r.kind, r.change(edit))
	open := view.Conflicts(r.kind)
	if len(open) != 1 || open[0].Kind != syncengine.DeleteEdit {
		t.Fatalf("open: %v", open)
	}
	if _, shown := open[0].Shown(); shown {
		t.Error("a deleted record shows a value")
	}
	r.push(edit)
	if sent := r.sent().Conflicts(r.kind); len(sent) != 1 || sent[0].Kind != syncengine.DeleteEdit || sent[0].ID != open[0].ID {
		t.Errorf("the server lists %v, the phone listed %v", sent, open)
	}
	view = r.sent()
	restore := r.edit(ann, r.seq, &syncv1.Patch{Life: syncv1.Life_LIFE_ALIVE})
	restore.resolves = []syncengine.ConflictID{open[0].ID}
	view.Overlay(r.kind, r.change(restore))
	if view.Dead() || len(view.Conflicts(r.kind)) != 0 {
		t.Errorf("after the restore:\n%s", text(view))
	}
}

func TestOverlay_ResolvingClosesWhatItNames(t *testing.T) {
	r := newRealm(t, "visit")
	r.push(r.edit(ann, 0, visit(t, "one")))
	a, b := r.edit(ann, 1, note(t, "a")), r.edit(bob, 1, note(t, "b"))
	r.push(a)
	r.push(b)
	view := r.sent()
	id := view.Conflicts(r.kind)[0].ID
	settle := r.edit(ann, r.seq, note(t, "settled"))
	settle.resolves = []syncengine.ConflictID{id}
	view.Overlay(r.kind, r.change(settle))
	if open := view.Conflicts(r.kind); len(open) != 0 {
		t.Errorf("still open: %v\n%s", open, text(view))
	}
	blind := r.sent()
	blind.Overlay(r.kind, r.change(r.edit(ann, r.seq, note(t, "written over"))))
	if open := blind.Conflicts(r.kind); len(open) != 1 || open[0].Kind != syncengine.KeptOpen {
		t.Errorf("a value that was never shown is not kept:\n%s", text(blind))
	}
}

func TestSums_AreTheServersDigest(t *testing.T) {
	r := newRealm(t, "dispute")
	r.push(r.edit(ann, 0, fields(t, &recordv1.Dispute{
		Title: proto.String("漏水"), Territory: make([]byte, 16), PartyContacts: map[string]*recordv1.Contact{"甲方": {Name: proto.String("x")}},
	})))
	r.push(r.edit(bob, 1, &syncv1.Patch{Cleared: []uint32{1}}))
	if got, want := r.sent().Sums(r.kind), r.kind.Engine.Digest(r.rec); got != want {
		t.Errorf("sums %v, want %v", got, want)
	}
}

// TestFoldAndOverlay_AgreeWithTheServer plays random histories of two authors on
// one record: whatever was applied, the phone's fold gives what the server would
// send; and the view a phone shows before its edits are merged is the server's
// own once they are, as far as the values on the screen go.
func TestFoldAndOverlay_AgreeWithTheServer(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRealm(t, rapid.SampledFrom([]string{"visit", "dispute"}).Draw(rt, "kind"))
		r.push(r.edit(ann, 0, firstPatch(t, r.kind)))
		for range rapid.IntRange(1, 12).Draw(rt, "changes") {
			author := rapid.SampledFrom([]syncengine.ID{ann, bob}).Draw(rt, "author")
			base := syncengine.Seq(rapid.Uint64Range(1, uint64(r.seq)).Draw(rt, "base"))
			before := r.sent()
			o := r.edit(author, base, randomPatch(rt, t, r.kind))
			if !r.push(o) {
				continue
			}
			before.Fold(r.change(o))
			if got, want := text(before), text(r.sent()); got != want {
				rt.Fatalf("folded:\n%s\nsent:\n%s", got, want)
			}
		}
		stored := pagerecord.Encode(r.sent())
		if again := text(r.decode(r.seq, stored)); again != text(r.sent()) {
			rt.Fatalf("stored and read:\n%s\nsent:\n%s", again, text(r.sent()))
		}
		if got, want := r.sent().Sums(r.kind), r.kind.Engine.Digest(r.rec); got != want {
			rt.Fatalf("sums %v, want %v", got, want)
		}
	})
}

func firstPatch(t *testing.T, kind *schema.Kind) *syncv1.Patch {
	if kind.Name == "visit" {
		return visit(t, "first")
	}
	return fields(t, &recordv1.Dispute{Title: proto.String("first"), State: recordv1.DisputeState_DISPUTE_STATE_REGISTERED.Enum()})
}

func randomPatch(rt *rapid.T, t *testing.T, kind *schema.Kind) *syncv1.Patch {
	word := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "word")
	what := rapid.IntRange(0, 5).Draw(rt, "what")
	switch {
	case what == 0:
		return &syncv1.Patch{Life: syncv1.Life_LIFE_DEAD}
	case what == 1:
		return &syncv1.Patch{Life: syncv1.Life_LIFE_ALIVE}
	case kind.Name == "visit" && what == 2:
		return fields(t, &recordv1.Visit{Contributions: map[string]string{word: word}})
	case kind.Name == "visit" && what == 3:
		return &syncv1.Patch{MapRemoved: []*syncv1.Element{{Field: 8, Element: []byte(word)}}}
	case kind.Name == "visit" && what == 4:
		return &syncv1.Patch{Cleared: []uint32{5}}
	case kind.Name == "visit":
		return note(t, word)
	case what == 2:
		return fields(t, &recordv1.Dispute{AgreementText: proto.String(word)})
	case what == 3:
		return fields(t, &recordv1.Dispute{Participants: [][]byte{bytes.Repeat([]byte(word), 16)}})
	case what == 4:
		return &syncv1.Patch{SetRemoved: []*syncv1.Element{{Field: 21, Element: bytes.Repeat([]byte(word), 16)}}}
	}
	return fields(t, &recordv1.Dispute{Title: proto.String(word), PeopleCount: proto.Uint32(1)})
}

func TestGlance_ReadsWhatListsLookAt(t *testing.T) {
	kind, _ := schema.Load().KindByName("dispute")
	place, door, me := bytes.Repeat([]byte{1}, 16), bytes.Repeat([]byte{2}, 16), bytes.Repeat([]byte{3}, 16)
	var g pagerecord.Glance
	err := g.Read(kind, fields(t, &recordv1.Dispute{
		Territory: place, PremisesId: door, State: recordv1.DisputeState_DISPUTE_STATE_TRIAGED.Enum(), Deadline: proto.Int64(77),
		Participants: [][]byte{me}, Mediator: place,
	}).GetFields())
	if err != nil || g.State != 3 || g.Due != 77 || g.Territory != syncengine.ID(place) ||
		len(g.Parents) != 1 || g.Parents[0] != syncengine.ID(door) || len(g.Users) != 2 {
		t.Errorf("%+v, %v", g, err)
	}
}

func TestTexts_ListsWhatSearchCovers(t *testing.T) {
	dispute, _ := schema.Load().KindByName("dispute")
	got, err := pagerecord.Texts(dispute, fields(t, &recordv1.Dispute{
		Title: proto.String("漏水"), Organisation: proto.String("not searched"),
		PartyContacts: map[string]*recordv1.Contact{"甲方": {Name: proto.String("和某"), Phone: proto.String("not searched")}},
	}).GetFields())
	if err != nil || fmt.Sprint(got) != "[漏水 和某]" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestConflicts_WhatFillsItselfInIsNotListedThoughItWasStoredAsOpen(t *testing.T) {
	r := newRealm(t, "visit")
	field, _ := r.kind.FieldByName("registered_by")
	at := func(kind syncengine.ConflictKind) *pagerecord.Record {
		cell := pagerecord.Cell{Key: syncengine.CellKey{Field: field.Engine.Number}, Conflict: kind}
		return &pagerecord.Record{Kind: r.kind.Number, Cells: []pagerecord.Cell{cell}}
	}
	for kind, want := range map[syncengine.ConflictKind]int{syncengine.Contested: 0, syncengine.KeptOpen: 0, syncengine.DeleteEdit: 1} {
		if open := at(kind).Conflicts(r.kind); len(open) != want {
			t.Errorf("stored as %d: %d are listed, want %d", kind, len(open), want)
		}
	}
}
