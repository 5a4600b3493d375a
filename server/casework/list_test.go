package casework_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	cases "onedoor/domain/casework"
	"onedoor/server/casework"
	"onedoor/server/casework/docket"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"
)

const (
	kindDispute = syncengine.KindNumber(recordv1.Kind_KIND_DISPUTE)
	kindHazard  = syncengine.KindNumber(recordv1.Kind_KIND_HAZARD)
)

// filed plants n disputes that were accepted, one a minute.
func (w *world) filed(n int) []syncengine.ID {
	grid := w.areas["530702001001001"]
	return w.plant(recordv1.Kind_KIND_DISPUTE, n, func(i int) proto.Message {
		at := w.now.Add(time.Duration(i) * time.Minute).UnixMilli()
		return &recordv1.Dispute{
			Title: proto.String(fmt.Sprintf("纠纷%d", i)), Territory: grid[:], RegisteredAt: proto.Int64(at), AcceptedAt: proto.Int64(at),
			State: recordv1.DisputeState_DISPUTE_STATE_ACCEPTED.Enum(),
		}
	})
}

// edit writes fields of a case.
func (w *world) edit(id syncengine.ID, fields proto.Message) {
	w.t.Helper()
	kind := kindDispute
	if _, hazard := fields.(*recordv1.Hazard); hazard {
		kind = kindHazard
	}
	_, err := w.realm.Write(w.t.Context(), syncengine.ID{}, []exchange.ServerChange{{RecordID: id, Kind: kind, Fields: fields}})
	w.must(err)
}

// pages reads a list to its end, n cases at a time, and calls between after each page.
func (w *world) pages(role recordv1.Role, wanted casework.Wanted, n int, between func()) (out []syncengine.ID) {
	w.t.Helper()
	wanted.Limit = n
	for {
		page, err := w.cases.List(w.t.Context(), w.people[role], wanted)
		w.must(err)
		for _, l := range page.Cases {
			out = append(out, l.ID)
		}
		if page.Next == (docket.Place{}) {
			return out
		}
		wanted.After = page.Next
		between()
	}
}

func TestList_PagesTogetherAreTheListAlsoWhileItChanges(t *testing.T) {
	w := newWorld(t)
	all := w.filed(25)
	whole := w.pages(dispatcher, casework.Wanted{Inbox: casework.InboxAll}, 100, func() {})
	if got := w.pages(dispatcher, casework.Wanted{Inbox: casework.InboxAll}, 7, func() {}); !slices.Equal(got, whole) || len(got) != len(all) {
		t.Errorf("in pages %v\nat once %v", got, whole)
	}
	// What stands still is given once, whatever comes before it and after it meanwhile.
	got := w.pages(dispatcher, casework.Wanted{Inbox: casework.InboxAll}, 7, func() { w.filed(3) })
	for _, id := range all {
		if n := len(slices.DeleteFunc(slices.Clone(got), func(other syncengine.ID) bool { return other != id })); n != 1 {
			t.Errorf("case %s is given %d times", id, n)
		}
	}
}

func TestList_CountsAsFarAsADeskCares(t *testing.T) {
	w := newWorld(t)
	w.filed(casework.CountMax + 5)
	page, err := w.cases.List(t.Context(), w.people[dispatcher], casework.Wanted{Inbox: casework.InboxAll, Limit: 10})
	w.must(err)
	if page.Total != casework.CountMax || !page.More || len(page.Cases) != 10 {
		t.Errorf("%d cases of %d, more %v", len(page.Cases), page.Total, page.More)
	}
}

func TestList_HazardsAreFoundByCodeSeverityStateAndDeadline(t *testing.T) {
	w := newWorld(t)
	grid := w.areas["530702001001001"]
	door := w.plant(recordv1.Kind_KIND_PREMISES, 1, func(int) proto.Message {
		return &recordv1.Premises{Address: proto.String("福慧路1号"), Territory: grid[:]}
	})[0]
	late := w.now.Add(-48 * time.Hour).UnixMilli()
	of := []*recordv1.Hazard{
		{Code: recordv1.HazardCode_HAZARD_CODE_GAS.Enum(), State: recordv1.HazardState_HAZARD_STATE_NOTIFIED.Enum(), Deadline: &late, SeverityFound: recordv1.Severity_SEVERITY_SERIOUS.Enum()},
		{Code: recordv1.HazardCode_HAZARD_CODE_GAS.Enum(), State: recordv1.HazardState_HAZARD_STATE_FOUND.Enum()},
		{Code: recordv1.HazardCode_HAZARD_CODE_STRUCT.Enum(), State: recordv1.HazardState_HAZARD_STATE_NOTIFIED.Enum(), Deadline: &late},
	}
	ids := w.plant(recordv1.Kind_KIND_HAZARD, len(of), func(i int) proto.Message {
		of[i].PremisesId = door[:]
		return of[i]
	})
	w.edit(ids[2], &recordv1.Hazard{State: recordv1.HazardState_HAZARD_STATE_RECHECKED.Enum()})
	for name, c := range map[string]struct {
		wanted casework.Wanted
		want   []syncengine.ID
	}{
		"all that is open":  {casework.Wanted{Inbox: casework.InboxAll}, ids[:2]},
		"overdue":           {casework.Wanted{Inbox: casework.InboxOverdue}, ids[:1]},
		"gas":               {casework.Wanted{Inbox: casework.InboxAll, Code: domain.HazardCode(recordv1.HazardCode_HAZARD_CODE_GAS)}, ids[:2]},
		"structure":         {casework.Wanted{Inbox: casework.InboxAll, Code: domain.HazardCode(recordv1.HazardCode_HAZARD_CODE_STRUCT)}, nil},
		"serious":           {casework.Wanted{Inbox: casework.InboxAll, Severity: domain.SeveritySerious}, ids[:1]},
		"those re-checked":  {casework.Wanted{Inbox: casework.InboxAll, State: cases.Rechecked}, ids[2:]},
		"found, not judged": {casework.Wanted{Inbox: casework.InboxAll, State: cases.Found}, ids[1:2]},
	} {
		c.wanted.Kind = kindHazard
		if got := w.pages(lead, c.wanted, 10, func() {}); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestList_AnArchivedCaseIsFoundByWhoAsksForThem(t *testing.T) {
	w := newWorld(t)
	id := []syncengine.ID{w.registered()}
	w.edit(id[0], &recordv1.Dispute{State: recordv1.DisputeState_DISPUTE_STATE_DECLINED.Enum()})
	w.edit(id[0], &recordv1.Dispute{State: recordv1.DisputeState_DISPUTE_STATE_ARCHIVED.Enum()})
	if got := w.pages(dispatcher, casework.Wanted{Inbox: casework.InboxAll}, 10, func() {}); len(got) != 0 {
		t.Errorf("all: %v", got)
	}
	if got := w.pages(dispatcher, casework.Wanted{Inbox: casework.InboxAll, State: cases.Archived}, 10, func() {}); !slices.Equal(got, id) {
		t.Errorf("archived: %v, want %v", got, id)
	}
}

// counted is a store that counts how many records are read.
type counted struct {
	store.Store
	records atomic.Int64
}

// View runs f on a state whose records are counted.
func (c *counted) View(ctx context.Context, f func(store.Reader) error) error {
	return c.Store.View(ctx, func(r store.Reader) error { return f(&countedReader{r, c}) })
}

type countedReader struct {
	store.Reader
	of *counted
}

// Record reads one record.
func (r *countedReader) Record(id syncengine.ID) (store.Record, bool, error) {
	r.of.records.Add(1)
	return r.Reader.Record(id)
}

func TestList_APageReadsAsManyRecordsAsItHolds(t *testing.T) {
	st := &counted{Store: memstore.New()}
	w := newWorldOn(t, st)
	const perPage = 20
	reads := func() int64 {
		wanted := casework.Wanted{Inbox: casework.InboxAll, Limit: perPage}
		page, err := w.cases.List(t.Context(), w.people[dispatcher], wanted) // Takes in what is new.
		w.must(err)
		wanted.After = page.Next
		st.records.Store(0)
		_, err = w.cases.List(t.Context(), w.people[dispatcher], wanted)
		w.must(err)
		return st.records.Load()
	}
	w.filed(100)
	few := reads()
	w.filed(2000)
	if many := reads(); few < perPage || many != few {
		t.Errorf("a page of %d reads %d records of 100 cases and %d of 2,100", perPage, few, many)
	}
}

// benchMillion is how many cases a benchmark's city has.
const benchMillion = 1_000_000

// BenchmarkListAMillion is a page of a list of a million cases in a file.
func BenchmarkListAMillion(b *testing.B) {
	st, err := sqlitestore.Create(b.Context(), filepath.Join(b.TempDir(), "realm.db"), sqlitestore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	w := newWorldOn(b, st)
	w.filed(benchMillion)
	began := time.Now()
	first, err := w.cases.List(b.Context(), w.people[dispatcher], casework.Wanted{Inbox: casework.InboxAll, Limit: 50})
	w.must(err)
	b.Logf("the first look, which files all: %v", time.Since(began))
	for name, wanted := range map[string]casework.Wanted{
		"first":    {Inbox: casework.InboxAll, Limit: 50},
		"next":     {Inbox: casework.InboxAll, Limit: 50, After: first.Next},
		"dispatch": {Inbox: casework.InboxDispatch, Limit: 50},
		"overdue":  {Inbox: casework.InboxOverdue, Limit: 50},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, err := w.cases.List(b.Context(), w.people[dispatcher], wanted)
				w.must(err)
			}
		})
	}
}
