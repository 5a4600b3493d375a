package wire_test

import (
	"bytes"
	"crypto/ed25519"
	"testing"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
)

// signingKey is the same in every run.
func signingKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
}

func TestVerifyReceipt_HoldsForEveryFieldOfTheReceipt(t *testing.T) {
	key := signingKey()
	public := key.Public().(ed25519.PublicKey)
	good := &syncv1.Receipt{
		Incarnation: id(1), DeviceSeq: 9, Chain: bytes.Repeat([]byte{3}, 32),
		Coordinate: &syncv1.Coordinate{Epoch: 1, Seq: 70}, TimeMs: 1000,
	}
	good.Signature = ed25519.Sign(key, wire.ReceiptMessage(good))
	if !wire.VerifyReceipt(public, good) {
		t.Fatal("a good receipt does not verify")
	}
	for name, spoil := range map[string]func(*syncv1.Receipt){
		"incarnation": func(r *syncv1.Receipt) { r.Incarnation = id(2) },
		"device_seq":  func(r *syncv1.Receipt) { r.DeviceSeq++ },
		"chain":       func(r *syncv1.Receipt) { r.Chain[0]++ },
		"epoch":       func(r *syncv1.Receipt) { r.Coordinate.Epoch++ },
		"seq":         func(r *syncv1.Receipt) { r.Coordinate.Seq++ },
		"time":        func(r *syncv1.Receipt) { r.TimeMs++ },
		"signature":   func(r *syncv1.Receipt) { r.Signature[0]++ },
		// A byte moved from one field to the next must not read the same.
		"border of fields": func(r *syncv1.Receipt) { r.Incarnation = append(r.Incarnation, 9) },
	} {
		r := proto.Clone(good).(*syncv1.Receipt)
		spoil(r)
		if wire.VerifyReceipt(public, r) {
			t.Errorf("a receipt with another %s verifies", name)
		}
	}
	if wire.VerifyReceipt(public[:31], good) {
		t.Error("a key of 31 bytes verifies")
	}
}

func TestMessages_OfOnePurposeServeNoOther(t *testing.T) {
	messages := map[string][]byte{
		"exchange": wire.ExchangeMessage(nil),
		"ahead":    wire.AheadMessage(&syncv1.SendAheadRequest{}, [32]byte{}),
		"enrol":    wire.EnrolMessage(&syncv1.EnrolRequest{}),
		"watch":    wire.WatchMessage(&syncv1.WatchRequest{}),
		"receipt":  wire.ReceiptMessage(&syncv1.Receipt{}),
		"device":   wire.EnrolmentMessage(&syncv1.Enrolment{}),
		"grants":   wire.GrantsMessage(nil, &syncv1.Grants{}),
	}
	for name, m := range messages {
		for other, o := range messages {
			if name != other && bytes.HasPrefix(o, m[:min(len(m), 12)]) {
				t.Errorf("%s and %s begin the same", name, other)
			}
		}
	}
}

func TestMessages_CarryEveryFieldThatIsSigned(t *testing.T) {
	enrol := &syncv1.EnrolRequest{Code: "ABCD", Incarnation: id(1), PublicKey: bytes.Repeat([]byte{2}, 32)}
	for _, spoil := range []func(*syncv1.EnrolRequest){
		func(r *syncv1.EnrolRequest) { r.Code = "ABCE" },
		func(r *syncv1.EnrolRequest) { r.Incarnation = id(2) },
		func(r *syncv1.EnrolRequest) { r.PublicKey[0] = 9 },
		func(r *syncv1.EnrolRequest) { r.Code, r.Incarnation = "ABC", append([]byte("D"), id(1)...) },
	} {
		r := proto.Clone(enrol).(*syncv1.EnrolRequest)
		spoil(r)
		if bytes.Equal(wire.EnrolMessage(r), wire.EnrolMessage(enrol)) {
			t.Errorf("%v is signed as %v", r, enrol)
		}
	}
	watch := &syncv1.WatchRequest{Realm: 530702, Incarnation: id(1), TimeMs: 5}
	for _, r := range []*syncv1.WatchRequest{
		{Realm: 530703, Incarnation: id(1), TimeMs: 5}, {Realm: 530702, Incarnation: id(2), TimeMs: 5}, {Realm: 530702, Incarnation: id(1), TimeMs: 6},
	} {
		if bytes.Equal(wire.WatchMessage(r), wire.WatchMessage(watch)) {
			t.Errorf("%v is signed as %v", r, watch)
		}
	}
	if !bytes.Equal(wire.ExchangeMessage([]byte("body"))[len(wire.ExchangeMessage(nil)):], []byte("body")) {
		t.Error("an exchange is not signed as its body stands")
	}
}

func TestVerifyEnrolment_HoldsForEveryFieldOfIt(t *testing.T) {
	key := signingKey()
	public := key.Public().(ed25519.PublicKey)
	good := &syncv1.Enrolment{
		Incarnation: id(1), PublicKey: bytes.Repeat([]byte{2}, 32), UserId: id(3), UserName: "和丽", Role: 2, DeviceName: "手机",
		EnrolledAtMs: 5, Parent: id(6), LastCommon: 7, Chain: bytes.Repeat([]byte{8}, 32),
	}
	good.Signature = ed25519.Sign(key, wire.EnrolmentMessage(good))
	if !wire.VerifyEnrolment(public, good) {
		t.Fatal("a good enrolment does not verify")
	}
	for name, spoil := range map[string]func(*syncv1.Enrolment){
		"incarnation": func(e *syncv1.Enrolment) { e.Incarnation = id(2) },
		"key":         func(e *syncv1.Enrolment) { e.PublicKey[0]++ },
		"user":        func(e *syncv1.Enrolment) { e.UserId = id(4) },
		"user's name": func(e *syncv1.Enrolment) { e.UserName = "木春" },
		"role":        func(e *syncv1.Enrolment) { e.Role++ },
		"device":      func(e *syncv1.Enrolment) { e.DeviceName = "" },
		"time":        func(e *syncv1.Enrolment) { e.EnrolledAtMs++ },
		"parent":      func(e *syncv1.Enrolment) { e.Parent = nil },
		"last common": func(e *syncv1.Enrolment) { e.LastCommon++ },
		"chain":       func(e *syncv1.Enrolment) { e.Chain[3]++ },
		"signature":   func(e *syncv1.Enrolment) { e.Signature[0]++ },
	} {
		e := proto.CloneOf(good)
		spoil(e)
		if wire.VerifyEnrolment(public, e) {
			t.Errorf("an enrolment with another %s verifies", name)
		}
	}
}

func TestVerifyGrants_HoldsForUserVersionAndEveryGrant(t *testing.T) {
	key := signingKey()
	public := key.Public().(ed25519.PublicKey)
	good := &syncv1.Grants{Version: 4, Grants: []*syncv1.Grant{{Role: 2, TerritoryId: id(1)}, {Role: 3, RecordIds: [][]byte{id(2), id(3)}}}}
	good.Signature = ed25519.Sign(key, wire.GrantsMessage(id(9), good))
	if !wire.VerifyGrants(public, id(9), good) || wire.VerifyGrants(public, id(8), good) {
		t.Fatal("good grants do not verify for their user alone")
	}
	for name, spoil := range map[string]func(*syncv1.Grants){
		"version":   func(g *syncv1.Grants) { g.Version++ },
		"role":      func(g *syncv1.Grants) { g.Grants[0].Role++ },
		"territory": func(g *syncv1.Grants) { g.Grants[0].TerritoryId = id(5) },
		"record":    func(g *syncv1.Grants) { g.Grants[1].RecordIds[0] = id(5) },
		"grant":     func(g *syncv1.Grants) { g.Grants = g.Grants[:1] },
		"border":    func(g *syncv1.Grants) { g.Grants[1].RecordIds = g.Grants[1].RecordIds[:1] },
	} {
		g := proto.CloneOf(good)
		spoil(g)
		if wire.VerifyGrants(public, id(9), g) {
			t.Errorf("grants with another %s verify", name)
		}
	}
}
