package main_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	main "onedoor/cmd/onedoor-phone"
	"onedoor/internal/command"
	"onedoor/server"
)

// Exit codes as scripts know them.
const (
	done   = 0
	failed = 1
	usage  = 2
)

const (
	gridA, gridB = "530702001001001", "530702001001002"
	community    = "530702001001"
	territories  = `code,parent_code,level,name
53,,province,云南省
5307,53,prefecture,丽江市
530702,5307,county,古城区
530702001,530702,street,西安街道
530702001001,530702001,community,文化社区
530702001001001,530702001001,grid,文化一格
530702001001002,530702001001,grid,文化二格
`
)

// lookEvery is how often the served realm looks at deadlines and deliveries, so that a story need not wait for a minute.
const lookEvery = 20 * time.Millisecond

// world is a realm that a real server serves over gRPC.
type world struct {
	t *testing.T
	// dir is the realm's folder.
	dir    string
	addr   string
	client adminv1.AdminServiceClient
	// ctx carries the operator's token.
	ctx context.Context
	// stop ends the server.
	stop func()
	// clock is what server and phones go by; nil for the system's.
	clock *clock
}

// clock is a time that a story turns. The operator's command is a program of its own and goes by the system's.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// passes turns the clock on. Whoever says something first said it a while before: which of two phones that know nothing of each other was
// quicker by a few milliseconds, the time on the way decides.
func (c *clock) passes(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// later turns the clock on by days.
func (c *clock) later(days int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.AddDate(0, 0, days)
}

func serving(t *testing.T) *world {
	t.Helper()
	return servingBy(t, nil)
}

// servingBy serves by a clock of the story's, which phones of [operator.equip] go by too.
func servingBy(t *testing.T, c *clock) *world {
	t.Helper()
	return servingHeld(t, c, nil)
}

// servingHeld serves and makes and notes nothing by itself before from is closed.
func servingHeld(t *testing.T, c *clock, from <-chan struct{}) *world {
	t.Helper()
	t.Setenv("LANG", "C")
	t.Setenv("LC_ALL", "")
	t.Setenv("LC_MESSAGES", "")
	w := &world{t: t, clock: c}
	dir := filepath.Join(t.TempDir(), "realm")
	w.dir = dir
	_, err := server.Init(t.Context(), server.InitOptions{
		Dir: dir, Realm: "530702", Territories: strings.NewReader(territories), TerritoriesName: "territories.csv",
	})
	w.must(err)
	config := server.Config{Dir: dir, Listen: "127.0.0.1:0", LookEvery: lookEvery, LookFrom: from}
	if c != nil {
		config.Now = c.now
	}
	s, err := server.Open(t.Context(), config)
	w.must(err)
	served := make(chan error, 1)
	go func() { served <- s.Serve() }() // ended by Stop
	w.stop = sync.OnceFunc(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel() // a stop that waits for nobody
		w.must(s.Stop(ended))
		w.must(<-served)
	})
	t.Cleanup(w.stop)
	w.addr = s.Addr().String()
	conn, err := grpc.NewClient(w.addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	w.must(err)
	t.Cleanup(func() { conn.Close() })
	token, err := server.ReadToken(filepath.Join(dir, server.TokenFile))
	w.must(err)
	w.client = adminv1.NewAdminServiceClient(conn)
	w.ctx = metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// code adds a grid worker of a territory and gives a join code.
func (w *world) code(name, territory string) string {
	w.t.Helper()
	return w.codeOf(name, territory, recordv1.Role_ROLE_GRID_WORKER)
}

func (w *world) codeOf(name, territory string, role recordv1.Role) string {
	w.t.Helper()
	user, err := w.client.AddUser(w.ctx, &adminv1.AddUserRequest{Name: name, Role: role, TerritoryCode: territory})
	w.must(err)
	code, err := w.client.CreateJoinCode(w.ctx, &adminv1.CreateJoinCodeRequest{UserId: user.GetUserId()})
	w.must(err)
	return code.GetCode()
}

// phone is a folder on which command lines are run.
type phone struct {
	t   *testing.T
	dir string
	// now is its clock.
	now func() time.Time
}

// withKey gives all phones of a test one key from the environment.
func withKey(t *testing.T, fill byte) {
	t.Setenv("ONEDOOR_PHONE_KEY", base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{fill}, 32)))
}

func newPhone(t *testing.T) *phone {
	return &phone{t: t, dir: filepath.Join(t.TempDir(), "phone"), now: time.Now}
}

// enrolled gives the phone of a new grid worker of a territory.
func (w *world) enrolled(name, territory string) *phone {
	w.t.Helper()
	return w.enrolledAs(name, territory, recordv1.Role_ROLE_GRID_WORKER)
}

// enrolledAs gives the phone of a new user with a role.
func (w *world) enrolledAs(name, territory string, role recordv1.Role) *phone {
	w.t.Helper()
	withKey(w.t, 7)
	p := newPhone(w.t)
	if o := p.json("enrol", "--server", w.addr, "--code", w.codeOf(name, territory, role)); o.text("user") != name || o["ready"] != true {
		w.t.Fatalf("enrolled as %v", o)
	}
	return p
}

// ran is what a command line came to.
type ran struct {
	code     int
	out, err string
}

func (p *phone) runWith(in string, args ...string) ran {
	p.t.Helper()
	var out, errs bytes.Buffer
	code := main.RunAt(p.t.Context(), append([]string{"--dir", p.dir}, args...), command.Stdio{In: strings.NewReader(in), Out: &out, Err: &errs}, p.now)
	return ran{code: code, out: out.String(), err: errs.String()}
}

func (p *phone) run(args ...string) ran {
	p.t.Helper()
	return p.runWith("", args...)
}

// json runs a command that must succeed in silence and print exactly one object on one line.
func (p *phone) json(args ...string) object {
	p.t.Helper()
	r := p.run(append(args, "--json")...)
	d := json.NewDecoder(strings.NewReader(r.out))
	var o object
	err := d.Decode(&o)
	_, after := d.Token()
	if r.code != done || r.err != "" || err != nil || !errors.Is(after, io.EOF) || strings.Count(r.out, "\n") != 1 {
		p.t.Fatalf("%v: exit %d, printed %q, said %q", args, r.code, r.out, r.err)
	}
	return o
}

// add adds a record and gives its id.
func (p *phone) add(kind, text string) string {
	p.t.Helper()
	return p.json("add", kind, text).text("id")
}

// ids lists the records of a query.
func (p *phone) ids(args ...string) (out []string) {
	p.t.Helper()
	for _, r := range p.json(args...).list("records") {
		out = append(out, r.text("id"))
	}
	return out
}

// wantLine wants a failure told in one line on standard error, with some text,
// and nothing on standard output.
func (r ran) wantLine(t *testing.T, code int, says string) {
	t.Helper()
	if r.code != code || r.out != "" || strings.Count(r.err, "\n") != 1 || !strings.Contains(r.err, says) {
		t.Errorf("exit %d, wanted %d; output %q; error %q, wanted one line with %q", r.code, code, r.out, r.err, says)
	}
}

// object is a JSON object that a command printed.
type object map[string]any

func (o object) text(name string) string {
	s, _ := o[name].(string)
	return s
}

// number gives a number of the object, -1 where there is none.
func (o object) number(name string) int {
	n, ok := o[name].(float64)
	if !ok {
		return -1
	}
	return int(n)
}

// list gives the objects of a list, nil where there is none.
func (o object) list(name string) []object {
	all, ok := o[name].([]any)
	if !ok {
		return nil
	}
	out := []object{}
	for _, one := range all {
		m, _ := one.(map[string]any)
		out = append(out, m)
	}
	return out
}

// wants checks that an object has members.
func (o object) wants(t *testing.T, members ...string) {
	t.Helper()
	for _, name := range members {
		if _, ok := o[name]; !ok {
			t.Errorf("no %q in %v", name, o)
		}
	}
}

// jsonOf writes an object as JSON again, to look for words in it.
func jsonOf(t *testing.T, o object) []byte {
	t.Helper()
	b, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// numberText writes a JSON number as a flag's value.
func numberText(v any) string {
	n, _ := v.(float64)
	return strconv.Itoa(int(n))
}
