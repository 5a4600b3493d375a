package story_test

import (
	"testing"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/pgtest"
	"onedoor/server"
	"onedoor/server/store/pgstore"
)

// devices gives the state of each phone, by its user's id.
func (d *district) devices(r *running) map[string]adminv1.DeviceState {
	d.t.Helper()
	ctx, admin := d.operator(r)
	list, err := admin.ListDevices(ctx, &adminv1.ListDevicesRequest{})
	d.must(err)
	out := map[string]adminv1.DeviceState{}
	for _, x := range list.GetDevices() {
		out[string(x.GetId())] = x.GetState()
	}
	return out
}

func TestServers_ARestoreWithAllTheirSideLedgersUndoesNoRevocation(t *testing.T) {
	for _, folders := range []int{1, 2} { // One for both, and one each.
		d := founded(t, pgtest.Database(t))
		shared := t.TempDir()
		folder := func() string {
			if folders == 1 {
				return shared
			}
			return t.TempDir()
		}
		dirs := []string{folder(), folder()}
		d.ledger = dirs[0]
		first := d.serve()
		d.ledger = dirs[1]
		second := d.serve()
		ann, bob, eve := d.phone(first), d.phone(second), d.phone(first)
		for _, p := range []*phone{ann, bob, eve} {
			p.synced()
		}
		file := d.saved()
		gone := map[string]bool{}
		for i, r := range []*running{first, second} { // Each server revokes one.
			ctx, admin := d.operator(r)
			list, err := admin.ListDevices(ctx, &adminv1.ListDevicesRequest{})
			d.must(err)
			_, err = admin.RevokeDevice(ctx, &adminv1.RevokeDeviceRequest{DeviceId: list.GetDevices()[i].GetId(), Reason: "丢失"})
			d.must(err)
			gone[string(list.GetDevices()[i].GetId())] = true
		}
		second.halt(d)
		first.halt(d)
		d.must(pgstore.Drop(t.Context(), pgstore.Options{URL: d.store}))
		made, err := server.Restore(t.Context(), server.RestoreOptions{From: file, Dir: d.dir, Store: d.store, Ledger: dirs[:folders]})
		d.must(err)
		if made.Replayed == 0 {
			t.Errorf("%d folders: nothing was replayed", folders)
		}
		d.ledger = dirs[1]
		again := d.serve()
		for id, state := range d.devices(again) {
			if revoked := state == adminv1.DeviceState_DEVICE_STATE_REVOKED; revoked != gone[id] {
				t.Errorf("%d folders: a phone is in state %s", folders, state)
			}
		}
		for _, p := range []*phone{ann, bob, eve} {
			p.pointAt(again)
			_, _ = p.Sync(t.Context()) // Two of them are refused.
		}
		again.halt(d)
		if found := d.verified(); found.Epoch != 2 {
			t.Errorf("%d folders: epoch %d", folders, found.Epoch)
		}
	}
}
