package compatible_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// message is one that travelled.
type message struct {
	name string
	body proto.Message
}

// line is a phone's plain call to the realm. It keeps what travels.
type line struct {
	realm    *realm
	messages []message
}

func (l *line) keep(name string, m proto.Message) {
	l.messages = append(l.messages, message{name, proto.Clone(m)})
}

func (l *line) Enrol(ctx context.Context, req *syncv1.EnrolRequest) (*syncv1.EnrolResponse, error) {
	l.keep("enrol-request", req)
	resp, err := l.realm.service.Enrol(ctx, req)
	if err == nil {
		l.keep("enrol-response", resp)
	}
	return resp, err
}

func (l *line) Exchange(ctx context.Context, req *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	l.keep("exchange-request", req)
	resp, err := l.realm.service.Exchange(ctx, req)
	if err == nil {
		l.keep("exchange-response", resp)
	}
	return resp, err
}

func (l *line) Watch(context.Context, *syncv1.WatchRequest, func(uint64)) error { return nil }

// phone is a replica that calls the realm.
type phone struct {
	*client.Replica
	t     *testing.T
	dir   string
	key   []byte
	line  *line
	clock func() time.Time
	seed  byte
}

// enrolled makes a user's phone.
func (r *realm) enrolled(user syncengine.ID, seed byte) *phone {
	r.t.Helper()
	p := &phone{t: r.t, dir: filepath.Join(r.t.TempDir(), "phone"), key: make([]byte, client.KeyBytes), line: &line{realm: r}, clock: r.clock, seed: seed}
	for i := range p.key {
		p.key[i] = seed + byte(i)
	}
	p.open()
	r.must(p.Enrol(r.t.Context(), "plain", r.code(user)))
	r.t.Cleanup(p.close)
	return p
}

func (p *phone) open() {
	p.t.Helper()
	var err error
	p.Replica, err = client.Open(p.dir, p.key, client.Options{
		Transport: p.line, Random: rand.NewChaCha8([32]byte{p.seed}), Now: p.clock, Tries: 1, AppVersion: "compatible", DeviceName: "测试机",
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }, Go: func(work func()) { work() },
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// incarnation names the phone's database.
func (p *phone) incarnation() syncengine.ID {
	p.t.Helper()
	id, err := wire.ParseID(p.Self().Incarnation)
	p.must(err)
	return id
}

// close ends the replica; a second time does nothing.
func (p *phone) close() {
	p.t.Helper()
	if p.Replica != nil {
		if err := p.Close(); err != nil {
			p.t.Error(err)
		}
	}
	p.Replica = nil
}

func (p *phone) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *phone) sync() *client.Report {
	p.t.Helper()
	report, err := p.Sync(p.t.Context())
	if err != nil {
		p.t.Fatalf("sync: %v: %s", err, client.Explain(err, client.English))
	}
	return report
}

// add makes a record from its JSON, in which %s stand for ids.
func (p *phone) add(kind, text string, ids ...any) string {
	p.t.Helper()
	id, err := p.AddJSON(kind, fmt.Sprintf(text, ids...))
	if err != nil {
		p.t.Fatalf("add a %s: %v", kind, err)
	}
	return id
}

func (p *phone) edit(id, text string, ids ...any) {
	p.t.Helper()
	if err := p.EditJSON(id, fmt.Sprintf(text, ids...)); err != nil {
		p.t.Fatalf("edit: %v", err)
	}
}

// copyFolder copies a committed folder to one of the test's own, private to its user as both ends want it.
func copyFolder(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), filepath.Base(from))
	if err := os.Mkdir(to, 0o700); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(from, f.Name()))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, f.Name()), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}
