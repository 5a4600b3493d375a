package client

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"onedoor/client-sdk/internal/syncloop"
	"onedoor/syncengine"
)

// Syncer is told of the syncs that KeepSynced makes.
type Syncer interface {
	// Synced tells what an exchange did.
	Synced(report *Report)
	// Failed tells of an exchange that failed and will be tried again.
	Failed(err error)
}

// KeepSynced syncs until ctx ends: a moment after an edit, when the server hints,
// now and then without either, and with growing pauses while the line fails. It
// returns when ctx ends, or with an error that no further try can help.
func (r *Replica) KeepSynced(ctx context.Context, told Syncer) error {
	if !r.syncing.TryLock() {
		return ErrSyncing
	}
	defer r.syncing.Unlock()
	u, err := r.newRun(ctx)
	if err != nil {
		return err
	}
	defer u.drop()
	k := &keeping{run: u, told: told, edits: r.watchers.follow(), hints: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(ctx)
	var listening sync.WaitGroup
	defer listening.Wait()
	defer cancel()
	listening.Go(func() { k.listen(ctx) }) // stopped by cancel
	return k.loop(ctx)
}

// keeping is a KeepSynced under way.
type keeping struct {
	run          *run
	told         Syncer
	edits, hints chan struct{}
}

func (k *keeping) loop(ctx context.Context) error {
	m := syncloop.New(k.run.r.o.policy(), false)
	event := syncloop.Event{Kind: syncloop.Begun, DigestsAt: k.run.digestsAt()}
	var waited syncengine.UnixMilli
	for {
		var action syncloop.Action
		now := max(k.run.r.now(), waited)
		m, action = m.Step(now, event)
		switch action.Kind {
		case syncloop.Exchange:
			event = k.exchange(action.Digests)
		case syncloop.Wait:
			var err error
			if event, err = k.wait(ctx, now, action.Until); err != nil {
				return nil
			}
			if event.Kind == syncloop.Ticked {
				waited = action.Until
			}
		default:
			return k.run.failure
		}
	}
}

func (k *keeping) exchange(digests bool) syncloop.Event {
	k.run.report = Report{}
	before := k.run.traffic()
	event := k.run.exchange(digests)
	spent := k.run.traffic().minus(before)
	report := &k.run.report
	report.BytesUp, report.BytesDown = spent.up, spent.down
	if event.Kind == syncloop.Failed {
		k.told.Failed(k.run.failure)
		return event
	}
	k.told.Synced(report)
	if !event.More {
		k.rest()
	}
	return event
}

// rest moves what the write-ahead log holds into the main file, so that the next
// edit does not wait for it. What cannot be done now is done by a later commit.
func (k *keeping) rest() {
	if err := cmp.Or(k.run.handOver(), k.run.r.db.Rest()); err != nil {
		k.told.Failed(err)
	}
}

// wait returns with what happens first.
func (k *keeping) wait(ctx context.Context, now, until syncengine.UnixMilli) (syncloop.Event, error) {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	ticked := make(chan error, 1)
	if until != 0 {
		go func() { // ends with waiting
			ticked <- k.run.r.o.Wait(waiting, time.Duration(until-now)*time.Millisecond)
		}()
	}
	select {
	case <-k.edits:
		return syncloop.Event{Kind: syncloop.Edited}, nil
	case <-k.hints:
		return syncloop.Event{Kind: syncloop.Hinted}, nil
	case err := <-ticked:
		return syncloop.Event{Kind: syncloop.Ticked}, err
	case <-ctx.Done():
		return syncloop.Event{}, ctx.Err()
	}
}

// watchAgain is how long a broken stream of hints is left alone: hints are a
// convenience, and a server that is starting has enough to do.
const watchAgain = 30 * time.Second

// listen turns the server's hints into tokens until ctx ends.
func (k *keeping) listen(ctx context.Context) {
	for ctx.Err() == nil {
		err := k.run.r.Watch(ctx, func(uint64) {
			select {
			case k.hints <- struct{}{}:
			default:
			}
		})
		var fault *Fault
		if errors.As(err, &fault) && !fault.Passing && fault.Reason != "STALE" {
			return
		}
		if k.run.r.o.Wait(ctx, watchAgain) != nil {
			return
		}
	}
}
