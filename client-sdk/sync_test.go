package client_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
)

func TestSync_TwoPhonesSeeEachOthersWork(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	bob := w.phone("白", recordv1.Role_ROLE_POLICE_OFFICER, community)
	ann.sync()
	bob.sync()

	door := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`","rooms":4}`)
	visit := ann.add("visit", `{"premises_ids":["`+door+`"],"outcome":"seen","note":"一切正常"}`)
	ann.shows(visit, map[string]any{"outcome": "SEEN", "sync_state": "pending", "note": "一切正常", "registered_by": ann.user})
	report := ann.sync()
	if report.Pushed != 2 || report.Applied != 2 || report.RoundTrips != 1 || !report.CaughtUp {
		t.Errorf("ann's report %+v", report)
	}
	ann.shows(visit, map[string]any{"sync_state": "synced"})
	if report := bob.sync(); report.Pulled != 2 || report.RoundTrips != 1 {
		t.Errorf("bob's report %+v", report)
	}
	bob.shows(door, map[string]any{"address": "民主路3号", "rooms": 4, "status": "ACTIVE", "territory": gridA})

	bob.edit(door, `{"grade":"orange","rooms":null}`)
	bob.sync()
	ann.sync()
	ann.shows(door, map[string]any{"grade": "ORANGE", "rooms": nil})
	if !ann.ids(client.Query{Kind: "visit", Grid: gridA})[visit] {
		t.Error("the visit is not listed under its door's grid")
	}
	if report := ann.sync(); report.RoundTrips != 1 || report.Pushed+report.Pulled != 0 || !report.CaughtUp {
		t.Errorf("a sync with nothing new: %+v", report)
	}
	w.settle()
}

func TestSync_OwnWorkIsNotSentBack(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	door := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	ann.edit(door, `{"rooms":4}`)
	if report := ann.sync(); report.Pulled != 0 || report.Applied != 2 {
		t.Errorf("report %+v", report)
	}
	ann.edit(door, `{"rooms":5}`)
	ann.sync()
	w.settle()
}

func TestSync_LostReplyIsRepeatedAndNothingHappensTwice(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	bob := w.phone("白", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	bob.sync()
	door := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	ann.line.loseReply = 1
	if _, err := ann.Sync(t.Context()); !errors.Is(err, errLine) {
		t.Fatalf("the cut line is told as %v", err)
	}
	if s := ann.status(); s.Pending != 1 {
		t.Errorf("%d changes pending after a lost reply", s.Pending)
	}
	ann.shows(door, map[string]any{"sync_state": "pending"})
	if report := ann.sync(); report.Pushed != 1 || report.Applied != 1 {
		t.Errorf("the repetition: %+v", report)
	}
	if report := bob.sync(); report.Pulled != 1 {
		t.Errorf("bob's report %+v", report)
	}
	w.settle()
}

func TestSync_TriesAgainOnALineThatComesBack(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.tries = 3
	ann.restart()
	ann.line.loseRequest = 2
	if report := ann.sync(); !report.CaughtUp || report.RoundTrips != 1 || ann.line.calls != 3 {
		t.Errorf("report %+v after %d calls", report, ann.line.calls)
	}
}

func TestSync_RestartsBetweenStepsLoseNothing(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	bob := w.phone("白", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.page, bob.page = 1, 1
	ann.restart()
	bob.restart()
	bob.sync()
	var doors []string
	for i := range 5 {
		doors = append(doors, bob.add("premises", fmt.Sprintf(`{"address":"民主路%d号","territory":"%s"}`, i, gridA)))
		bob.restart()
	}
	bob.sync()
	// One page a call, and the app is closed after each.
	for range 30 {
		ann.line.loseRequest = 0
		ann.line.seen = func(*syncv1.ExchangeResponse) { ann.line.loseRequest = 1 }
		_, err := ann.Sync(t.Context())
		ann.restart()
		if n := len(ann.ids(client.Query{Kind: "premises"})); n != 0 && n != len(doors) {
			t.Fatalf("ann sees %d of %d doors: half a pull", n, len(doors))
		}
		if err == nil {
			break
		}
	}
	ann.line.seen, ann.line.loseRequest = nil, 0
	if n := len(ann.ids(client.Query{Kind: "premises"})); n != len(doors) {
		t.Errorf("ann sees %d of %d doors", n, len(doors))
	}
	w.settle()
}

func TestSync_AServersRestartCostsNoTripAndACrashOne(t *testing.T) {
	for name, c := range map[string]struct {
		restart func(*world)
		trips   int
	}{
		"stopped in order": {(*world).restart, 1},
		"killed":           {(*world).crash, 2},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
			ann.sync()
			door := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
			c.restart(w)
			if report := ann.sync(); report.RoundTrips != c.trips || report.Applied != 1 || report.Pulled != 0 || !report.CaughtUp {
				t.Errorf("report %+v", report)
			}
			ann.shows(door, map[string]any{"sync_state": "synced"})
			w.settle()
		})
	}
}

func TestSync_ALargeOutboxGoesInBatchesAndGroupsStayWhole(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	note := strings.Repeat("楼道堆放杂物，已当场清理。", 60)
	for range 300 {
		w.must(ann.Group(func(g *client.Group) error {
			for range 2 {
				id := w.grids[gridA]
				if _, err := g.Add(&recordv1.Visit{Territory: id[:], Note: &note}); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	second := make(chan struct{})
	ann.line.sent = func(*syncv1.ExchangeBody) {
		if ann.line.calls == 3 {
			close(second)
		}
	}
	ann.AddWatcher(&overlapping{second})
	report := ann.sync()
	if report.Applied != 600 || report.RoundTrips < 2 || !report.CaughtUp {
		t.Errorf("report %+v", report)
	}
	if s := ann.status(); s.Pending != 0 || s.BytesUp == 0 {
		t.Errorf("status %+v", s)
	}
	w.settle()
}

// overlapping is told after the first answer was taken, and waits until the
// second call has begun: calls go on while answers are written.
type overlapping struct{ second chan struct{} }

func (*overlapping) RecordEdited(string) {}

func (o *overlapping) RecordsChanged() {
	<-o.second // Without a second call the run's own end is the only limit.
}

func TestSync_EditsMadeDuringASyncAreNotForgotten(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	first := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	var second string
	ann.line.seen = func(*syncv1.ExchangeResponse) {
		ann.line.seen = nil
		ann.edit(first, `{"rooms":9}`)
		second = ann.add("premises", `{"address":"民主路4号","territory":"`+gridA+`"}`)
	}
	if report := ann.sync(); report.Applied != 3 {
		t.Errorf("report %+v", report)
	}
	ann.shows(first, map[string]any{"rooms": 9, "sync_state": "synced"})
	ann.shows(second, map[string]any{"sync_state": "synced"})
	w.settle()
}

func TestSync_OneAtATime(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.line.seen = func(*syncv1.ExchangeResponse) {
		if _, err := ann.Sync(t.Context()); !errors.Is(err, client.ErrSyncing) {
			t.Errorf("a second sync beside the first: %v", err)
		}
	}
	ann.sync()
}

func TestPrepare_IsToldByTheFirstReport(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	w.must(ann.Prepare(t.Context()))
	ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	ann.restart()
	if report := ann.sync(); report.Pulled != len(w.grids) || report.Applied != 1 || report.RoundTrips != 1 {
		t.Errorf("first report %+v", report)
	}
	if report := ann.sync(); report.Pulled != 0 {
		t.Errorf("second report %+v", report)
	}
}

func TestReceipts_ProveWhatIsDurable(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	ann.add("premises", `{"address":"民主路4号","territory":"`+gridA+`"}`)
	ann.sync()
	receipts, err := ann.Receipts()
	w.must(err)
	if len(receipts) != 1 || receipts[0].DeviceSeq != 2 || receipts[0].Seq == 0 || receipts[0].TimeMs != w.now.UnixMilli() || len(receipts[0].Signed) == 0 {
		t.Errorf("receipts %+v", receipts)
	}
}

func TestSync_AClockThatIsWrongByYearsChangesNoValue(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	bob := w.phone("白", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	bob.sync()
	ann.skew = 10 * 365 * 24 * time.Hour
	// Years without a sync, as far as the phone knows: it is of no use before it has asked.
	if _, err := ann.AddJSON("premises", `{"address":"民主路2号","territory":"`+gridA+`"}`); !errors.Is(err, client.ErrDestroyed) && !errors.Is(err, client.ErrLocked) {
		t.Errorf("a phone whose clock says that it has not synced for years writes: %v", err)
	}
	ann.sync()
	door := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	ann.sync()
	bob.sync()
	ann.skew = -10 * 365 * 24 * time.Hour
	ann.edit(door, `{"rooms":1}`)
	ann.sync()
	bob.sync()
	bob.edit(door, `{"rooms":2}`)
	bob.sync()
	ann.sync()
	ann.shows(door, map[string]any{"rooms": 2})
	w.settle()
}

func TestSync_AJournalThatTwoBackupsHoldIsClearedAndItsLossIsDeclared(t *testing.T) {
	w, ann, door := solo(t)
	ann.sync()
	for rooms := range 3 {
		ann.edit(door, fmt.Sprintf(`{"rooms":%d}`, rooms))
		ann.line.seen = func(m *syncv1.ExchangeResponse) { m.BackedUpTo = m.GetPosition() }
		ann.sync()
	}
	if list := ann.written(1); len(list) >= ann.Changes() {
		t.Errorf("%d of %d changes are still journalled", len(list), ann.Changes())
	}
	// A server that was restored from before all of it asks for the first change.
	ann.edit(door, `{"rooms":9}`)
	var absent *syncv1.Absent
	ann.line.sent = func(m *syncv1.ExchangeBody) { absent = m.GetAbsent() }
	ann.line.seen = func(m *syncv1.ExchangeResponse) {
		asksAgain(m)
		ann.line.seen = nil
	}
	ann.restart()
	if _, err := ann.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if absent.GetFrom() != 1 || absent.GetTo() < 1 || len(absent.GetChain()) != 32 {
		t.Errorf("declared absent: %v", absent)
	}
	ann.shows(door, map[string]any{"rooms": 9, "sync_state": "synced"})
	w.verify()
}

func TestSync_OneBackupClearsNothingFromTheJournal(t *testing.T) {
	_, ann, _ := solo(t)
	ann.line.seen = func(m *syncv1.ExchangeResponse) { m.BackedUpTo = m.GetPosition() }
	ann.sync()
	if n, err := ann.Outcomes(); err != nil || n != ann.Changes() {
		t.Errorf("%d outcomes of %d changes are journalled after the first backup, %v", n, ann.Changes(), err)
	}
}

func TestSync_AnEditWhileBatchesAreOnTheirWayFollowsThem(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	grid, note := w.grids[gridA], strings.Repeat("楼道堆放杂物，已当场清理。", 60)
	add := func() {
		_, err := ann.Add(&recordv1.Visit{Territory: grid[:], Note: &note})
		w.must(err)
	}
	const before, batches = 900, 4
	for range before {
		add()
	}
	first, sent := ann.line.calls, 0
	ann.line.sent = func(m *syncv1.ExchangeBody) {
		if got := m.GetBatch().GetFirstDeviceSeq(); len(m.GetBatch().GetChanges()) > 0 && got != uint64(sent+1) {
			t.Errorf("a batch begins at change %d after %d", got, sent)
		}
		sent += len(m.GetBatch().GetChanges())
		if ann.line.calls-first <= 2 {
			add()
		}
	}
	report := ann.sync()
	ann.line.sent = nil
	if report.Applied != before+2 || report.RoundTrips < batches || sent != before+2 {
		t.Errorf("report %+v, %d changes sent", report, sent)
	}
	w.settle()
}

// counting is a line that counts the bytes of its messages, also of calls that fail.
type counting struct {
	*line
	up, down int64
}

func (c *counting) Exchange(ctx context.Context, req *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	c.up += int64(proto.Size(req))
	resp, err := c.line.Exchange(ctx, req)
	c.down += int64(proto.Size(resp))
	return resp, err
}

func (c *counting) WireBytes() (up, down int64) { return c.up, c.down }

func TestStatus_HoldsTheBytesOfEveryCall(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	w.must(ann.Close())
	c := &counting{line: ann.line}
	r, err := client.Open(ann.dir, ann.key, client.Options{
		Transport: c, Random: ann.random, Tries: 1, PageBytesMax: 1, Now: func() time.Time { return w.now }, Go: func(work func()) { work() },
	})
	w.must(err)
	ann.Replica = r
	c.failAfter = 2
	if report, err := ann.Sync(t.Context()); err == nil || report.RoundTrips == 0 || report.BytesUp != c.up || report.BytesDown != c.down {
		t.Errorf("report %+v, %v, %d bytes up and %d down were counted", report, err, c.up, c.down)
	}
	c.failAfter, c.loseReply = 0, 1
	for range 3 {
		_, _ = ann.Sync(t.Context()) // the first one fails
		if s := ann.status(); s.BytesUp != c.up || s.BytesDown != c.down {
			t.Errorf("status says %d bytes up, %d down, %d and %d were counted", s.BytesUp, s.BytesDown, c.up, c.down)
		}
	}
}
