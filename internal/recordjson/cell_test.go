package recordjson_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/recordjson"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

func TestValue_WritesOneCell(t *testing.T) {
	visit, staff, dispute, premises := kindNamed(t, "visit"), kindNamed(t, "staff"), kindNamed(t, "dispute"), kindNamed(t, "premises")
	doors := syncengine.CellKey{Field: 1, Key: string(door[:])}
	for _, c := range []struct {
		kind    *schema.Kind
		key     syncengine.CellKey
		data    []byte
		cleared bool
		value   string
		name    string
	}{
		{visit, doors, encoded(t, &recordv1.Visit{PremisesIds: [][]byte{door[:]}}), false, `"` + door.String() + `"`, "premises_ids." + door.String()},
		{visit, doors, []byte{}, true, `null`, "premises_ids." + door.String()},
		{staff, syncengine.CellKey{Field: 3, Key: string(grid[:])}, encoded(t, &recordv1.Staff{TerritoryIds: [][]byte{grid[:]}}), false,
			`"` + gridCode + `"`, "territory_ids." + gridCode},
		{visit, syncengine.CellKey{Field: 7, Key: "gas"},
			encoded(t, &recordv1.Visit{Checklist: map[string]recordv1.Answer{"gas": recordv1.Answer_ANSWER_POOR}}), false, `"POOR"`, "checklist.gas"},
		{visit, syncengine.CellKey{Field: 8, Key: user.String()},
			encoded(t, &recordv1.Visit{Contributions: map[string]string{user.String(): "看过"}}), false, `"看过"`, "contributions." + user.String()},
		{dispute, syncengine.CellKey{Field: 7, Key: "甲方"},
			encoded(t, &recordv1.Dispute{Parties: map[string]*recordv1.Party{"甲方": {Organisation: proto.Bool(true)}}}), false,
			`{"organisation":true}`, "parties.甲方"},
		{premises, syncengine.CellKey{Field: 8}, encoded(t, &recordv1.Premises{Contact: &recordv1.Contact{Name: proto.String("和某")}}), false,
			`{"name":"和某"}`, "contact"},
		{premises, syncengine.CellKey{Field: 20}, encoded(t, &recordv1.Premises{GradeReasons: []string{"b", "a"}}), false, `["b","a"]`, "grade_reasons"},
		{visit, syncengine.CellKey{Field: 5}, encoded(t, &recordv1.Visit{Note: proto.String("a<b")}), false, `"a<b"`, "note"},
		{visit, syncengine.CellKey{Field: 2}, encoded(t, &recordv1.Visit{Territory: grid[:]}), false, `"` + gridCode + `"`, "territory"},
		{visit, syncengine.CellKey{Field: 6}, encoded(t, &recordv1.Visit{OccurredAt: proto.Int64(1782869400000)}), false,
			`"2026-07-01T09:30:00+08:00"`, "occurred_at"},
		{visit, syncengine.CellKey{}, syncengine.LifeWrite(true).Data, false, `"DEAD"`, "life"},
		{visit, syncengine.CellKey{}, syncengine.LifeWrite(false).Data, false, `"ALIVE"`, "life"},
		{visit, syncengine.CellKey{}, []byte{0xff}, false, `"/w=="`, "life"},
		{visit, syncengine.CellKey{Field: 999}, []byte{1}, false, `"AQ=="`, "field_999"},
		{nil, syncengine.CellKey{Field: 5}, []byte{1}, false, `"AQ=="`, "field_5"},
		{nil, syncengine.CellKey{}, syncengine.LifeWrite(true).Data, false, `"DEAD"`, "life"},
		{visit, syncengine.CellKey{Field: 5}, []byte{0xff}, false, `"/w=="`, "note"},
		{visit, syncengine.CellKey{Field: 5}, encoded(t, &recordv1.Visit{Territory: []byte("x")}), false, `"EgF4"`, "note"},
	} {
		if got := recordjson.Value(c.kind, c.key, c.data, c.cleared, oneGrid{}); string(got) != c.value {
			t.Errorf("cell %v: %s, want %s", c.key, got, c.value)
		}
		if got := recordjson.CellName(c.kind, c.key, oneGrid{}); got != c.name {
			t.Errorf("cell %v is called %s, want %s", c.key, got, c.name)
		}
	}
}
