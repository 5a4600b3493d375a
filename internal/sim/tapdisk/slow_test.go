// Package tapdisk_test lets the disk of one realm stand still beneath a real server that serves two: processes of their own, real
// files, real phones.
package tapdisk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/domain"
	"onedoor/internal/sim/child"
	"onedoor/internal/sim/tapdisk"
	"onedoor/server"
)

// part begins the arguments of a test binary that runs as the server.
const part = "tapdisk-part"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == part {
		if err := child.Serve(os.Stdin, os.Stdout, (&serverPart{}).handle); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// gate is a tap that lets the files in a folder stand still.
type gate struct {
	folder string
	// mu guards what follows; turned is signalled when one of it changes.
	mu      sync.Mutex
	turned  *sync.Cond
	shut    bool
	waiting int
}

func (g *gate) Wants(path string) bool { return strings.HasPrefix(path, g.folder) }

func (g *gate) Write(int) bool { return true }

// Sync waits while the gate is shut, as for a disk that does not answer.
func (g *gate) Sync(flush func()) {
	g.mu.Lock()
	g.waiting++
	g.turned.Broadcast()
	for g.shut {
		g.turned.Wait()
	}
	g.waiting--
	g.mu.Unlock()
	flush()
}

// set shuts the gate or opens it.
func (g *gate) set(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = shut
	g.turned.Broadcast()
}

// met waits until somebody stands before it.
func (g *gate) met() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.waiting == 0 {
		g.turned.Wait()
	}
}

type serverCommand struct {
	Op string `json:"op"`
	// Realms is the folder of the realms, Slow that of the one whose disk may stand still.
	Realms string `json:"realms,omitempty"`
	Slow   string `json:"slow,omitempty"`
	Listen string `json:"listen,omitempty"`
}

type serverAnswer struct {
	Address string `json:"address,omitempty"`
	Admin   string `json:"admin,omitempty"`
}

// serverPart is a real server in a process of its own, whose clock is ahead of the machine's by a number of nanoseconds.
type serverPart struct {
	gate  *gate
	ahead atomic.Int64
}

func (s *serverPart) now() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }

func (s *serverPart) handle(c serverCommand, _ child.Say) (a serverAnswer, err error) {
	switch c.Op {
	case "serve":
		return s.serve(c)
	case "shut":
		s.gate.set(true)
	case "open":
		s.gate.set(false)
	case "met":
		s.gate.met()
	case "later":
		s.ahead.Add(int64(time.Minute))
	default:
		err = fmt.Errorf("a server cannot %q", c.Op)
	}
	return a, err
}

func (s *serverPart) serve(c serverCommand) (a serverAnswer, err error) {
	s.gate = &gate{folder: c.Slow}
	s.gate.turned = sync.NewCond(&s.gate.mu)
	disk, err := tapdisk.New(s.gate)
	if err != nil {
		return a, err
	}
	running, err := server.Open(context.Background(), server.Config{Realms: c.Realms, Disk: disk, Listen: c.Listen, Admin: "127.0.0.1:0", Now: s.now})
	if err != nil {
		return a, err
	}
	go running.Serve() // ended with the process
	return serverAnswer{Address: running.Addr().String(), Admin: running.AdminAddr().String()}, nil
}

// The two realms, with a community of each.
const (
	slowRealm, slowCommunity   = "530702", "530702001001"
	quickRealm, quickCommunity = "530721", "530721001001"
)

// town is the server with its realms.
type town struct {
	t       *testing.T
	dir     string
	process *child.Process
	at      serverAnswer
	phones  int
}

func founded(t *testing.T) *town {
	t.Helper()
	w := &town{t: t, dir: t.TempDir()}
	for _, code := range []string{slowRealm, quickRealm} {
		_, err := server.Init(t.Context(), server.InitOptions{Dir: filepath.Join(w.dir, code), Realm: domain.Code(code)})
		w.must(err)
	}
	w.serve("127.0.0.1:0")
	return w
}

func (w *town) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// serve starts the server.
func (w *town) serve(listen string) {
	w.t.Helper()
	p, err := child.Start(w.t.Context(), []string{os.Args[0], part}, "server")
	w.must(err)
	w.process = p
	w.t.Cleanup(func() { _, _ = p.Stop() }) // It may have been killed.
	w.must(p.Do(serverCommand{Op: "serve", Realms: w.dir, Slow: filepath.Join(w.dir, slowRealm), Listen: listen}, &w.at, nil))
}

func (w *town) tell(op string) {
	w.t.Helper()
	w.must(w.process.Do(serverCommand{Op: op}, nil, nil))
}

// phone is a grid worker's phone.
type phone struct {
	*client.Replica
	w         *town
	community string
}

// phone enrols a phone in a realm.
func (w *town) phone(realm, community string) *phone {
	w.t.Helper()
	w.phones++
	conn, err := grpc.NewClient(w.at.Address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	w.must(err)
	defer conn.Close()
	token, err := server.ReadToken(filepath.Join(w.dir, realm, server.TokenFile))
	w.must(err)
	ctx, admin := metadata.AppendToOutgoingContext(w.t.Context(), "authorization", "Bearer "+token), adminv1.NewAdminServiceClient(conn)
	user, err := admin.AddUser(ctx, &adminv1.AddUserRequest{Name: fmt.Sprintf("网格员%d", w.phones), Role: recordv1.Role_ROLE_GRID_WORKER, TerritoryCode: community})
	w.must(err)
	code, err := admin.CreateJoinCode(ctx, &adminv1.CreateJoinCodeRequest{UserId: user.GetUserId()})
	w.must(err)
	p := &phone{w: w, community: community}
	p.Replica, err = client.Open(w.t.TempDir(), bytes.Repeat([]byte{byte(w.phones)}, client.KeyBytes), client.Options{})
	w.must(err)
	w.t.Cleanup(func() { w.must(p.Close()) })
	w.must(p.Enrol(w.t.Context(), w.at.Address, code.GetCode()))
	p.synced()
	return p
}

func (p *phone) synced() {
	p.w.t.Helper()
	_, err := p.Sync(p.w.t.Context())
	p.w.must(err)
}

// door makes a door.
func (p *phone) door(address string) {
	p.w.t.Helper()
	_, err := p.AddJSON("premises", fmt.Sprintf(`{"address":%q,"territory":%q}`, address, p.community))
	p.w.must(err)
}

// syncing syncs beside whatever else happens.
func (p *phone) syncing() chan error {
	done := make(chan error, 1)
	go func() {
		_, err := p.Sync(p.w.t.Context())
		done <- err
	}()
	return done
}

// shows wants each address once.
func (p *phone) shows(addresses ...string) {
	p.w.t.Helper()
	p.synced()
	text, err := p.ListJSON(&client.Query{Kind: "premises"})
	p.w.must(err)
	for _, a := range addresses {
		if n := strings.Count(text, `"`+a+`"`); n != 1 {
			p.w.t.Errorf("%s is shown %d times", a, n)
		}
	}
	if n := strings.Count(text, `"address"`); n != len(addresses) {
		p.w.t.Errorf("%d doors are shown, %d were made", n, len(addresses))
	}
}

// page reads a page of the admin address.
func (w *town) page(path string) []byte {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://"+w.at.Admin+path, nil)
	w.must(err)
	resp, err := http.DefaultClient.Do(req)
	w.must(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	w.must(err)
	return text
}

// realms gives how the two are.
func (w *town) realms() (slow, quick server.Readiness) {
	w.t.Helper()
	var all server.Readiness
	w.must(json.Unmarshal(w.page("/readyz"), &all))
	for _, r := range all.Realms {
		switch r.Realm {
		case slowRealm:
			slow = r
		case quickRealm:
			quick = r
		}
	}
	return slow, quick
}

// stands reports that an operator is told that a realm's store stands still.
func stands(r server.Readiness) bool {
	return slices.ContainsFunc(r.Warnings, func(a server.Advice) bool { return a.Name == "store-stands" })
}

// verified wants both realms to pass the check, with the server stopped.
func (w *town) verified() {
	w.t.Helper()
	_, err := w.process.Stop()
	w.must(err)
	for _, code := range []string{slowRealm, quickRealm} {
		found, err := server.Verify(w.t.Context(), filepath.Join(w.dir, code), nil)
		w.must(err)
		if !found.OK() || found.Epoch != 1 {
			w.t.Errorf("the check of %s found %q in epoch %d", code, found.Problems, found.Epoch)
		}
	}
}

func TestServe_ARealmWhoseDiskStandsStillKeepsNoOtherWaitingAndLosesNothing(t *testing.T) {
	w := founded(t)
	ann, bob, eve := w.phone(slowRealm, slowCommunity), w.phone(slowRealm, slowCommunity), w.phone(quickRealm, quickCommunity)
	w.tell("shut")
	ann.door("民主路1号")
	waits := ann.syncing()
	w.tell("met")
	quick := []string{"白马路1号", "白马路2号", "白马路3号"}
	for _, address := range quick {
		eve.door(address)
		eve.synced()
	}
	w.tell("later") // It is told after some seconds.
	slow, other := w.realms()
	if !stands(slow) || stands(other) || !other.Ready || !slow.Ready { // What is there can be read.
		t.Errorf("the slow realm tells %+v, the other %+v", slow, other)
	}
	metrics := w.pendingMetric()
	if !strings.Contains(metrics, slowRealm) || strings.Contains(metrics, quickRealm) {
		t.Errorf("metrics say %q", metrics)
	}
	select {
	case err := <-waits:
		t.Errorf("a sync ended before its commit was on the disk: %v", err)
	default:
	}
	w.tell("open")
	w.must(<-waits)
	bob.shows("民主路1号")
	eve.shows(quick...)
	if slow, _ := w.realms(); stands(slow) {
		t.Errorf("afterwards it tells %+v", slow)
	}
	w.verified()
}

// pendingMetric gives the lines that say since when something waits. A look at a realm counts for some seconds: nobody has looked yet.
func (w *town) pendingMetric() (lines string) {
	w.t.Helper()
	const name = "onedoor_store_pending_timestamp_seconds{"
	for line := range strings.Lines(string(w.page("/metrics"))) {
		if strings.HasPrefix(line, name) {
			lines += line
		}
	}
	return lines
}

func TestServe_AServerThatIsKilledWhileItsDiskStandsStillHasNothingTwice(t *testing.T) {
	w := founded(t)
	ann, bob := w.phone(slowRealm, slowCommunity), w.phone(slowRealm, slowCommunity)
	made := []string{"民主路1号"}
	ann.door(made[0])
	ann.synced()
	for n := range 3 {
		w.tell("shut")
		made = append(made, fmt.Sprintf("民主路%d号", n+2))
		ann.door(made[n+1])
		waits := ann.syncing()
		w.tell("met") // The commit is written, and not on the disk.
		w.must(w.process.Kill())
		_, _ = w.process.Wait() // It was killed.
		if n == 0 {             // A phone is told that it was not taken; another waits for the server to come back.
			if err := <-waits; err == nil {
				t.Error("a sync succeeded that no server confirmed")
			}
		}
		w.serve(w.at.Address)
		if n > 0 {
			<-waits // It may have found the server again.
		}
	}
	ann.shows(made...)
	bob.shows(made...)
	w.verified()
}

func TestNew_AProcessHasOneTap(t *testing.T) {
	g := &gate{folder: "/nowhere"}
	if _, err := tapdisk.New(g); err != nil {
		t.Fatal(err)
	}
	if _, err := tapdisk.New(g); !errors.Is(err, tapdisk.ErrTapped) {
		t.Errorf("a second tap: %v", err)
	}
}
