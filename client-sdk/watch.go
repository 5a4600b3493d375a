package client

import (
	"context"
	"sync"

	"onedoor/internal/wire"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"
	"onedoor/syncengine"
)

// Watcher is told after a commit that what a screen shows may have changed. It
// is called on the goroutine that made the change, after the commit and without
// a lock, so it may read the replica; it should not take long.
type Watcher interface {
	// RecordEdited tells of one record that was edited on this phone.
	RecordEdited(id string)
	// RecordsChanged tells that a sync changed records: look again.
	RecordsChanged()
}

// watchers are those who are told.
type watchers struct {
	// mu guards all.
	mu  sync.Mutex
	all []Watcher
	// edits takes a token when something was edited, for KeepSynced.
	edits chan struct{}
}

func (w *watchers) list() []Watcher {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Watcher(nil), w.all...)
}

func (w *watchers) edited(ids []syncengine.ID) {
	w.mu.Lock()
	if w.edits != nil {
		select {
		case w.edits <- struct{}{}:
		default:
		}
	}
	w.mu.Unlock()
	for _, one := range w.list() {
		for _, id := range ids {
			one.RecordEdited(id.String())
		}
	}
}

func (w *watchers) changed() {
	for _, one := range w.list() {
		one.RecordsChanged()
	}
}

// follow opens the stream of tokens for edits; a second one replaces the first.
func (w *watchers) follow() chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.edits = make(chan struct{}, 1)
	return w.edits
}

// AddWatcher has a watcher told from now on.
func (r *Replica) AddWatcher(w Watcher) {
	r.watchers.mu.Lock()
	defer r.watchers.mu.Unlock()
	r.watchers.all = append(r.watchers.all, w)
}

// RemoveWatcher ends that.
func (r *Replica) RemoveWatcher(w Watcher) {
	r.watchers.mu.Lock()
	defer r.watchers.mu.Unlock()
	for i, one := range r.watchers.all {
		if one == w {
			r.watchers.all = append(r.watchers.all[:i:i], r.watchers.all[i+1:]...)
			return
		}
	}
}

// Watch listens for the server's hints until ctx ends or the line fails. A hint
// says only that the log has grown; hints may be lost, so a phone also looks by
// itself now and then.
func (r *Replica) Watch(ctx context.Context, hint func(seq uint64)) error {
	t, req, err := r.watchRequest()
	if err != nil {
		return err
	}
	return t.Watch(ctx, req, hint)
}

// watchRequest signs a request by the server's clock, as far as it is known.
func (r *Replica) watchRequest() (Transport, *syncv1.WatchRequest, error) {
	t, err := r.connect()
	if err != nil {
		return nil, nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.state
	req := &syncv1.WatchRequest{
		Realm: s.self.Realm, Incarnation: s.self.Incarnation[:], TimeMs: int64(r.now() + s.pos.ClockOffset),
	}
	req.Signature, err = r.signer(&s.self)(wire.WatchMessage(req))
	return t, req, err
}
