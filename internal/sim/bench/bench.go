package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"onedoor/internal/sim/desk"
)

// Sizes of the workload, those of the peers' runs.
const (
	visitsW1  = 10_000
	doorsW1   = 1_000
	teamsW2   = 20
	perTeamW2 = 10
	visitsW2  = 50
	recordsW3 = 1_000
)

// Options say how to run the benchmark.
type Options struct {
	// Self is the command that runs Child with the part's name appended.
	Self []string
	// Dir holds the run's files; it is made and left to the caller.
	Dir  string
	Seed uint64
	// Scale divides the sizes, for a quick look; 1 is the workload.
	Scale int
	// Progress is told each stage as it begins; it may be nil.
	Progress func(stage string)
}

// W1 is one phone's upload and a fresh phone's download.
type W1 struct {
	Visits     int     `json:"visits"`
	UpPerS     float64 `json:"up_per_s"`
	DownPerS   float64 `json:"down_per_s"`
	RatioUp    float64 `json:"ratio_up"`
	RatioDown  float64 `json:"ratio_down"`
	BytesUp    float64 `json:"bytes_up"`
	BytesDown  float64 `json:"bytes_down"`
	FloorBytes float64 `json:"floor_bytes"`
	// FloorBy names the compressor of the floor.
	FloorBy        string  `json:"floor_by"`
	RoundTripsUp   int     `json:"round_trips_up"`
	RoundTripsDown int     `json:"round_trips_down"`
	ServerCPUS     float64 `json:"server_cpu_s"`
	ServerRSSMB    float64 `json:"server_rss_mb"`
	FileBytes      int64   `json:"file_bytes"`
}

// W2 is many phones at once.
type W2 struct {
	Phones  int     `json:"phones"`
	Visits  int     `json:"visits"`
	UpPerS  float64 `json:"up_per_s"`
	RatioUp float64 `json:"ratio_up"`
	// UpS is until every visit is durable at the server, DownS from then until
	// every phone has pulled what its team wrote.
	UpS         float64 `json:"up_s"`
	DownS       float64 `json:"down_s"`
	BytesUp     float64 `json:"bytes_up"`
	BytesDown   float64 `json:"bytes_down"`
	RoundTrips  int     `json:"round_trips"`
	ServerCPUS  float64 `json:"server_cpu_s"`
	ServerRSSMB float64 `json:"server_rss_mb"`
}

// W3 is two phones that edit the same records offline.
type W3 struct {
	Records int     `json:"records"`
	Seconds float64 `json:"seconds"`
	// SilentlyLost counts edits that neither phone shows or lists.
	SilentlyLost int `json:"silently_lost"`
	// BothVisible counts records edited in different fields whose edits both phones show.
	BothVisible int `json:"both_visible"`
	// Different counts the records edited in different fields.
	Different int `json:"different"`
	// Agree tells that both phones show the same.
	Agree bool `json:"agree"`
}

// Phone is what one edit and one empty sync cost.
type Phone struct {
	EditP50 float64 `json:"edit_p50_ms"`
	EditP99 float64 `json:"edit_p99_ms"`
}

// EmptySync is an exchange with nothing new, in bytes of its messages.
type EmptySync struct {
	BytesUp    int64 `json:"bytes_up"`
	BytesDown  int64 `json:"bytes_down"`
	RoundTrips int   `json:"round_trips"`
}

// Result is everything one run measured.
type Result struct {
	Machine  string            `json:"machine"`
	Versions map[string]string `json:"versions"`
	Raw      Raw               `json:"raw"`
	W1       W1                `json:"W1"`
	W2       W2                `json:"W2"`
	W3       W3                `json:"W3"`
	Phone    Phone             `json:"phone"`
	Empty    EmptySync         `json:"empty_sync"`
}

// run is a benchmark under way.
type run struct {
	ctx    context.Context
	o      Options
	result Result
}

// Run measures everything.
func Run(ctx context.Context, o Options) (*Result, error) {
	if o.Scale < 1 {
		o.Scale = 1
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	r := &run{ctx: ctx, o: o}
	r.result.Machine, r.result.Versions = machine(), versions()
	for _, step := range []struct {
		name string
		f    func() error
	}{{"W1: one phone up, a fresh phone down", r.w1}, {"W2: many phones at once", r.w2}, {"W3: two phones, the same records", r.w3}} {
		o.Progress(step.name)
		if err := step.f(); err != nil {
			return nil, fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return &r.result, nil
}

func (r *run) scaled(n int) int { return max(1, n/r.o.Scale) }

// scene is a served realm with a counting proxy before it.
type scene struct {
	server *process
	proxy  *Proxy
	dir    string
	seats  []desk.Seat
	// addr is the server's own address, made what phones of a storm have made.
	addr string
	made []string
}

func (r *run) scene(name string, teams, perTeam int) (*scene, error) {
	s := &scene{dir: filepath.Join(r.o.Dir, name, "server")}
	if err := os.MkdirAll(filepath.Dir(s.dir), 0o700); err != nil {
		return nil, err
	}
	var err error
	if s.server, err = start(r.ctx, r.o.Self, RoleServer); err != nil {
		return nil, err
	}
	a, err := s.server.do(command{Op: "open", Dir: s.dir, Teams: teams, PerTeam: perTeam})
	if err != nil {
		return nil, err
	}
	s.seats = a.Seats
	s.proxy, err = OpenProxy(a.Addr)
	return s, err
}

// phones opens phones in a process of their own and syncs them once.
func (r *run) phones(s *scene, name string, seats []desk.Seat) (*process, error) {
	p, err := start(r.ctx, r.o.Self, RolePhones)
	if err != nil {
		return nil, err
	}
	_, err = p.do(command{Op: "open", Dir: filepath.Join(filepath.Dir(s.dir), name), Server: s.proxy.Addr(), Phones: seats})
	return p, err
}

func (r *run) w1() error {
	s, err := r.scene("w1", 1, 2)
	if err != nil {
		return err
	}
	n := r.scaled(visitsW1)
	w := &r.result.W1
	w.Visits = n
	up, err := r.phones(s, "up", s.seats[:1])
	if err != nil {
		return err
	}
	made, err := up.do(command{Op: "doors", Count: r.scaled(doorsW1), Seed: r.o.Seed})
	if err != nil {
		return err
	}
	edits, err := up.do(command{Op: "visits", Count: n, Seed: r.o.Seed, Doors: made.Doors})
	if err != nil {
		return err
	}
	r.result.Phone = Phone{EditP50: edits.EditP50, EditP99: edits.EditP99}
	s.proxy.Take()
	sent, err := up.do(command{Op: "sync"})
	if err != nil {
		return err
	}
	if sent.Pushed != n {
		return fmt.Errorf("the phone pushed %d changes of %d", sent.Pushed, n)
	}
	bytesUp, _ := s.proxy.Take()
	w.UpPerS, w.BytesUp, w.RoundTripsUp = float64(n)/sent.Seconds, float64(bytesUp)/float64(n), sent.RoundTrips
	if err := r.emptySync(up); err != nil {
		return err
	}
	if err := r.w1Down(s, w, n); err != nil {
		return err
	}
	size, err := s.server.do(command{Op: "size"})
	if err != nil {
		return err
	}
	w.FileBytes = size.FileBytes
	if _, _, err := up.stop(); err != nil {
		return err
	}
	s.proxy.Close()
	if w.ServerCPUS, w.ServerRSSMB, err = s.server.stop(); err != nil {
		return err
	}
	return r.limits(s.dir)
}

// w1Down lets a fresh phone pull everything. Its first sync brings the doors
// and colleagues too, which are counted among what it pulled.
func (r *run) w1Down(s *scene, w *W1, n int) error {
	down, err := start(r.ctx, r.o.Self, RolePhones)
	if err != nil {
		return err
	}
	open := command{Op: "enrol", Dir: filepath.Join(filepath.Dir(s.dir), "down"), Server: s.proxy.Addr(), Phones: s.seats[1:2]}
	if _, err := down.do(open); err != nil {
		return err
	}
	s.proxy.Take()
	got, err := down.do(command{Op: "sync"})
	if err != nil {
		return err
	}
	_, bytesDown := s.proxy.Take()
	if got.Pulled < n {
		return fmt.Errorf("the fresh phone pulled %d records of %d", got.Pulled, n)
	}
	w.DownPerS, w.RoundTripsDown = float64(got.Pulled)/got.Seconds, got.RoundTrips
	w.BytesDown = float64(bytesDown) / float64(got.Pulled)
	_, _, err = down.stop()
	return err
}

func (r *run) emptySync(p *process) error {
	if _, err := p.do(command{Op: "sync"}); err != nil {
		return err
	}
	a, err := p.do(command{Op: "sync"})
	r.result.Empty = EmptySync{BytesUp: a.PayloadUp, BytesDown: a.PayloadDown, RoundTrips: a.RoundTrips}
	return err
}

// limits measures the raw limit on rows of the very bytes W1 stored, and the floor.
func (r *run) limits(dir string) error {
	r.o.Progress("raw: plain statements on the same bytes")
	rows, err := storedRows(r.ctx, dir)
	if err != nil {
		return err
	}
	if r.result.Raw, err = measureRaw(r.o.Dir, &rows); err != nil {
		return err
	}
	w := &r.result.W1
	w.RatioUp, w.RatioDown = w.UpPerS/r.result.Raw.Up500, w.DownPerS/r.result.Raw.Down
	w.FloorBytes, w.FloorBy, err = floor(r.ctx, rows.messages, len(rows.visits))
	return err
}

func (r *run) w2() error {
	teams := max(1, teamsW2/r.o.Scale)
	s, err := r.scene("w2", teams, perTeamW2)
	if err != nil {
		return err
	}
	p, err := r.phones(s, "phones", s.seats)
	if err != nil {
		return err
	}
	made, err := p.do(command{Op: "doors", Count: 20, Seed: r.o.Seed})
	if err != nil {
		return err
	}
	if _, err := p.do(command{Op: "visits", Count: visitsW2, Seed: r.o.Seed, Doors: made.Doors}); err != nil {
		return err
	}
	w := &r.result.W2
	w.Phones, w.Visits = len(s.seats), len(s.seats)*visitsW2
	if err := r.rush(s, p, w); err != nil {
		return err
	}
	if _, _, err := p.stop(); err != nil {
		return err
	}
	s.proxy.Close()
	w.ServerCPUS, w.ServerRSSMB, err = s.server.stop()
	return err
}

// rush lets all phones sync at once. Up is over when the server's log holds
// every visit durably; down when each phone has pulled what its team wrote.
func (r *run) rush(s *scene, p *process, w *W2) error {
	before, err := s.server.do(command{Op: "head"})
	if err != nil {
		return err
	}
	s.proxy.Take()
	start := time.Now()
	durable := make(chan error, 1)
	var upS float64
	go func() { // ends when the log has reached its goal, or with the server
		_, err := s.server.do(command{Op: "reach", Head: before.Head + uint64(w.Visits)})
		upS = time.Since(start).Seconds()
		durable <- err
	}()
	first, err := p.do(command{Op: "sync"})
	if err != nil {
		return err
	}
	if err := <-durable; err != nil {
		return err
	}
	second, err := p.do(command{Op: "sync"})
	if err != nil {
		return err
	}
	took := time.Since(start).Seconds()
	bytesUp, bytesDown := s.proxy.Take()
	w.UpS, w.DownS, w.RoundTrips = upS, took-upS, first.RoundTrips+second.RoundTrips
	w.UpPerS = float64(w.Visits) / upS
	w.RatioUp = w.UpPerS / r.result.Raw.Up50
	w.BytesUp, w.BytesDown = float64(bytesUp)/float64(w.Visits), float64(bytesDown)/float64(max(1, first.Pulled+second.Pulled))
	return nil
}

func (r *run) w3() error {
	s, err := r.scene("w3", 1, 2)
	if err != nil {
		return err
	}
	p, err := r.phones(s, "phones", s.seats)
	if err != nil {
		return err
	}
	w := &r.result.W3
	w.Records = r.scaled(recordsW3)
	w.Different = w.Records / 2
	for _, c := range []command{{Op: "doors", Count: w.Records, Seed: r.o.Seed}, {Op: "sync"}, {Op: "clash"}} {
		if _, err := p.do(c); err != nil {
			return err
		}
	}
	// Two rounds: the first brings both phones' edits up, the second what the other wrote down.
	for range 2 {
		a, err := p.do(command{Op: "sync"})
		if err != nil {
			return err
		}
		w.Seconds += a.Seconds
	}
	var shown [2]answer
	for i := range shown {
		if shown[i], err = p.do(command{Op: "shown", Phone: i}); err != nil {
			return err
		}
	}
	judgeClash(w, shown[0].Rows, shown[1].Rows)
	if _, _, err := p.stop(); err != nil {
		return err
	}
	s.proxy.Close()
	_, _, err = s.server.stop()
	return err
}
