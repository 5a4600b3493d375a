package client_test

import (
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/domain"
	"onedoor/domain/calendar"
	"onedoor/domain/metrics"
	"onedoor/server/report"
	"onedoor/syncengine"
)

// counts gives the worker's own count of a month around the world's time.
func (p *phone) counts() *client.Counts {
	p.w.t.Helper()
	c, err := p.Counts("2026-05-01", "2026-06-30")
	p.w.must(err)
	return c
}

// reported gives what the server counts of a user in the same days.
func (w *world) reported(user syncengine.ID) *client.Counts {
	w.t.Helper()
	from, err := calendar.ParseDay("2026-05-01")
	w.must(err)
	to, err := calendar.ParseDay("2026-06-30")
	w.must(err)
	own, err := report.New(w.service, report.Options{}).Own(w.t.Context(), []syncengine.ID{user}, metrics.Period{From: from, To: to, Known: to})
	w.must(err)
	c := own[user]
	return &client.Counts{From: "2026-05-01", To: "2026-06-30", Visits: int(c.Visits), Calls: int(c.Calls), Seen: int(c.Seen), Doors: int(c.Doors), Hazards: int(c.Hazards), Cases: int(c.Cases)}
}

func TestCounts_AreTheReportsOnceEverythingIsSynced(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("和丽", recordv1.Role_ROLE_GRID_WORKER, gridA)
	w.settle()
	bob := w.phone("木林", recordv1.Role_ROLE_GRID_WORKER, gridA)
	door := ann.add("premises", `{"address":"民主路8号","territory":"`+gridA+`"}`)
	other := ann.add("premises", `{"address":"民主路9号","territory":"`+gridA+`"}`)
	ann.add("visit", `{"premises_ids":["`+door+`","`+other+`"],"outcome":"SEEN","exceptions":{"`+other+`":"NOBODY"}}`)
	ann.add("visit", `{"premises_ids":["`+door+`"],"outcome":"SEEN"}`)
	ann.add("visit", `{"territory":"`+gridA+`","purpose":"PATROL"}`)
	ann.add("hazard", `{"premises_id":"`+door+`","code":"GAS"}`)
	ann.add("dispute", `{"title":"漏水","territory":"`+gridA+`"}`)
	want := client.Counts{From: "2026-05-01", To: "2026-06-30", Visits: 3, Calls: 3, Seen: 2, Doors: 1, Hazards: 1, Cases: 1}
	if got := *ann.counts(); got != want {
		t.Errorf("offline: %+v, want %+v", got, want)
	}
	if got := *w.reported(ann.user); got == want {
		t.Error("the server reports what it cannot know")
	}
	w.settle()
	joint := ann.add("visit", `{"premises_ids":["`+door+`"],"outcome":"SEEN"}`)
	w.settle()
	bob.edit(joint, `{"contributions":{"`+bob.user.String()+`":"一起走访"}}`)
	w.settle()
	for _, p := range []*phone{ann, bob} {
		if got, is := *p.counts(), *w.reported(p.user); got != is || is.Visits == 0 {
			t.Errorf("%s counts %+v, the report %+v", p.name, got, is)
		}
	}
	ann.restart()
	if got, is := *ann.counts(), *w.reported(ann.user); got != is {
		t.Errorf("opened again: %+v, the report %+v", got, is)
	}
}

func TestCounts_StayWhenTheWorkerMovesToAnotherGrid(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("和丽", recordv1.Role_ROLE_GRID_WORKER, gridA)
	w.settle()
	door := ann.add("premises", `{"address":"民主路8号","territory":"`+gridA+`"}`)
	ann.add("visit", `{"premises_ids":["`+door+`"],"outcome":"SEEN"}`)
	ann.add("hazard", `{"premises_id":"`+door+`","code":"GAS"}`)
	w.settle()
	before := *ann.counts()
	w.moveUser(ann.user, gridB)
	w.settle()
	if n := len(ann.ids(client.Query{Kind: "visit"})); n != 0 {
		t.Fatalf("the phone still holds %d visits of the old grid", n)
	}
	if got, is := *ann.counts(), *w.reported(ann.user); got != before || got != is || got.Visits != 1 || got.Hazards != 1 || got.Doors != 1 {
		t.Errorf("after the move %+v, before %+v, the report %+v", got, before, is)
	}
	w.moveUser(ann.user, gridA)
	w.settle()
	if got := *ann.counts(); got != before {
		t.Errorf("moved back: %+v, before %+v", got, before)
	}
}

func TestCounts_AreOfTheCurrentMonthUnlessDaysAreGiven(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("和丽", recordv1.Role_ROLE_GRID_WORKER, gridA)
	w.settle()
	c, err := ann.Counts("", "")
	w.must(err)
	month := metrics.MonthOf(domain.UnixMilli(w.now.UnixMilli()).ShanghaiDay())
	if c.From != metrics.DayText(month.First()) || c.To != metrics.DayText(month.Last()) {
		t.Errorf("%+v", c)
	}
	if _, err := ann.Counts("2026-03-02", "2026-03-01"); err == nil {
		t.Error("days that run backwards are counted")
	}
	if _, err := ann.Counts("yesterday", ""); err == nil {
		t.Error("no day is counted")
	}
}
