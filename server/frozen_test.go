package server_test

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	reportv1 "onedoor/proto/gen/onedoor/report/v1"

	"onedoor/server"
)

// month gives how a month stands.
func (w *world) month(name string) *reportv1.Month {
	w.t.Helper()
	m, err := reportv1.NewReportServiceClient(w.conn).ListMonths(w.ctx, &reportv1.ListMonthsRequest{})
	w.must(err)
	for _, one := range m.GetMonths() {
		if one.GetMonth() == name {
			return one
		}
	}
	w.t.Fatalf("no month %s in %v", name, m.GetMonths())
	return nil
}

// TestFrozenMonth_ARestoreFromBeforeItKeepsItsNumbers freezes a month after the backup that is put back.
func TestFrozenMonth_ARestoreFromBeforeItKeepsItsNumbers(t *testing.T) {
	w := serving(t)
	ledger := w.keep()
	phone := w.replica(11, w.code("和丽"))
	w.sync(phone)
	_, err := phone.AddJSON("premises", doorJSON)
	w.must(err)
	out := filepath.Join(t.TempDir(), "out")
	_, err = server.Backup(t.Context(), server.BackupOptions{Dir: w.dir, Out: out, Now: w.now})
	w.must(err)
	w.sync(phone) // The backup is from before the door.
	w.later.Store((10 * 24 * time.Hour).Milliseconds())
	frozen, err := reportv1.NewReportServiceClient(w.conn).FreezeMonth(w.ctx, &reportv1.FreezeMonthRequest{Month: "2026-05"})
	w.must(err)
	before := frozen.GetMonth()
	if !frozen.GetDone() || before.GetState() != reportv1.MonthState_MONTH_STATE_FROZEN || len(before.GetHash()) != 32 || before.GetPhones() != 1 {
		t.Fatalf("frozen: %v", frozen)
	}
	w.stop()
	_, err = server.Restore(t.Context(), server.RestoreOptions{From: out, Dir: w.dir, Replace: 530702, Ledger: []string{ledger}, Now: w.now, Random: seeded(9)})
	w.must(err)
	w.resume(w.dir)
	after := w.month("2026-05")
	if after.GetState() != reportv1.MonthState_MONTH_STATE_FROZEN || !bytes.Equal(after.GetHash(), before.GetHash()) || after.GetFrozenMs() != before.GetFrozenMs() {
		t.Errorf("May was %v and is %v", before, after)
	}
	found, err := w.server.Reports().Verify(t.Context(), nil)
	w.must(err)
	if found.Months != 1 || len(found.Problems) > 0 {
		t.Errorf("verify finds %+v", found)
	}
}
