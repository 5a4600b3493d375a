package recordjson_test

import (
	"encoding/json"
	"errors"
	"os"
	"testing"

	"google.golang.org/protobuf/proto"

	"onedoor/internal/recordjson"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
)

// FuzzDecode reads any text as any kind: it is refused with an Error, or gives a
// patch whose fields can be written and read again.
func FuzzDecode(f *testing.F) {
	shown := map[string][]byte{}
	for i, kind := range schema.Load().Kinds {
		golden, err := os.ReadFile("testdata/" + kind.Name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		p, err := recordjson.Decode(kind, golden, oneGrid{})
		if err != nil {
			f.Fatal(err)
		}
		if shown[kind.Name], err = proto.Marshal(p.Message); err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), golden)
	}
	for _, text := range []string{
		`{"note":null,"premises_ids":{"add":[],"remove":["01890a5d-ac96-774b-bcce-b302099a8057"]},"contributions":{"a":null}}`,
		`{"contact":{"name":null},"point":{"latitude_e7":-1e3},"rooms":"4"}`,
		`{"note":"\ud83d\ude00","seq":1,"note":"\ud83d"}`,
	} {
		for i := range schema.Load().Kinds {
			f.Add(uint8(i), []byte(text))
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, text []byte) {
		kind := schema.Load().Kinds[int(n)%len(schema.Load().Kinds)]
		decodeAny(t, kind, text, nil)
		decodeAny(t, kind, text, shown[kind.Name])
	})
}

func decodeAny(t *testing.T, kind *schema.Kind, text, shown []byte) {
	p, err := recordjson.DecodeEdit(kind, text, shown, oneGrid{})
	var refused *recordjson.Error
	if errors.As(err, &refused) {
		return
	}
	if err != nil {
		t.Fatalf("not an Error: %v", err)
	}
	patch, err := p.Wire()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wire.Cells(kind, false, patch); errors.Is(err, wire.ErrMalformed) && len(text) < 1<<10 {
		t.Fatalf("the patch is not in the protocol's form: %v", err)
	}
	o, err := recordjson.EncodeFields(kind, patch.GetFields(), oneGrid{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := o.MarshalJSON()
	if err != nil || !json.Valid(b) {
		t.Fatalf("wrote %s, %v", b, err)
	}
	again, err := recordjson.Decode(kind, b, oneGrid{})
	if err != nil || !proto.Equal(again.Message, p.Message) {
		t.Fatalf("read %v, wrote %s, read %v, %v", p.Message, b, again, err)
	}
}
