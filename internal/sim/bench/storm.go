package bench

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"onedoor/internal/sim/desk"
)

const (
	// phonesPerTeam is how many phones of a storm work in one grid and see each other's visits.
	phonesPerTeam = 10
	// doorsPerTeam are the doors that they visit.
	doorsPerTeam = 5
	// StormPhonesMax bounds a storm to what a large machine has memory for: a phone is a real one, of some 1.5 MB with its files.
	StormPhonesMax = 15_000
	// filesForPhones of filesPer are the connections that a process has at once for so many phones: each has one, and some dial
	// again while the old one is not closed yet. Phones and server are processes of their own.
	filesForPhones, filesPer = 3, 2
)

// StormOptions say how large a storm is.
type StormOptions struct {
	Options
	// Phones sync at moments drawn over Window; each has made Changes before it.
	Phones, Changes int
	Window          time.Duration
	// Store is the URL of a database to make the storm's realm in, one of its own that goes with its end unless the URL names it;
	// empty for a file.
	Store string
	// Watch has the phones listen for hints after the storm, and measures what a listener costs the server.
	Watch bool
	// Listeners are further devices that do nothing but listen, without records of their own.
	Listeners int
	// Firsts are fresh phones that sync for the first time at once after the storm; each fetches what its grid has, FirstRecords.
	Firsts, FirstRecords int
	// StalledAfter has phones and server write down what they do, into files in StalledInto, where no sync has ended for so long;
	// 0 for never.
	StalledAfter time.Duration
	StalledInto  string
}

// Storm is what a storm came to.
type Storm struct {
	Machine     string            `json:"machine"`
	Versions    map[string]string `json:"versions"`
	Store       string            `json:"store"`
	Phones      int               `json:"phones"`
	Changes     int               `json:"changes"`
	WindowS     float64           `json:"window_s"`
	Lost        int               `json:"lost"`
	Duplicated  int               `json:"duplicated"`
	P50         float64           `json:"p50_ms"`
	P95         float64           `json:"p95_ms"`
	P99         float64           `json:"p99_ms"`
	AcceptedS   float64           `json:"accepted_per_s"`
	Pulled      int               `json:"pulled"`
	RoundTrips  int               `json:"round_trips"`
	ServerRSSMB float64           `json:"server_rss_mb"`
	ServerCPUS  float64           `json:"server_cpu_s"`
	PrepareS    float64           `json:"prepare_s"`
	// Watchers listened at once; WatcherKB is what each added to the server's heap and stacks (phones had a connection before,
	// devices that only listen had none), WatchingRSSMB all that the process held of the machine's memory meanwhile.
	Watchers      int     `json:"watchers,omitempty"`
	WatcherKB     float64 `json:"kb_per_watcher,omitempty"`
	WatchingRSSMB float64 `json:"watching_rss_mb,omitempty"`
	// Firsts synced for the first time at once, with FirstRecords each, within FirstS.
	Firsts       int     `json:"firsts,omitempty"`
	FirstRecords int     `json:"first_records,omitempty"`
	FirstS       float64 `json:"first_s,omitempty"`
	// Stalled are files that say what phones and server did when no sync had ended for a while.
	Stalled []string `json:"stalled,omitempty"`
}

// storm is one under way.
type storm struct {
	run
	o     StormOptions
	out   Storm
	scene *scene
	crowd *process
	// listening are the seats of those that do nothing else.
	listening []desk.Seat
}

// RunStorm has many phones, enrolled and edited before, sync within a window, and looks for every change in the server's log.
func RunStorm(ctx context.Context, o StormOptions) (out *Storm, err error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if err := o.ready(); err != nil {
		return nil, err
	}
	if err := raiseFiles(uint64(max(o.Phones+o.Firsts, o.Listeners))*filesForPhones/filesPer + 1000); err != nil {
		return nil, err
	}
	url, remove, err := ownRealm(ctx, o.Store)
	if err != nil {
		return nil, err
	}
	o.Store = url
	s := &storm{run: run{ctx: ctx, o: o.Options}, o: o}
	s.out = Storm{
		Machine: machine(), Versions: versions(), Store: "sqlite", Phones: o.Phones, Changes: o.Phones * o.Changes, WindowS: o.Window.Seconds(),
		Firsts: o.Firsts, FirstRecords: o.FirstRecords,
	}
	if o.Store != "" {
		s.out.Store = "postgres"
		s.out.Versions["durability"] = "PostgreSQL with the database's own settings; phones in memory"
	}
	for _, step := range []struct {
		name string
		f    func() error
	}{
		{fmt.Sprintf("enrol %d phones and make %d changes on each", o.Phones, o.Changes), s.prepare},
		{fmt.Sprintf("storm: every phone syncs within %v", o.Window), s.blow},
		{"first syncs at once", s.first}, {"listeners at rest", s.listen}, {fmt.Sprintf("%d more listeners", o.Listeners), s.listenOnly}, {"end", s.end},
	} {
		o.Progress(step.name)
		if err := step.f(); err != nil {
			return nil, fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return &s.out, remove()
}

// prepare makes the realm, its phones and what they have to send.
func (s *storm) prepare() error {
	began := time.Now()
	c := &scene{dir: filepath.Join(s.o.Dir, "storm", "server")}
	s.scene = c
	if err := os.MkdirAll(filepath.Dir(c.dir), 0o700); err != nil {
		return err
	}
	var err error
	if c.server, err = start(s.ctx, s.o.Self, RoleServer); err != nil {
		return err
	}
	teams := (s.o.Phones + s.o.Listeners + phonesPerTeam - 1) / phonesPerTeam
	a, err := c.server.do(command{Op: "open", Dir: c.dir, Teams: teams, PerTeam: phonesPerTeam, Crowd: true, Store: s.o.Store})
	if err != nil {
		return err
	}
	c.addr, c.seats, s.listening = a.Addr, a.Seats[:s.o.Phones], a.Seats[s.o.Phones:s.o.Phones+s.o.Listeners]
	if s.crowd, err = start(s.ctx, s.o.Self, RoleCrowd); err != nil {
		return err
	}
	if _, err := s.crowd.do(command{Op: "open", Dir: "phones", Server: c.addr, Phones: c.seats}); err != nil {
		return err
	}
	made, err := s.crowd.do(command{Op: "doors", Count: doorsPerTeam, Seed: s.o.Seed})
	if err != nil {
		return err
	}
	edits, err := s.crowd.do(command{Op: "visits", Count: s.o.Changes, Seed: s.o.Seed, Doors: made.Doors})
	c.made, s.out.PrepareS = edits.Records, time.Since(began).Seconds()
	return err
}

// blow lets the phones sync and looks for what they sent.
func (s *storm) blow() error {
	a, err := s.stormed(s.crowd, command{Op: "storm", WindowS: s.o.Window.Seconds()})
	if err != nil {
		return err
	}
	s.out.P50, s.out.P95, s.out.P99 = share(a.Latencies, 0.50), share(a.Latencies, 0.95), share(a.Latencies, 0.99)
	s.out.AcceptedS, s.out.Pulled, s.out.RoundTrips = float64(a.Pushed)/a.Seconds, a.Pulled, a.RoundTrips
	found, err := s.scene.server.do(command{Op: "audit", Records: s.scene.made})
	s.out.Lost, s.out.Duplicated = found.Lost, found.Duplicated
	return err
}

// share gives the value below which a share of ascending values lies.
func share(sorted []float64, part float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(math.Ceil(part*float64(len(sorted))))-1)]
}

// listen measures what phones that only listen cost the server.
func (s *storm) listen() error {
	if !s.o.Watch {
		return nil
	}
	before, err := s.scene.server.do(command{Op: "heap"})
	if err != nil {
		return err
	}
	if _, err := s.crowd.do(command{Op: "watch"}); err != nil {
		return err
	}
	after, err := s.scene.server.do(command{Op: "heap", Count: s.o.Phones})
	if err != nil {
		return err
	}
	s.watched(s.o.Phones, before, after)
	return nil
}

func (s *storm) watched(n int, before, after answer) {
	s.out.Watchers, s.out.WatchingRSSMB = n, float64(after.RSSBytes)/(1<<20)
	s.out.WatcherKB = float64(int64(after.HeapBytes)-int64(before.HeapBytes)) / 1024 / float64(n)
}

// listenOnly measures what devices that do nothing but listen cost the server, their connections included. The phones are gone.
func (s *storm) listenOnly() error {
	if s.o.Listeners == 0 {
		return nil
	}
	if _, _, err := s.crowd.stop(); err != nil {
		return err
	}
	before, err := s.scene.server.do(command{Op: "heap"})
	if err != nil {
		return err
	}
	if s.crowd, err = start(s.ctx, s.o.Self, RoleCrowd); err != nil {
		return err
	}
	if _, err := s.crowd.do(command{Op: "listen", Server: s.scene.addr, Phones: s.listening}); err != nil {
		return err
	}
	after, err := s.scene.server.do(command{Op: "heap", Count: s.o.Listeners})
	s.watched(s.o.Listeners, before, after)
	return err
}

// first has fresh phones fetch a grid at once.
func (s *storm) first() error {
	if s.o.Firsts == 0 {
		return nil
	}
	// The records are written by a phone of the first team.
	grid := s.scene.seats[0].Grid
	made, err := s.crowd.do(command{Op: "fill", Count: s.o.FirstRecords, Seed: s.o.Seed})
	if err != nil {
		return err
	}
	fresh, err := s.scene.server.do(command{Op: "fresh", Grid: grid, Count: s.o.Firsts})
	if err != nil {
		return err
	}
	crowd, err := start(s.ctx, s.o.Self, RoleCrowd)
	if err != nil {
		return err
	}
	// They come from other addresses than the storm's.
	if _, err := crowd.do(command{Op: "enrol", Dir: "fresh", Server: s.scene.addr, Phones: fresh.Seats, Phone: s.o.Phones}); err != nil {
		return err
	}
	a, err := s.stormed(crowd, command{Op: "sync"})
	if err != nil {
		return err
	}
	s.out.FirstS = a.Seconds
	if least := s.o.Firsts * made.Pushed; a.Pulled < least {
		return fmt.Errorf("fresh phones pulled %d records, %d are the least", a.Pulled, least)
	}
	_, _, err = crowd.stop()
	return err
}

// end stops everything and reads what the server has used.
func (s *storm) end() (err error) {
	if _, _, err := s.crowd.stop(); err != nil {
		return err
	}
	s.out.ServerCPUS, s.out.ServerRSSMB, err = s.scene.server.stop()
	return err
}
