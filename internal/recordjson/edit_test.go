package recordjson_test

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/recordjson"
	"onedoor/syncengine"
)

func TestDecodeEdit_IsAMergePatch(t *testing.T) {
	shown := &recordv1.Visit{
		Note: proto.String("old"), PremisesIds: [][]byte{door[:], other[:]},
		Contributions: map[string]string{"a": "1", "b": "2"},
	}
	p := decoded(t, "visit", `{"note":null,"purpose":null,"premises_ids":["`+door.String()+`","`+user.String()+`"],
		"contributions":{"b":null,"c":"3","z":null}}`, shown)
	if want := (&recordv1.Visit{PremisesIds: [][]byte{user[:]}, Contributions: map[string]string{"c": "3"}}); !proto.Equal(p.Message, want) {
		t.Errorf("written %v, want %v", p.Message, want)
	}
	if want := []syncengine.FieldNumber{3, 5}; !slices.Equal(p.Cleared, want) {
		t.Errorf("cleared %v, want %v", p.Cleared, want)
	}
	want := []syncengine.CellKey{{Field: 1, Key: string(other[:])}, {Field: 8, Key: "b"}, {Field: 8, Key: "z"}}
	if !slices.Equal(p.Removed, want) {
		t.Errorf("removed %v, want %v", p.Removed, want)
	}
}

func TestDecodeEdit_NullEmptiesSetsAndMaps(t *testing.T) {
	shown := &recordv1.Visit{PremisesIds: [][]byte{door[:]}, Contributions: map[string]string{"b": "2", "a": "1"}}
	want := []syncengine.CellKey{{Field: 1, Key: string(door[:])}, {Field: 8, Key: "a"}, {Field: 8, Key: "b"}}
	for _, text := range []string{`{"contributions":null,"premises_ids":null}`, `{"contributions":null,"premises_ids":[]}`} {
		p := decoded(t, "visit", text, shown)
		if !slices.Equal(p.Removed, want) || len(p.Cleared) != 0 || !proto.Equal(p.Message, &recordv1.Visit{}) {
			t.Errorf("%s: %+v, want %v removed", text, p, want)
		}
	}
}

func TestDecodeEdit_AMessageCellKeepsWhatTheEditDoesNotName(t *testing.T) {
	shown := &recordv1.Premises{Contact: &recordv1.Contact{Name: proto.String("和某"), Phone: proto.String("1")}}
	for text, want := range map[string]*recordv1.Contact{
		`{"contact":{"phone":"2"}}`:  {Name: proto.String("和某"), Phone: proto.String("2")},
		`{"contact":{"phone":null}}`: {Name: proto.String("和某")},
	} {
		p := decoded(t, "premises", text, shown)
		if got := p.Message.(*recordv1.Premises).GetContact(); !proto.Equal(got, want) {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	parties := &recordv1.Dispute{Parties: map[string]*recordv1.Party{"甲方": {Organisation: proto.Bool(true)}}}
	p := decoded(t, "dispute", `{"parties":{"甲方":{"consent":"REFUSED"}}}`, parties)
	got := p.Message.(*recordv1.Dispute).GetParties()["甲方"]
	if !got.GetOrganisation() || got.GetConsent() != recordv1.PartyConsent_PARTY_CONSENT_REFUSED {
		t.Errorf("party is %v", got)
	}
}

func TestDecodeEdit_SetsAreChangedOutright(t *testing.T) {
	p := decoded(t, "visit", `{"premises_ids":{"add":["`+door.String()+`"],"remove":["`+user.String()+`","`+user.String()+`"]}}`,
		&recordv1.Visit{PremisesIds: [][]byte{other[:]}})
	if want := (&recordv1.Visit{PremisesIds: [][]byte{door[:]}}); !proto.Equal(p.Message, want) {
		t.Errorf("written %v", p.Message)
	}
	if want := []syncengine.CellKey{{Field: 1, Key: string(user[:])}}; !slices.Equal(p.Removed, want) {
		t.Errorf("removed %v", p.Removed)
	}
}

func TestDecodeEdit_AStateThatStandsIsNoStep(t *testing.T) {
	shown := &recordv1.Hazard{State: recordv1.HazardState_HAZARD_STATE_FOUND.Enum(), Code: recordv1.HazardCode_HAZARD_CODE_GAS.Enum()}
	if p := decoded(t, "hazard", `{"state":"found","code":"GAS"}`, shown); p.Message.(*recordv1.Hazard).State != nil ||
		p.Message.(*recordv1.Hazard).Code == nil {
		t.Errorf("written %v: only the state is to be left out", p.Message)
	}
	if p := decoded(t, "hazard", `{"state":"rectified"}`, shown); p.Message.(*recordv1.Hazard).State == nil {
		t.Error("a step was dropped")
	}
}

func TestDecodeEdit_WhatWasShownCanBeHandedInAgain(t *testing.T) {
	shown := &recordv1.Visit{PremisesIds: [][]byte{door[:]}, Note: proto.String("a")}
	fields, err := recordjson.Encode(kindNamed(t, "visit"), shown, oneGrid{})
	if err != nil {
		t.Fatal(err)
	}
	head := recordjson.Object{}.With(recordjson.NameID, door.String()).With(recordjson.NameKind, "visit").
		With(recordjson.NameSeq, 12).With(recordjson.NameSyncState, "synced")
	p := decoded(t, "visit", text(t, append(head, fields...)), shown)
	if want := (&recordv1.Visit{Note: proto.String("a")}); !proto.Equal(p.Message, want) || p.ID != door || len(p.Removed) != 0 {
		t.Errorf("patch %+v", p)
	}
}

func TestDecodeEdit_RefusesARecordThatIsNone(t *testing.T) {
	if _, err := recordjson.DecodeEdit(kindNamed(t, "visit"), []byte(`{}`), []byte{0xff}, oneGrid{}); err == nil {
		t.Error("bytes that are no record were taken for what is shown")
	}
}

func TestPatch_WireSaysTheSame(t *testing.T) {
	shown := &recordv1.Visit{PremisesIds: [][]byte{door[:]}, Contributions: map[string]string{"a": "1"}}
	p := decoded(t, "visit", `{"note":"n","purpose":null,"premises_ids":[],"contributions":null}`, shown)
	got, err := p.Wire()
	if err != nil {
		t.Fatal(err)
	}
	want := &syncv1.Patch{
		Fields: encoded(t, &recordv1.Visit{Note: proto.String("n")}), Cleared: []uint32{3},
		SetRemoved: []*syncv1.Element{{Field: 1, Element: door[:]}}, MapRemoved: []*syncv1.Element{{Field: 8, Element: []byte("a")}},
	}
	if !proto.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
