package client_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
)

// end ends the trust in a phone and gives what was stated of it.
func (w *world) end(p *phone, wipe bool) (loss *storedv1.DeviceLoss) {
	w.t.Helper()
	w.must(w.service.Update(w.t.Context(), func(tx store.Writer) error {
		d, err := identity.GetDevice(tx, p.id(p.Self().Incarnation))
		if err != nil {
			return err
		}
		if loss, err = w.service.Lost(tx, d); err != nil {
			return err
		}
		loss.AtMs = w.now.UnixMilli()
		_, err = identity.EndDevice(tx, d.Incarnation, wipe, loss)
		return err
	}))
	return loss
}

func (w *world) device(p *phone) (d identity.Device) {
	w.t.Helper()
	w.must(w.service.View(w.t.Context(), func(r store.Reader) (err error) {
		d, err = identity.GetDevice(r, p.id(p.Self().Incarnation))
		return err
	}))
	return d
}

// stolen is a phone with a door, whose contact it knows, and a visit that is not sent.
func stolen(t *testing.T) (w *world, ann *phone, door string) {
	t.Helper()
	w = newWorld(t)
	ann = w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	door = ann.add("premises", `{"address":"`+plantedAddress+`","territory":"`+gridA+`","contact":{"name":"和志强","phone":"13900001111"}}`)
	ann.sync()
	ann.sync()
	ann.add("visit", `{"premises_ids":["`+door+`"],"outcome":"seen","note":"`+plantedNote+`"}`)
	ann.line.loseRequest = 9
	_, err := ann.Sync(t.Context())
	if !errors.Is(err, errLine) {
		t.Fatalf("the line should have failed: %v", err)
	}
	ann.line.loseRequest = 0
	return w, ann, door
}

func TestWipe_UnsentWorkIsHandedInThenNothingIsLeft(t *testing.T) {
	w, ann, door := stolen(t)
	loss := w.end(ann, true)
	doors := uint64(0)
	for _, c := range loss.GetRecords() {
		if recordv1.Kind(c.GetKind()) == recordv1.Kind_KIND_PREMISES {
			doors = c.GetCount()
		}
	}
	if doors != 1 || loss.GetContacts() != 1 || loss.GetLastContactMs() == 0 {
		t.Errorf("stated %v", loss)
	}
	device := w.device(ann)
	incarnation := device.Incarnation
	pages := 0
	ann.line.seen = func(m *syncv1.ExchangeResponse) {
		pages += len(m.GetPage().GetRecords()) + len(m.GetGrants().GetGrants())
	}
	if _, err := ann.Sync(t.Context()); !errors.Is(err, client.ErrWiped) {
		t.Fatalf("the sync ended with %v", err)
	}
	if pages != 0 {
		t.Errorf("%d records or grants went to a phone that is to be wiped", pages)
	}
	if _, err := ann.ShowJSON(door); !errors.Is(err, client.ErrWiped) {
		t.Errorf("the phone shows: %v", err)
	}
	for _, name := range []string{client.DatabaseFile, client.LogFile} {
		if _, err := os.Stat(filepath.Join(ann.dir, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", name, err)
		}
	}
	note, err := client.Wiped(ann.dir)
	w.must(err)
	if note == nil || note.Changes != 2 || note.Records == 0 {
		t.Errorf("what is left says %+v", note)
	}
	ann.wantReceipt(incarnation[:], device)
}

// wantReceipt wants the device's own signature over the wipe, the change in quarantine, and the state.
func (p *phone) wantReceipt(incarnation []byte, before identity.Device) {
	w := p.w
	w.t.Helper()
	w.must(w.service.View(w.t.Context(), func(r store.Reader) error {
		d, err := identity.GetDevice(r, before.Incarnation)
		if err != nil {
			return err
		}
		m := &syncv1.WipeReceipt{}
		if err := proto.Unmarshal(d.WipeReceipt, m); err != nil {
			return err
		}
		if d.State != identity.DeviceWiped || !wire.VerifyWiped(before.PublicKey, incarnation, m) || m.GetHandedIn() != 2 || m.GetMade() != 2 {
			w.t.Errorf("state %d, receipt %v", d.State, m)
		}
		waiting := 0
		err = w.service.ListQuarantine(r, 0, func(q exchange.Quarantined) bool {
			if q.Reason == syncv1.QuarantineReason_QUARANTINE_REASON_REVOKED {
				waiting++
			}
			return true
		})
		if waiting != 1 {
			w.t.Errorf("%d changes wait for a decision", waiting)
		}
		return err
	}))
	w.verify()
}

func TestWipe_ALineThatFailsAfterItWasCarriedOutLeavesTheReceiptToTheNextSync(t *testing.T) {
	w, ann, door := stolen(t)
	w.end(ann, true)
	device := w.device(ann)
	ann.line.failAfter = ann.line.calls + 1
	if _, err := ann.Sync(t.Context()); !errors.Is(err, errLine) {
		t.Fatalf("the sync ended with %v", err)
	}
	ann.restart()
	ann.bars(door, client.ErrWiped)
	ann.hidesAll(plantedNote, plantedAddress, "13900001111")
	if raw, err := os.ReadFile(filepath.Join(ann.dir, client.DatabaseFile)); err != nil || bytes.Contains(raw, []byte(plantedNote)) {
		t.Errorf("the file holds the note in the clear, or is gone: %v", err)
	}
	ann.line.failAfter, ann.line.loseReply = 0, 1
	if _, err := ann.Sync(t.Context()); !errors.Is(err, errLine) {
		t.Fatalf("the sync ended with %v", err)
	}
	if _, err := ann.Sync(t.Context()); !errors.Is(err, client.ErrWiped) {
		t.Fatalf("the sync ended with %v", err)
	}
	ann.wantReceipt(device.Incarnation[:], device)
}

func TestRevoke_WhatIsAboveTheCapIsCountedByNameAndTheChainGoesOn(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	door := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	ann.sync()
	w.end(ann, false)
	const over = 3
	for range (exchange.RevokedKeptMax + over) / 100 {
		w.must(ann.Group(func(g *client.Group) error {
			for i := range 100 {
				if err := g.Edit(ann.id(door), &recordv1.Premises{Rooms: proto.Uint32(uint32(i))}); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	for i := range over {
		ann.edit(door, `{"rooms":`+string(rune('1'+i))+`}`)
	}
	if _, err := ann.Sync(t.Context()); !errors.Is(err, client.ErrRevoked) {
		t.Fatalf("the sync ended with %v", err)
	}
	above := 0
	for _, c := range ann.written(1) {
		if c.Reason == "ABOVE_CAP" {
			above++
		}
	}
	if above != over {
		t.Errorf("%d changes are above the cap", above)
	}
	w.verify()
}

// phoneKeys is a key store as an app has it, over a file.
func TestKeys_ThePhoneSignsWithTheAppsKeyAndAWipeDestroysIt(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "keys", "phone.json")
	o := client.Options{Transport: &line{w: w}, Now: func() time.Time { return w.now }, Random: w.random}
	r, err := client.OpenWithKeys(dir, client.NewFileKeys(file), o)
	w.must(err)
	w.must(r.Enrol(t.Context(), "server", w.code(ann.user)))
	w.must(r.Prepare(t.Context()))
	w.must(r.Close())
	if _, err := client.OpenWithKeys(dir, client.NewFileKeys(file+"2"), o); !errors.Is(err, client.ErrKey) {
		t.Errorf("other keys open it: %v", err)
	}
	r, err = client.OpenWithKeys(dir, client.NewFileKeys(file), o)
	w.must(err)
	stranger := &phone{Replica: r, w: w, name: "键"}
	w.end(stranger, true)
	if _, err := r.Sync(t.Context()); !errors.Is(err, client.ErrWiped) {
		t.Errorf("the sync ended with %v", err)
	}
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the keys are still there: %v", err)
	}
}
