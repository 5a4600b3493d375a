package upgrade_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	client "onedoor/client-sdk"
	"onedoor/internal/pgtest"
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

// begin has all workers work.
func (f *fleet) begin() *pgtest.Load {
	var all []func() error
	for _, w := range f.workers {
		all = append(all, w.door)
	}
	return pgtest.Begin(all...)
}

// passed wants that no sync failed beyond its retry.
func passed(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("a sync failed beyond its retry: %v", err)
	}
}
