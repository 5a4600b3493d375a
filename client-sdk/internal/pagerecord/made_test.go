package pagerecord_test

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/pagerecord"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// body encodes a change as the phone stores and sends it.
func (r *realm) body(o *own) []byte {
	r.t.Helper()
	b, err := wire.EncodeChange(&wire.Change{
		DeviceSeq: o.seq, RecordID: recordID, Kind: r.kind.Number, Create: o.create, Base: syncengine.Coordinate{Epoch: 1, Seq: o.base},
		DeviceTime: 500, OccurredAt: 400, Group: o.seq, Patch: o.patch, Resolves: o.resolves,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

// occurrences cuts an encoded message into its fields.
func occurrences(t *testing.T, b []byte) (out [][]byte) {
	for len(b) > 0 {
		_, _, n := protowire.ConsumeField(b)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		out, b = append(out, b[:n]), b[n:]
	}
	return out
}

func TestMade_GivesWhatFoldGives(t *testing.T) {
	patch := fields(t, &recordv1.Visit{
		Note: proto.String("灯坏了"), PremisesIds: [][]byte{make([]byte, 16), slices.Repeat([]byte{7}, 16)},
		Checklist: map[string]recordv1.Answer{"GAS": recordv1.Answer_ANSWER_GOOD, "EXIT": recordv1.Answer_ANSWER_FAIR},
	})
	parts := occurrences(t, patch.GetFields())
	for name, order := range map[string]func(){"in order": func() {}, "in another order": func() { slices.Reverse(parts) }} {
		order()
		r := newRealm(t, "visit")
		create := r.edit(ann, 0, &syncv1.Patch{Fields: slices.Concat(parts...)})
		r.push(create)
		var made pagerecord.Made
		if !made.Read(r.kind, r.body(create)) || made.Time != 500 {
			t.Fatalf("%s: not read, device time %d", name, made.Time)
		}
		folded := pagerecord.New(recordID, r.kind.Number)
		folded.Fold(r.change(create))
		got := text(r.decode(r.seq, made.Stored(r.change(create).Write)))
		if got != text(folded) || got != text(r.sent()) {
			t.Errorf("%s: made:\n%s\nfolded:\n%s\nsent:\n%s", name, got, text(folded), text(r.sent()))
		}
	}
}

func TestMade_TakesNothingElse(t *testing.T) {
	r := newRealm(t, "visit")
	create := func(change func(*own)) []byte {
		o := &own{author: ann, seq: 1, create: true, patch: visit(t, "one")}
		change(o)
		return r.body(o)
	}
	unknown := protowire.AppendVarint(protowire.AppendTag(nil, 900, protowire.VarintType), 1)
	for name, body := range map[string][]byte{
		"an edit":            create(func(o *own) { o.create = false }),
		"a cleared field":    create(func(o *own) { o.patch.Cleared = []uint32{5} }),
		"a life":             create(func(o *own) { o.patch.Life = syncv1.Life_LIFE_ALIVE }),
		"a settled conflict": create(func(o *own) { o.resolves = []syncengine.ConflictID{{1}} }),
		"a field in two places": create(func(o *own) {
			o.patch.Fields = slices.Concat(unknown, o.patch.Fields, unknown)
		}),
		"no change": []byte("text"),
		"":          nil,
	} {
		var made pagerecord.Made
		if made.Read(r.kind, body) {
			t.Errorf("%q is taken", name)
		}
	}
	var made pagerecord.Made
	if !made.Read(r.kind, create(func(*own) {})) {
		t.Error("a create is not taken")
	}
}
