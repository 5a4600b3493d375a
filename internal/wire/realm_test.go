package wire_test

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
)

func TestBodyRealm_IsTheOneThatTheWholeBodyNames(t *testing.T) {
	whole := &syncv1.ExchangeBody{Realm: 530702, Incarnation: bytes.Repeat([]byte{1}, 16), Cursor: bytes.Repeat([]byte{2}, 90)}
	body, err := proto.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	unknown := protowire.AppendBytes(protowire.AppendTag(nil, 500, protowire.BytesType), []byte("of newer software"))
	look, err := proto.Marshal(&syncv1.LookUpBody{Realm: 530702, Incarnation: bytes.Repeat([]byte{1}, 16), Reason: "a look"})
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"as it is written": body, "of a look-up": look, "behind what is not known": append(unknown, body...)} {
		if code, ok := wire.BodyRealm(b); !ok || code != 530702 {
			t.Errorf("%s: %d, %v", name, code, ok)
		}
	}
}

func TestBodyRealm_OfABodyWithoutOneIsNone(t *testing.T) {
	without, err := proto.Marshal(&syncv1.ExchangeBody{Incarnation: bytes.Repeat([]byte{1}, 16)})
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"empty": nil, "no realm": without, "noise": []byte("noise"), "cut in the number": {0x08}, "cut in the tag": {0x80}} {
		if code, ok := wire.BodyRealm(b); ok {
			t.Errorf("%s: %d", name, code)
		}
	}
}

func FuzzBodyRealm(f *testing.F) {
	f.Add([]byte{0x08, 0x8e, 0xb2, 0x20})
	f.Add([]byte("noise"))
	f.Fuzz(func(t *testing.T, body []byte) {
		code, ok := wire.BodyRealm(body)
		whole := &syncv1.ExchangeBody{}
		// A body that names the realm twice is decided by who decodes all of it.
		if proto.Unmarshal(body, whole) != nil || whole.GetRealm() == 0 || bytes.Count(body, []byte{0x08}) > 1 {
			return
		}
		if ok && code != whole.GetRealm() {
			t.Errorf("%d instead of %d", code, whole.GetRealm())
		}
	})
}
