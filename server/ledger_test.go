package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	client "onedoor/client-sdk"
	"onedoor/server"
	"onedoor/server/sideledger"
)

// keep serves the world's folder with a side ledger from now on, and gives its folder.
func (w *world) keep() (ledger string) {
	w.t.Helper()
	ledger = w.t.TempDir()
	w.stop()
	w.ledger = ledger
	w.resume(w.dir)
	return ledger
}

func (w *world) devices() (out []*adminv1.Device) {
	w.t.Helper()
	m, err := w.admin().ListDevices(w.ctx, &adminv1.ListDevicesRequest{})
	w.must(err)
	return m.GetDevices()
}

// revoke revokes the device of a user.
func (w *world) revoke(user string) {
	w.t.Helper()
	for _, d := range w.devices() {
		if d.GetUserName() == user {
			_, err := w.admin().RevokeDevice(w.ctx, &adminv1.RevokeDeviceRequest{DeviceId: d.GetId()})
			w.must(err)
		}
	}
}

// trusted names the users of devices that are not revoked.
func (w *world) trusted() string {
	w.t.Helper()
	var names []string
	for _, d := range w.devices() {
		if d.GetState() == adminv1.DeviceState_DEVICE_STATE_ACTIVE {
			names = append(names, d.GetUserName())
		}
	}
	return strings.Join(names, " ")
}

func TestLedger_ARestoreUndoesNoRevocationAndForgetsNoPhone(t *testing.T) {
	w := serving(t)
	ledger := w.keep()
	w.replica(11, w.code("和丽"))
	out := filepath.Join(t.TempDir(), "out")
	_, err := server.Backup(t.Context(), server.BackupOptions{Dir: w.dir, Out: out, Now: w.now})
	w.must(err)
	// Since the backup: one phone is revoked, another one enrolled that hands in a door.
	w.revoke("和丽")
	carl := w.replica(13, w.code("杨军"))
	w.sync(carl)
	door, err := carl.AddJSON("premises", doorJSON)
	w.must(err)
	w.sync(carl)
	before := w.trusted()
	w.stop()
	made, err := server.Restore(t.Context(), server.RestoreOptions{From: out, Dir: w.dir, Replace: 530702, Ledger: []string{ledger}, Now: w.now, Random: seeded(9)})
	w.must(err)
	if made.Replayed == 0 || made.Lost == nil || made.Lost.Users != 0 || made.Lost.Devices != 0 || made.Epoch != 2 {
		t.Errorf("restored %+v, lost %+v", made, made.Lost)
	}
	w.resume(w.dir)
	if got := w.trusted(); got != before || strings.Contains(got, "和丽") {
		t.Errorf("trusted are %q, were %q", got, before)
	}
	w.sync(carl)
	w.shows(carl, door, `"sync_state":"synced"`)
	if s, err := carl.Status(); err != nil || s.Pending != 0 || s.Epoch != 2 {
		t.Errorf("the phone that was enrolled since stands at %+v, %v", s, err)
	}
	found, err := server.Verify(t.Context(), w.dir, nil)
	w.must(err)
	if !found.OK() {
		t.Errorf("verify finds %v", found.Problems)
	}
}

func TestLedger_ADatabaseThatWasPutBackIsRolledForward(t *testing.T) {
	w := serving(t)
	w.keep()
	w.replica(11, w.code("和丽"))
	w.stop()
	old := read(t, filepath.Join(w.dir, server.DatabaseFile))
	w.resume(w.dir)
	w.revoke("和丽")
	w.replica(12, w.code("木春"))
	w.stop()
	write(t, filepath.Join(w.dir, server.DatabaseFile), old, 0o600)
	w.resume(w.dir)
	if got := w.trusted(); got != "木春" {
		t.Errorf("trusted are %q", got)
	}
	if !strings.Contains(w.log.String(), "side ledger") {
		t.Error("the log does not say so")
	}
}

func TestLedger_WhatItMissedIsTakenUpWhenItIsKeptAgain(t *testing.T) {
	w := serving(t)
	ledger := w.keep()
	w.replica(11, w.code("和丽"))
	out := filepath.Join(t.TempDir(), "out")
	_, err := server.Backup(t.Context(), server.BackupOptions{Dir: w.dir, Out: out, Now: w.now})
	w.must(err)
	w.stop()
	w.ledger = ""
	w.resume(w.dir)
	if !strings.Contains(w.log.String(), "is served without one") {
		t.Error("the log does not say that the ledger is missing")
	}
	w.revoke("和丽")
	w.stop()
	w.ledger = ledger
	w.resume(w.dir)
	w.stop()
	made, err := server.Restore(t.Context(), server.RestoreOptions{From: out, Dir: filepath.Join(t.TempDir(), "r"), ContactKey: w.dir + server.ContactKeySuffix, Ledger: []string{ledger}, Now: w.now, Random: seeded(9)})
	w.must(err)
	w.ledger = ""
	w.resume(filepath.Dir(made.TokenFile))
	if got := w.trusted(); got != "" {
		t.Errorf("trusted are %q", got)
	}
}

func TestLedger_WithoutItNothingOfPeopleIsChanged(t *testing.T) {
	w := serving(t)
	ledger := w.keep()
	phone := w.replica(11, w.code("和丽"))
	w.sync(phone)
	// The ledger's place is gone: a folder stands where the next one would write.
	path := sideledger.Path(ledger, 530702)
	w.stop()
	w.must(os.Chmod(path, 0o400))
	if os.Geteuid() != 0 {
		if _, err := server.Open(t.Context(), server.Config{Dir: w.dir, Listen: "127.0.0.1:0", Ledger: ledger}); err == nil {
			t.Error("a ledger that cannot be written is taken")
		}
	}
	w.must(os.Chmod(path, 0o600))
	if _, err := server.Open(t.Context(), server.Config{Dir: w.dir, Listen: "127.0.0.1:0", Ledger: filepath.Join(ledger, "not mounted")}); err == nil {
		t.Error("a folder that is not there is made")
	}
	w.resume(w.dir)
	w.syncs(phone)
}

// syncs syncs a phone that works on.
func (w *world) syncs(p *client.Replica) {
	w.t.Helper()
	_, err := p.AddJSON("premises", doorJSON)
	w.must(err)
	w.sync(p)
}
