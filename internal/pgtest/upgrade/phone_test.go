package upgrade_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	client "onedoor/client-sdk"
	"onedoor/internal/sim/child"
)

// phoneCommand is what a phone is asked to do.
type phoneCommand struct {
	Op string `json:"op"`
	// Dir is the phone's folder.
	Dir string `json:"dir,omitempty"`
	// Servers are the addresses that it knows, Code is its join code.
	Servers string `json:"servers,omitempty"`
	Code    string `json:"code,omitempty"`
	// Door is a door to make, as JSON.
	Door string `json:"door,omitempty"`
}

// handset is a phone in a process of its own; its app is that of the build that runs.
type handset struct{ replica *client.Replica }

func (h *handset) handle(c phoneCommand, _ child.Say) (doors json.RawMessage, err error) {
	ctx := context.Background()
	switch c.Op {
	case "open":
		const oneRetry = 2
		h.replica, err = client.Open(c.Dir, bytes.Repeat([]byte{1}, client.KeyBytes), client.Options{
			Tries: oneRetry, Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		})
		return nil, err
	case "enrol":
		return nil, h.replica.Enrol(ctx, c.Servers, c.Code)
	case "door":
		if _, err := h.replica.AddJSON("premises", c.Door); err != nil {
			return nil, fmt.Errorf("make a door: %w", err)
		}
		_, err = h.replica.Sync(ctx)
		return nil, err
	case "sync":
		_, err = h.replica.Sync(ctx)
		return nil, err
	case "list":
		text, err := h.replica.ListJSON(&client.Query{Kind: "premises"})
		return json.RawMessage(text), err
	case "close":
		return nil, h.replica.Close()
	}
	return nil, fmt.Errorf("a phone cannot %q", c.Op)
}

// worker is somebody who makes one door after the other, on a phone with an app of some software.
type worker struct {
	number  int
	app     *software
	process *child.Process
	made    int
	slowest time.Duration
}

// hire gives a worker a phone that knows every server, each another one first.
func (f *fleet) hire(app *software) *worker {
	f.t.Helper()
	w := &worker{number: len(f.workers), app: app}
	var err error
	w.process, err = child.Start(f.t.Context(), []string{app.phone, part}, "phone")
	must(f.t, err)
	user := f.operator("user", "add", "--name", fmt.Sprintf("网格员%d", w.number+1), "--role", "grid_worker", "--territory", "530702001001")
	code := f.operator("device", "code", "--user", user["user_id"].(string))
	for _, c := range []phoneCommand{
		{Op: "open", Dir: filepath.Join(f.t.TempDir(), "phone")},
		{Op: "enrol", Servers: f.addressesFrom(w.number), Code: code["code"].(string)},
		{Op: "sync"},
	} {
		must(f.t, w.process.Do(c, nil, nil))
	}
	f.workers = append(f.workers, w)
	return w
}

// door makes a door, with what the next software knows of it, and syncs.
func (w *worker) door() error {
	door := map[string]any{"address": fmt.Sprintf("新华路%d-%d号", w.number, w.made), "territory": "530702001001", "rooms": 3}
	if w.app.next {
		door[nextField] = w.storeys()
	}
	text, err := json.Marshal(door)
	if err != nil {
		return err
	}
	w.made++
	began := time.Now()
	err = w.process.Do(phoneCommand{Op: "door", Door: string(text)}, nil, nil)
	w.slowest = max(w.slowest, time.Since(began))
	return err
}

// storeys is what a worker writes into the next software's field, in all doors.
func (w *worker) storeys() int { return 5 + w.number }

// shown lists what stands on a worker's screen, by address.
func (w *worker) shown(t *testing.T) map[string]map[string]any {
	t.Helper()
	var list struct {
		Records []map[string]any `json:"records"`
	}
	must(t, w.process.Do(phoneCommand{Op: "list"}, &list, nil))
	byAddress := map[string]map[string]any{}
	for _, r := range list.Records {
		address, _ := r["address"].(string)
		if byAddress[address] != nil {
			t.Errorf("%s is shown twice", address)
		}
		byAddress[address] = r
	}
	return byAddress
}

// load is workers who work until they are stopped.
type load struct {
	workers []*worker
	running sync.WaitGroup
	// mu guards what follows; turned is signalled whenever one of it changes.
	mu      sync.Mutex
	turned  *sync.Cond
	synced  []int
	stopped bool
	failed  error
}

// begin has all workers work.
func (f *fleet) begin() *load {
	l := &load{workers: f.workers, synced: make([]int, len(f.workers))}
	l.turned = sync.NewCond(&l.mu)
	for i, w := range l.workers {
		l.running.Go(func() { l.work(i, w) })
	}
	return l
}

func (l *load) work(i int, w *worker) {
	for l.noted(i, w.door()) {
	}
}

// noted takes down what came of a sync and reports whether to go on.
func (l *load) noted(i int, err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turned.Broadcast()
	if err != nil {
		l.failed = fmt.Errorf("worker %d, door %d: %w", i, l.synced[i], err)
		return false
	}
	l.synced[i]++
	return !l.stopped && l.failed == nil
}

// passes waits until every worker has synced twice more: what stands now was met by all of them.
func (l *load) passes(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, before := range append([]int{}, l.synced...) {
		for l.failed == nil && l.synced[i] < before+2 {
			l.turned.Wait()
		}
	}
	if l.failed != nil {
		t.Fatalf("a sync failed beyond its retry: %v", l.failed)
	}
}

// end stops the workers and wants that none of their syncs failed.
func (l *load) end(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	l.stopped = true
	l.mu.Unlock()
	l.running.Wait()
	if l.failed != nil {
		t.Fatalf("a sync failed beyond its retry: %v", l.failed)
	}
}
