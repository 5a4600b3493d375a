package main_test

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"

	"onedoor/internal/line"
	"onedoor/server"
	"onedoor/syncengine"
)

// replica is a real phone of a user, enrolled and synced. The address that it was given stays its server's, wherever that
// listens next.
func (w *world) replica(user string) *client.Replica {
	w.t.Helper()
	r, err := client.Open(w.t.TempDir(), bytes.Repeat([]byte{7}, client.KeyBytes), client.Options{})
	w.must(err)
	l, err := line.Open(func() (net.Conn, error) { return net.Dial("tcp", w.addr) }, nil)
	w.must(err)
	w.t.Cleanup(func() { w.must(errors.Join(r.Close(), l.Close())) })
	l.SetOnline(true)
	w.must(r.Enrol(w.t.Context(), l.Address(), w.json("device", "code", "--user", user).text("code")))
	w.syncs(r)
	return r
}

func (w *world) syncs(r *client.Replica) {
	w.t.Helper()
	_, err := r.Sync(w.t.Context())
	w.must(err)
	status, err := r.Status()
	w.must(err)
	if status.Pending != 0 || status.Quarantined != 0 {
		w.t.Errorf("%d pending, %d quarantined after a sync", status.Pending, status.Quarantined)
	}
}

// shows wants a door's address and compound on a phone.
func (w *world) shows(r *client.Replica, id syncengine.ID, address, compound string) {
	w.t.Helper()
	rec, err := r.Get(id)
	w.must(err)
	m := &recordv1.Premises{}
	w.must(rec.Read(m))
	if m.GetAddress() != address || m.GetCompound() != compound {
		w.t.Errorf("the door shows %q, %q; want %q, %q", m.GetAddress(), m.GetCompound(), address, compound)
	}
}

// grid finds the phone's grid.
func (w *world) grid(r *client.Replica) []byte {
	w.t.Helper()
	places, err := r.List(client.Query{Kind: "territory"})
	w.must(err)
	for _, place := range places {
		m := &recordv1.Territory{}
		w.must(place.Read(m))
		if m.GetCode() == gridA {
			return place.ID[:]
		}
	}
	w.t.Fatal("the phone knows no grid")
	return nil
}

// damages are what can happen to a database file, by what notices it: the beginning of the refusal.
var damages = []struct {
	name string
	// served is true where serve does not meet the damage, and verify has to find it.
	served bool
	spoil  func(whole []byte) []byte
}{
	{"cut to half", false, func(whole []byte) []byte { return whole[:len(whole)/2] }},
	{"cut to nothing", false, func([]byte) []byte { return nil }},
	{"cut by a byte", false, func(whole []byte) []byte { return whole[:len(whole)-1] }},
	{"overwritten from the beginning", false, func(whole []byte) []byte { return append(webPage(8<<10), whole[8<<10:]...) }},
	{"replaced by a web page", false, func([]byte) []byte { return webPage(500) }},
	{"a page overwritten inside", true, func(whole []byte) []byte {
		at := len(whole) / (8 << 10) / 2 * (8 << 10)
		return append(append(whole[:at:at], webPage(8<<10)...), whole[at+8<<10:]...)
	}},
}

func webPage(n int) []byte { return bytes.Repeat([]byte("<html>502</html>\n"), n/17+1)[:n] }

func TestServe_ADamagedDatabaseIsRefusedAndABackupWithThePhonesBringsEverythingBack(t *testing.T) {
	for _, damage := range damages {
		t.Run(damage.name, func(t *testing.T) {
			w := serving(t).withGrids()
			user := w.user("和丽", "grid_worker", gridA)
			phone := w.replica(user)
			first, err := phone.Add(&recordv1.Premises{Address: proto.String("福慧路1号"), Territory: w.grid(phone)})
			w.must(err)
			w.syncs(phone)
			backup := filepath.Join(t.TempDir(), "backup")
			w.must(w.runs("backup", "--data", w.dir, "--out", backup))
			w.must(phone.Edit(first, &recordv1.Premises{Compound: proto.String("象山小区")}))
			second, err := phone.Add(&recordv1.Premises{Address: proto.String("福慧路2号"), Territory: w.grid(phone)})
			w.must(err)
			w.syncs(phone)
			w.stop()

			w.spoil(damage.spoil)
			w.refused(damage.served)
			w.must(w.runs("restore", "--data", w.dir, "--from", backup, "--replace", "530702"))
			w.serve()

			w.syncs(phone)
			other := w.replica(user)
			for _, r := range []*client.Replica{phone, other} {
				w.shows(r, first, "福慧路1号", "象山小区")
				w.shows(r, second, "福慧路2号", "")
			}
			if r := run(t, "verify", "--data", w.dir, "--json"); decode(t, r.out).at("ok") != true {
				t.Errorf("verify: %+v", r)
			}
		})
	}
}

// runs runs a command line that has to work.
func (w *world) runs(args ...string) error {
	if r := run(w.t, args...); r.code != done {
		return errors.New(r.err)
	}
	return nil
}

func (w *world) spoil(how func(whole []byte) []byte) {
	w.t.Helper()
	path := filepath.Join(w.dir, server.DatabaseFile)
	whole, err := os.ReadFile(path)
	w.must(err)
	w.must(os.WriteFile(path, how(whole), 0o600))
}

// refused wants a real process of serve to refuse in one line that says what to do, or else verify to find it.
func (w *world) refused(served bool) {
	w.t.Helper()
	args := []string{"serve", "--data", w.dir, "--listen", "127.0.0.1:0"}
	if served {
		args = []string{"verify", "--data", w.dir}
	}
	const noLimit = 1 << 40
	c := onFullDisk(noLimit, args...)
	var out, err strings.Builder
	c.Stdout, c.Stderr = &out, &err
	_ = c.Run() // The exit code says it.
	r := ran{code: c.ProcessState.ExitCode(), out: out.String(), err: err.String()}
	if served && r.out == "" {
		w.t.Errorf("verify lists nothing: %+v", r)
	}
	r.out = ""
	r.wantLine(w.t, failed, "restore the newest backup")
}
