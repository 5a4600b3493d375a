package adminrpc_test

import (
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/syncengine"
)

func TestImportPremises_TwoServersThatTakeOneRegisterAtOnceMakeEachDoorOnce(t *testing.T) {
	a := newWorld(t)
	b := a.beside()
	a.disk.before = func() { b.take(doors, false) } // The first has looked at what stands, and has written nothing.
	if out := a.take(doors, false); out.GetUnchanged() != 3 || out.GetAdded() != 0 {
		t.Errorf("the second to write says %v", out)
	}
	if ids := a.ids(recordv1.Kind_KIND_PREMISES); len(ids) != 3 {
		t.Errorf("%d doors stand", len(ids))
	}
	a.verify()
}

func TestImportPremises_WhatAPhoneBringsWhileItIsPlannedStands(t *testing.T) {
	a := newWorld(t)
	b := a.beside()
	a.take(doors, false)
	p := b.phone(b.user("网", worker, gridA))
	p.sync()
	id := b.doorOf("R2")
	a.disk.before = func() {
		p.edit(recordv1.Kind_KIND_PREMISES, id, &recordv1.Premises{Rooms: proto.Uint32(6)})
		p.sync()
	}
	const says5 = "external_ref,address,territory,rooms,door\nR2,福慧路1号," + gridA + ",5,102\n"
	if out := a.take(says5, false); out.GetKeptValues() != 1 || out.GetChanged() != 0 {
		t.Errorf("the import says %v", out)
	}
	if m := a.premises()["R2"]; m.GetRooms() != 6 {
		t.Errorf("%d rooms stand, 6 were seen at the door", m.GetRooms())
	}
	a.verify()
}

func TestImportPremises_EndsWhereDoorsChangeEachTimeThatItHasPlanned(t *testing.T) {
	a := newWorld(t)
	b := a.beside()
	n := 0
	var again func()
	again = func() {
		if n++; n < 10 {
			b.take(fmt.Sprintf("external_ref,address,territory\nX%d,新华路%d号,%s\n", n, n, gridB), false)
			a.disk.before = again
		}
	}
	a.disk.before = again
	if out := a.take(doors, false); out.GetAdded() != 3 {
		t.Errorf("the import says %v", out)
	}
	if n == 1 || n == 10 {
		t.Errorf("it was planned %d times", n)
	}
	a.disk.before = nil
	if got := len(a.premises()); got != 3+n {
		t.Errorf("%d doors stand after %d changes", got, n)
	}
	a.verify()
}

// doorOf finds the door of an external_ref.
func (w *world) doorOf(ref string) syncengine.ID {
	w.t.Helper()
	for _, id := range w.ids(recordv1.Kind_KIND_PREMISES) {
		if m, _ := read(w, id, &recordv1.Premises{}); m.GetExternalRef() == ref {
			return id
		}
	}
	w.t.Fatalf("no door %s", ref)
	return syncengine.ID{}
}
