package retention

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/internal/schema"
	"onedoor/server/accessledger"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/server/tenure"
	"onedoor/syncengine"
)

const (
	// Every is how often retention runs by itself.
	Every = 24 * time.Hour
	// wakes is how often it looks whether a run is due: a server that is started each morning runs it too.
	wakes = time.Hour
	// ledgerEntriesMax bounds the entries of the access ledger that one transaction cuts off.
	ledgerEntriesMax = 1000
)

// Plan is what is due at a time.
type Plan struct {
	At       syncengine.UnixMilli
	Settings Settings
	Items    []Item
	// Held counts records of which something would be due but for a hold.
	Held int
}

// Counts gives how many records lose each class, by its number.
func (p *Plan) Counts() map[int32]int {
	out := map[int32]int{}
	for _, item := range p.Items {
		seen := map[int32]bool{}
		for _, f := range item.Fields {
			seen[int32(f.Rules.GetRetention())] = true
		}
		for class := range seen {
			out[class]++
		}
	}
	return out
}

// PlanAt finds what is due. It reads every record.
func PlanAt(svc *exchange.Service, r store.Reader, now syncengine.UnixMilli) (*Plan, error) {
	settings, err := Load(r)
	if err != nil {
		return nil, err
	}
	p := &Plan{At: now, Settings: settings}
	rules := RulesOf(svc, r, settings)
	var failed error
	err = r.Records(func(row store.Record) bool {
		failed = p.look(svc, r, rules, row.ID)
		return failed == nil
	})
	if err == nil {
		err = failed
	}
	return p, err
}

// RulesOf gives the rules over a consistent state.
func RulesOf(svc *exchange.Service, r store.Reader, settings Settings) *Rules {
	return &Rules{Schema: svc.Schema(), Settings: settings, Case: func(id syncengine.ID) (*syncengine.Record, error) { return svc.Record(r, id) }}
}

func (p *Plan) look(svc *exchange.Service, r store.Reader, rules *Rules, id syncengine.ID) error {
	rec, err := svc.Record(r, id)
	if err != nil || rec == nil {
		return err
	}
	item, due, err := rules.Due(rec, p.At)
	if err != nil || !due {
		return err
	}
	_, held, err := HoldOf(r, id)
	if held {
		p.Held++
	} else if err == nil {
		p.Items = append(p.Items, item)
	}
	return err
}

// Result is what a run came to.
type Result struct {
	At            syncengine.UnixMilli
	Records, Held int
	LedgerEntries int
}

// Run destroys what is due at a time, in bounded transactions between which phones are served. Each asks again for holds;
// a run that is cut off is made up for by the next one.
func Run(ctx context.Context, svc *exchange.Service, now syncengine.UnixMilli) (out Result, err error) {
	return run(ctx, svc, nil, now)
}

// run is Run by who holds a post: each transaction asks whether it is held still, so that nothing is destroyed twice.
func run(ctx context.Context, svc *exchange.Service, post *tenure.Post, now syncengine.UnixMilli) (out Result, err error) {
	var p *Plan
	err = svc.View(ctx, func(r store.Reader) (err error) {
		p, err = PlanAt(svc, r, now)
		return err
	})
	if err != nil {
		return out, fmt.Errorf("find what is due: %w", err)
	}
	out.At, out.Held = now, p.Held
	for items := p.Items; len(items) > 0; {
		n := min(len(items), exchange.ErasuresMax)
		erased, err := erase(ctx, svc, post, items[:n])
		out.Records += erased
		if err != nil {
			return out, err
		}
		items = items[n:]
	}
	if out.LedgerEntries, err = cutLedger(ctx, svc, now-syncengine.UnixMilli(p.Settings.Ledger)*dayMs, now); err != nil {
		return out, err
	}
	if err := svc.Scrub(ctx); err != nil {
		return out, err
	}
	return out, svc.Update(ctx, func(w store.Writer) error {
		if err := post.Stands(w); err != nil {
			return err
		}
		return put(w, bucketRun, runKey, &storedv1.RetentionRun{
			AtMs: int64(now), Records: uint64(out.Records), LedgerEntries: uint64(out.LedgerEntries),
		})
	})
}

// erase erases some items that are not held by now.
func erase(ctx context.Context, svc *exchange.Service, post *tenure.Post, items []Item) (int, error) {
	var list []exchange.Erasing
	touched := map[syncengine.KindNumber][]syncengine.ID{}
	err := svc.View(ctx, func(r store.Reader) error {
		for _, item := range items {
			_, held, err := HoldOf(r, item.Record)
			if err != nil || held {
				if err != nil {
					return err
				}
				continue
			}
			list = append(list, exchange.Erasing{RecordID: item.Record, Cells: cellsOf(item.Fields)})
			touched[item.Kind] = append(touched[item.Kind], item.Record)
		}
		return nil
	})
	if err != nil || len(list) == 0 {
		return 0, err
	}
	_, err = svc.EraseAnd(ctx, syncengine.ID{}, "", list, func(w store.Writer, _ []syncengine.Coordinate) error {
		if err := post.Stands(w); err != nil {
			return err
		}
		e := accessledger.Entry{At: svc.Time(), Action: accessledger.Retention}
		for _, kind := range svc.Schema().Kinds {
			e.Records = append(e.Records, accessledger.About(kind.Number, touched[kind.Number]...)...)
		}
		_, err := accessledger.Append(w, e)
		return err
	})
	return len(list), err
}

func cellsOf(fields []*schema.Field) []syncengine.Cells {
	out := make([]syncengine.Cells, len(fields))
	for i, f := range fields {
		out[i] = syncengine.Cells{Field: f.Engine.Number}
	}
	return out
}

// cutLedger takes the entries of the access ledger out whose time has ended.
func cutLedger(ctx context.Context, svc *exchange.Service, before, now syncengine.UnixMilli) (cut int, err error) {
	for n := ledgerEntriesMax; n == ledgerEntriesMax && err == nil; {
		err = svc.Update(ctx, func(w store.Writer) (err error) {
			n, err = accessledger.CutBefore(w, before, now, ledgerEntriesMax)
			return err
		})
		cut += n
	}
	return cut, err
}

var runKey = []byte("1")

// LastRun gives what the last run came to; ok is false when there was none.
func LastRun(r store.Reader) (out Result, ok bool, err error) {
	value, ok, err := r.Document(bucketRun, runKey)
	if err != nil || !ok {
		return out, false, err
	}
	m := &storedv1.RetentionRun{}
	if err := proto.Unmarshal(value, m); err != nil {
		return out, false, fmt.Errorf("last run of retention: %w: %w", store.ErrDamaged, err)
	}
	return Result{At: syncengine.UnixMilli(m.GetAtMs()), Records: int(m.GetRecords()), LedgerEntries: int(m.GetLedgerEntries())}, true, nil
}

// RunIfDue runs when the last run is a day old and the post is this server's; ran tells that it did.
func RunIfDue(ctx context.Context, svc *exchange.Service, post *tenure.Post) (out Result, ran bool, err error) {
	if !post.Held() {
		return out, false, nil
	}
	now := svc.Time()
	var last Result
	err = svc.View(ctx, func(r store.Reader) (err error) {
		last, _, err = LastRun(r)
		return err
	})
	if err != nil || last.At != 0 && now-last.At < syncengine.UnixMilli(Every.Milliseconds()) {
		return out, false, err
	}
	out, err = run(ctx, svc, post, now)
	return out, err == nil, err
}

// Keep runs retention once a day until ctx ends, and tells what each run came to. wait returns early when ctx ends. Of several
// servers the one runs it that holds the post; nil is one that has no other beside it.
func Keep(ctx context.Context, svc *exchange.Service, post *tenure.Post, wait func(context.Context, time.Duration) error, told func(Result, error)) {
	for wait(ctx, wakes) == nil {
		if out, ran, err := RunIfDue(ctx, svc, post); ran || err != nil {
			told(out, err)
		}
	}
}
