package exchange

import (
	"context"
	"time"

	"onedoor/server/store"
)

// Events are told what the write path does, for whoever watches a server run. Each may be nil. They are called on the path,
// so they must be quick, and they get numbers and times: no record, no name and no id.
type Events struct {
	// Group is told of every group when its transaction has ended, before its callers are.
	Group func(Group)
	// Page is told of every page that was cut.
	Page func(Page)
}

// Group is a transaction that calls shared.
type Group struct {
	// Calls are the contexts of the calls, of which some may have ended.
	Calls []context.Context
	// Began is when the loop took it up, Judged when everything was handed to the store, Ended when that was durable or
	// given up: between the last two is the commit. Judged is zero where it failed before.
	Began, Judged, Ended time.Time
	// Changes counts the changes that phones brought.
	Changes int
	// Entries counts what came to stand in the log, by type; nil where the group failed.
	Entries map[store.EntryType]int
	// Opened and Settled count the records that came to have a conflict, and those that have none any more.
	Opened, Settled int
	// Err is why nothing of the group stands.
	Err error
}

// Page is an answer's reading half.
type Page struct {
	// Call is the context of the call.
	Call context.Context
	// Began is when it was begun, with the batch of the call durable, Ended when it was cut and what it needs was stored.
	Began, Ended time.Time
	// Records counts the records in it, Bytes is about how long they are before compression.
	Records, Bytes int
}

// groupEnded tells of a group.
func (s *Service) groupEnded(group []*job, k *work, began time.Time, err error) {
	if s.events.Group == nil {
		return
	}
	g := Group{Began: began, Ended: s.clock(), Err: err}
	for _, j := range group {
		g.Calls = append(g.Calls, j.ctx)
		if j.push != nil {
			g.Changes += len(j.push.changes)
		}
	}
	if k != nil {
		g.Judged = k.judged
	}
	if err == nil {
		g.Entries = map[store.EntryType]int{}
		for i := range k.entries {
			g.Entries[k.entries[i].Type]++
		}
		g.Opened, g.Settled = k.store.opened, k.store.settled
	}
	s.events.Group(g)
}

// pageCut tells of a page.
func (s *Service) pageCut(ctx context.Context, a *answering) {
	if s.events.Page == nil || a.reply.GetPage() == nil {
		return
	}
	s.events.Page(Page{Call: ctx, Began: a.began, Ended: s.clock(), Records: a.pageRecords, Bytes: a.pageBytes})
}
