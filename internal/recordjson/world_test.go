package recordjson_test

import (
	"encoding/json"
	"testing"

	"google.golang.org/protobuf/proto"

	"onedoor/internal/recordjson"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

const gridCode = "530702001005001"

var (
	grid  = syncengine.ID{1, 2, 3}
	door  = mustID("01890a5d-ac96-774b-bcce-b302099a8057")
	other = mustID("01890a5d-ac96-774b-bcce-b302099a805a")
	user  = mustID("01890a5d-ac96-774b-bcce-b302099a8058")
)

func mustID(text string) syncengine.ID {
	id, err := wire.ParseID(text)
	if err != nil {
		panic(err)
	}
	return id
}

// oneGrid knows one territory.
type oneGrid struct{}

func (oneGrid) TerritoryCode(id syncengine.ID) (string, bool) { return gridCode, id == grid }
func (oneGrid) TerritoryID(code string) (syncengine.ID, bool) { return grid, code == gridCode }

func kindNamed(t *testing.T, name string) *schema.Kind {
	t.Helper()
	kind, ok := schema.Load().KindByName(name)
	if !ok {
		t.Fatalf("no kind %s", name)
	}
	return kind
}

func encoded(t *testing.T, m proto.Message) []byte {
	t.Helper()
	if m == nil {
		return nil
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// decoded reads a text that must be right, as an edit of what is shown.
func decoded(t *testing.T, kind, text string, shown proto.Message) *recordjson.Patch {
	t.Helper()
	p, err := recordjson.DecodeEdit(kindNamed(t, kind), []byte(text), encoded(t, shown), oneGrid{})
	if err != nil {
		t.Fatalf("%s %s: %v", kind, text, err)
	}
	return p
}

// jsonOf writes a message of a kind.
func jsonOf(t *testing.T, kind string, m proto.Message) string {
	t.Helper()
	o, err := recordjson.Encode(kindNamed(t, kind), m, oneGrid{})
	if err != nil {
		t.Fatal(err)
	}
	return text(t, o)
}

func text(t *testing.T, o recordjson.Object) string {
	t.Helper()
	b, err := o.MarshalJSON()
	if err != nil || !json.Valid(b) {
		t.Fatalf("%s: %v", b, err)
	}
	return string(b)
}
