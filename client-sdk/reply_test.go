package client_test

import (
	"context"
	"errors"
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// TestSync_AReplyThatMakesNoSenseChangesNothing alters one thing in a good reply.
func TestSync_AReplyThatMakesNoSenseChangesNothing(t *testing.T) {
	for name, spoil := range map[string]func(*syncv1.ExchangeResponse){
		"no nonce":            func(m *syncv1.ExchangeResponse) { m.Nonce = nil },
		"outcomes cut":        func(m *syncv1.ExchangeResponse) { m.Outcomes.Results = m.Outcomes.Results[1:] },
		"no outcomes":         func(m *syncv1.ExchangeResponse) { m.Outcomes = nil },
		"outcomes of others":  func(m *syncv1.ExchangeResponse) { m.Outcomes.FirstDeviceSeq++ },
		"no tag":              func(m *syncv1.ExchangeResponse) { m.Tag = m.Tag[1:] },
		"no position":         func(m *syncv1.ExchangeResponse) { m.Position = nil },
		"a record without id": func(m *syncv1.ExchangeResponse) { m.Page.Records[0].Id = nil },
		"a missing key":       func(m *syncv1.ExchangeResponse) { m.Page.Keys = nil },
		"a missing author":    func(m *syncv1.ExchangeResponse) { m.Page.Authors = nil },
		"no write":            func(m *syncv1.ExchangeResponse) { m.Page.Records[0].Writes = nil },
		"cut fields":          func(m *syncv1.ExchangeResponse) { m.Page.Records[0].Fields = []byte{0x0a, 0x7f} },
		"a short gone id":     func(m *syncv1.ExchangeResponse) { m.Page.Gone = [][]byte{{1}} },
		"a fork ahead": func(m *syncv1.ExchangeResponse) {
			m.Fork = &syncv1.Fork{Incarnation: make([]byte, 16), LastCommon: 99}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, ann, bob, _, visit := pair(t)
			bob.edit(visit, `{"note":"白写的"}`)
			bob.sync()
			ann.edit(visit, `{"outcome":"seen"}`)
			before := ann.status()
			ann.line.seen = func(m *syncv1.ExchangeResponse) { spoil(m) }
			if _, err := ann.Sync(t.Context()); !errors.Is(err, client.ErrReply) {
				t.Errorf("the sync ends with %v", err)
			}
			after := ann.status()
			if after.Pending != 1 || after.Seq != before.Seq || after.Digest != before.Digest {
				t.Errorf("before %+v, after %+v", before, after)
			}
			ann.line.seen = nil
			w.settle()
			ann.shows(visit, map[string]any{"note": "白写的", "outcome": "SEEN"})
		})
	}
}

func TestSync_AForgedReceiptProvesNothingAndHoldsNothingUp(t *testing.T) {
	w, ann, _ := solo(t)
	ann.line.seen = func(m *syncv1.ExchangeResponse) {
		if m.GetReceipt() != nil {
			m.Receipt.DeviceSeq++
		}
	}
	if report := ann.sync(); report.Applied != 1 {
		t.Errorf("report %+v", report)
	}
	receipts, err := ann.Receipts()
	w.must(err)
	if len(receipts) != 0 {
		t.Errorf("receipts %+v", receipts)
	}
}

func TestSync_RepliesThatBringNothingEndIt(t *testing.T) {
	_, ann, _ := solo(t)
	ann.line.seen = func(m *syncv1.ExchangeResponse) {
		m.Reset()
		m.Nonce, m.NonceState, m.Expected = []byte("again"), syncv1.NonceState_NONCE_STATE_UNKNOWN, 1
	}
	if _, err := ann.Sync(t.Context()); !errors.Is(err, client.ErrStuck) {
		t.Errorf("the sync ends with %v", err)
	}
	if ann.line.calls > 20 {
		t.Errorf("it took %d calls", ann.line.calls)
	}
}

func TestSync_ARevokedPhoneIsToldAndItsWorkIsKept(t *testing.T) {
	w, ann, _ := solo(t)
	id := mustParse(t, ann.Self().Incarnation)
	w.must(w.service.Update(t.Context(), func(tx store.Writer) error { return identity.RevokeDevice(tx, id) }))
	report, err := ann.Sync(t.Context())
	if !errors.Is(err, client.ErrRevoked) || report.Quarantined != 1 {
		t.Errorf("report %+v, %v", report, err)
	}
	if q := ann.quarantined(); len(q) != 1 || q[0].Reason != "REVOKED" {
		t.Errorf("quarantined %+v", q)
	}
	if s := ann.status(); !s.Revoked || s.Quarantined != 1 {
		t.Errorf("status %+v", s)
	}
}

func TestSync_ARevokedPhoneHandsInEveryBatch(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	ann.batch = 1
	ann.restart()
	for range 3 {
		ann.add("premises", `{"address":"民主路7号","territory":"`+gridA+`"}`)
	}
	id := mustParse(t, ann.Self().Incarnation)
	w.must(w.service.Update(t.Context(), func(tx store.Writer) error { return identity.RevokeDevice(tx, id) }))
	report, err := ann.Sync(t.Context())
	if !errors.Is(err, client.ErrRevoked) || report.Quarantined != 3 || report.RoundTrips != 3 {
		t.Errorf("report %+v, %v", report, err)
	}
}

func TestSync_AServerThatLostItsTailGetsTheChangesAgain(t *testing.T) {
	w, ann, door := solo(t)
	ann.sync()
	ann.edit(door, `{"rooms":1}`)
	calls := 0
	ann.line.seen = func(m *syncv1.ExchangeResponse) {
		// The server claims to expect the first change once more.
		if calls++; calls == 1 {
			asksAgain(m)
		}
	}
	if report := ann.sync(); report.Pushed != 2 || report.RoundTrips != 2 {
		t.Errorf("report %+v", report)
	}
	ann.line.seen = nil
	w.settle()
}

// asksAgain makes an answer one of a server that expects the first change once more
// and does not know the nonce.
func asksAgain(m *syncv1.ExchangeResponse) {
	m.Outcomes, m.Receipt, m.Expected = nil, nil, 1
	m.NonceState = syncv1.NonceState_NONCE_STATE_UNKNOWN
	m.Page, m.CaughtUp, m.Cursor, m.Position, m.Tag = nil, false, nil, nil, nil
}

// mute is a server that answers an enrolment with nonsense.
type mute struct{ line }

func (mute) Enrol(context.Context, *syncv1.EnrolRequest) (*syncv1.EnrolResponse, error) {
	return &syncv1.EnrolResponse{Realm: 530702}, nil
}

func TestEnrol_MayBeRepeatedAndOnlyOnceSucceeds(t *testing.T) {
	w := newWorld(t)
	user := w.user("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	dir, key := t.TempDir(), make([]byte, client.KeyBytes)
	r, err := client.Open(dir, key, client.Options{Transport: &mute{line{w: w}}})
	w.must(err)
	if err := r.Enrol(t.Context(), "plain", "x"); !errors.Is(err, client.ErrReply) {
		t.Errorf("a nonsense answer: %v", err)
	}
	w.must(r.Close())
	l := &line{w: w}
	r, err = client.Open(dir, key, client.Options{Transport: l})
	w.must(err)
	defer func() { w.must(r.Close()) }()
	if err := r.Enrol(t.Context(), "plain", "ABCD-EFGH-JKMN"); !errors.Is(err, identity.ErrCodeUnknown) && !errors.Is(err, identity.ErrCodeMistyped) {
		t.Errorf("a wrong code: %v", err)
	}
	code := w.code(user)
	w.must(r.Enrol(t.Context(), "plain", code))
	if self := r.Self(); self.UserName != "安" || self.Realm != 530702 || self.UserID != user.String() {
		t.Errorf("self %+v", self)
	}
	if err := r.Enrol(t.Context(), "plain", code); !errors.Is(err, client.ErrEnrolled) {
		t.Errorf("enrolled twice: %v", err)
	}
}

func TestSync_CarriesRecordsOfAKindItDoesNotKnow(t *testing.T) {
	w, ann, _ := solo(t)
	id := syncengine.ID{7}
	ann.line.seen = func(m *syncv1.ExchangeResponse) {
		m.Page.Keys = append(m.Page.Keys, []byte(syncengine.RealmKey))
		m.Page.Authors = append(m.Page.Authors, &syncv1.Author{Incarnation: make([]byte, 16), UserId: make([]byte, 16)})
		m.Page.Records = append(m.Page.Records, &syncv1.PageRecord{
			Id: id[:], Kind: 99, Seq: 1, Keys: []uint32{uint32(len(m.Page.Keys) - 1)}, Fields: []byte{0x0a, 1, 'x'},
			Writes: []*syncv1.Write{{Author: uint32(len(m.Page.Authors) - 1), DeviceSeq: 1, Epoch: 1, Seq: 1}},
		})
	}
	ann.sync()
	ann.line.seen = nil
	if _, err := ann.Get(id); !errors.Is(err, client.ErrUnknownKind) {
		t.Errorf("a record of kind 99: %v", err)
	}
	if len(ann.found("x路")) != 0 || ann.status().Digest == "" || len(ann.conflicts()) != 0 {
		t.Error("a record of an unknown kind confuses the rest")
	}
	ann.restart()
	ann.sync()
	w.verify()
}
