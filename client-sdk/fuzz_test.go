package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
)

// scripted is a server that gives one answer to everything, three times, and then falls silent.
type scripted struct {
	line
	reply []byte
	given int
}

func (s *scripted) Exchange(context.Context, *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	if s.given++; s.given > 3 {
		return nil, errLine
	}
	m := &syncv1.ExchangeResponse{}
	return m, proto.Unmarshal(s.reply, m)
}

// FuzzReply gives a phone with unsent work any reply. It takes it or leaves it as
// a whole: what it leaves changes nothing; and whatever it takes, each change has
// an outcome or is pending, what is pending stands on the screen, and the phone
// opens again as it was closed.
func FuzzReply(f *testing.F) {
	w, ann, bob, door, visit := pair(f)
	var replies [][]byte
	keep := func(m *syncv1.ExchangeResponse) { replies = append(replies, w.replyBytes(m)) }
	ann.line.seen, bob.line.seen = keep, keep
	bob.edit(visit, `{"note":"白写的"}`)
	bob.sync()
	ann.edit(visit, `{"note":"安写的"}`)
	ann.edit(door, `{"rooms":4}`)
	// The phone as it is before any of the replies.
	w.must(ann.Close())
	before := filepath.Join(f.TempDir(), "before")
	w.must(os.CopyFS(before, os.DirFS(ann.dir)))
	ann.open()
	ann.sync()
	for _, seed := range append(replies, nil, w.replyBytes(&syncv1.ExchangeResponse{Nonce: []byte("n"), Expected: 1}),
		w.replyBytes(&syncv1.ExchangeResponse{Nonce: []byte("n"), Fork: &syncv1.Fork{Incarnation: make([]byte, 16), LastCommon: 2}})) {
		f.Add(seed)
	}
	now := w.now
	f.Fuzz(func(t *testing.T, reply []byte) {
		p := newOffline(t, before, ann.key, now, reply)
		was := p.status(t)
		_, err := p.Sync(t.Context())
		is := p.status(t)
		if errors.Is(err, client.ErrReply) && p.transport.given == 1 && (is.Pending != was.Pending || is.Seq != was.Seq || is.Digest != was.Digest) {
			t.Fatalf("a reply that was left (%v) made %+v of %+v", err, is, was)
		}
		outcomes, err := p.Outcomes()
		if err != nil || outcomes+is.Pending < p.Changes() {
			t.Fatalf("I2: of %d changes %d have an outcome and %d are pending, %v", p.Changes(), outcomes, is.Pending, err)
		}
		text, err := p.ShowJSON(door)
		if is.Pending == was.Pending && (err != nil || jsonField(text, "rooms") != "4") {
			t.Fatalf("I8: the unsent edit is not on the screen: %s, %v", text, err)
		}
		p.reopen(t)
		if again := p.status(t); fmt.Sprintf("%+v", again) != fmt.Sprintf("%+v", is) {
			t.Fatalf("opened again the phone stands at %+v, it stood at %+v", again, is)
		}
	})
}

func (w *world) replyBytes(m *syncv1.ExchangeResponse) []byte {
	w.t.Helper()
	b, err := proto.Marshal(m)
	w.must(err)
	return b
}

// offline is a copy of a phone whose server is scripted.
type offline struct {
	*client.Replica
	dir       string
	key       []byte
	now       time.Time
	transport *scripted
}

func newOffline(t *testing.T, from string, key []byte, now time.Time, reply []byte) *offline {
	t.Helper()
	p := &offline{dir: filepath.Join(t.TempDir(), "phone"), key: key, now: now, transport: &scripted{reply: reply}}
	if err := os.CopyFS(p.dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	p.open(t)
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func (p *offline) open(t *testing.T) {
	t.Helper()
	var err error
	p.Replica, err = client.Open(p.dir, p.key, client.Options{
		Transport: p.transport, Tries: 1, Now: func() time.Time { return p.now },
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }, Go: func(work func()) { work() },
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (p *offline) reopen(t *testing.T) {
	t.Helper()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p.open(t)
}

// status gives what must outlive a restart.
func (p *offline) status(t *testing.T) client.Status {
	t.Helper()
	s, err := p.Status()
	if err != nil {
		t.Fatal(err)
	}
	s.DatabaseBytes, s.LastSyncMs = 0, 0
	return *s
}

// FuzzRecordText gives a phone any text as a record, an edit of one, and a
// search: it is refused and nothing is written, or it is written and shown.
func FuzzRecordText(f *testing.F) {
	w, ann, _ := solo(f)
	grid := gridA
	for _, seed := range []string{
		`{"address":"民主路9号","territory":"` + grid + `"}`, `{"rooms":4,"name":null}`, `{"note":"早上没人","territory":"` + grid + `"}`, `{}`, `[]`, `{"rooms":-1}`,
		`{"checklist":{"gas":"good"}}`, `{"address":"\u0000"}`, `{"id":"01890a5d-ac96-774b-bcce-b302099a8057"}`,
	} {
		for _, kind := range []string{"premises", "visit", "hazard"} {
			f.Add(kind, seed)
		}
	}
	door := ann.add("premises", `{"address":"民主路4号","territory":"`+grid+`"}`)
	w.must(ann.Close())
	key, now, from := ann.key, w.now, ann.dir
	ann.open()
	f.Fuzz(func(t *testing.T, kind, text string) {
		p := newOffline(t, from, key, now, nil)
		before := p.Changes()
		id, err := p.AddJSON(kind, text)
		if (err == nil) != (p.Changes() > before) {
			t.Fatalf("%d changes were made, and the error is %v", p.Changes()-before, err)
		}
		if err == nil {
			if shown, err := p.ShowJSON(id); err != nil || jsonField(shown, "id") != id {
				t.Fatalf("the record is shown as %s, %v", shown, err)
			}
		}
		before = p.Changes()
		if err := p.EditJSON(door, text); (err == nil) != (p.Changes() > before) {
			t.Fatalf("%d changes were made, and the error is %v", p.Changes()-before, err)
		}
		if client.Explain(err, client.Chinese) == "" && err != nil {
			t.Fatalf("nothing is said of %v", err)
		}
		if _, err := p.Search(text); err != nil && !errors.Is(err, client.ErrQueryShort) {
			t.Fatalf("search for %q: %v", text, err)
		}
	})
}

// jsonField gives a field of a JSON object as text.
func jsonField(text, field string) string {
	var m map[string]any
	if json.Unmarshal([]byte(text), &m) != nil {
		return ""
	}
	return fmt.Sprint(m[field])
}
