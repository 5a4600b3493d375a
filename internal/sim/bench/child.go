package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"syscall"
	"time"

	"onedoor/internal/sim/child"
	"onedoor/internal/sim/desk"
)

// Roles that this program plays when it runs itself again.
const (
	RoleServer = "server"
	RolePhones = "phones"
	RoleCrowd  = "crowd"
)

// Child runs the part of a server or of phones: one JSON command a line comes
// in, one JSON answer a line goes out, until the input ends.
func Child(ctx context.Context, role string, in io.Reader, out io.Writer) error {
	switch role {
	case RoleServer:
		return serveChild(ctx, in, out)
	case RolePhones:
		return phonesChild(ctx, in, out)
	case RoleCrowd:
		return crowdChild(ctx, in, out)
	}
	return fmt.Errorf("no such part %q", role)
}

// command is what a child is asked to do; each uses the fields it needs.
type command struct {
	Op string `json:"op"`
	// Dir is the child's folder, Server the address phones connect to.
	Dir    string `json:"dir,omitempty"`
	Server string `json:"server,omitempty"`
	// Teams are how many grids there are, PerTeam how many phones work in each.
	Teams   int `json:"teams,omitempty"`
	PerTeam int `json:"per_team,omitempty"`
	// Phones are the phones to open.
	Phones []desk.Seat `json:"phones,omitempty"`
	// Head is the seq to wait for.
	Head uint64 `json:"head,omitempty"`
	// Count is how many records, Seed which.
	Count int    `json:"count,omitempty"`
	Seed  uint64 `json:"seed,omitempty"`
	// Phone is the phone meant, Doors the doors to visit by team.
	Phone int                 `json:"phone,omitempty"`
	Doors map[string][]string `json:"doors,omitempty"`
	// Store is the URL of the server's database; empty for a file of its own. Crowd says that a team's phones are one user's.
	Store string `json:"store,omitempty"`
	Crowd bool   `json:"crowd,omitempty"`
	// Grid is the code of the grid that fresh phones work in.
	Grid string `json:"grid,omitempty"`
	// BeatS is how many seconds lie between two syncs of a phone that works at a pace.
	BeatS float64 `json:"beat_s,omitempty"`
	// Realm is the code of a server's realm that is meant, Realms are those that a server is to serve.
	Realm  string   `json:"realm,omitempty"`
	Realms []string `json:"realms,omitempty"`
	// WindowS is over how many seconds phones begin their syncs.
	WindowS float64 `json:"window_s,omitempty"`
	// StalledS is after how many seconds without the end of a sync a process writes down what it does; 0 for never. Into is where,
	// Why what the file says first.
	StalledS float64 `json:"stalled_s,omitempty"`
	Into     string  `json:"into,omitempty"`
	Why      string  `json:"why,omitempty"`
	// Records are ids to look for in the log, as UUID text.
	Records []string `json:"records,omitempty"`
}

// answer is what a child says.
type answer struct {
	// Addr and Seats are the server's.
	Addr  string      `json:"addr,omitempty"`
	Seats []desk.Seat `json:"seats,omitempty"`
	// Head is the seq the server's log has reached, FileBytes the size of its files.
	Head      uint64 `json:"head,omitempty"`
	FileBytes int64  `json:"file_bytes,omitempty"`
	// RSSBytes is what a process holds of the machine's memory.
	RSSBytes int64 `json:"rss_bytes,omitempty"`
	// Seconds is how long the phones' work took, RoundTrips how many calls.
	Seconds    float64 `json:"s,omitempty"`
	RoundTrips int     `json:"round_trips,omitempty"`
	Pushed     int     `json:"pushed,omitempty"`
	Pulled     int     `json:"pulled,omitempty"`
	// EditP50 and EditP99 are latencies of one durable edit in milliseconds.
	EditP50 float64 `json:"edit_p50_ms,omitempty"`
	EditP99 float64 `json:"edit_p99_ms,omitempty"`
	// PayloadUp and PayloadDown are the sizes of the messages of the last sync.
	PayloadUp   int64               `json:"payload_up,omitempty"`
	PayloadDown int64               `json:"payload_down,omitempty"`
	Doors       map[string][]string `json:"doors,omitempty"`
	// Records are ids of what phones made, Latencies how long each sync took in milliseconds, ascending.
	Records   []string  `json:"records,omitempty"`
	Latencies []float64 `json:"latencies,omitempty"`
	// Lost and Duplicated count records that the log has not, or has made more than once.
	Lost       int `json:"lost,omitempty"`
	Duplicated int `json:"duplicated,omitempty"`
	// BusyS is how many seconds a process has kept processors busy: a server since it began, a crowd in what it was asked for.
	BusyS float64 `json:"busy_s,omitempty"`
	// HeapBytes is what a server's heap and stacks hold after a collection.
	HeapBytes uint64 `json:"heap_bytes,omitempty"`
	// Rows are what phones show of the records of W3.
	Rows []contested `json:"rows,omitempty"`
}

// contested is one record of W3 as one phone shows it: every value of the two
// fields that it can find, shown or listed beside.
type contested struct {
	ID        string   `json:"id"`
	Rooms     []string `json:"rooms"`
	Headcount []string `json:"headcount"`
}

// start runs this program again in a part.
func start(ctx context.Context, self []string, role string) (*process, error) {
	return startAs(ctx, child.Usual, self, role)
}

// startAs starts a part of a rank.
func startAs(ctx context.Context, r child.Rank, self []string, role string) (*process, error) {
	p, err := child.StartAs(ctx, r, self, role)
	if err != nil {
		return nil, err
	}
	return &process{p}, nil
}

// process is a part that was started.
type process struct{ child *child.Process }

// do sends a command and waits for its answer.
func (p *process) do(c command) (a answer, err error) { return p.hearing(c, nil) }

// hearing is do for a command of which the child says something before its answer.
func (p *process) hearing(c command, heard func(json.RawMessage)) (a answer, err error) {
	if err := p.child.Do(c, &a, heard); err != nil {
		return a, fmt.Errorf("%s: %w", c.Op, err)
	}
	return a, nil
}

// busy is how many seconds this process has kept processors busy since it began.
func busy() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0 // It fails for a process that is none of ours.
	}
	return (time.Duration(u.Utime.Nano()) + time.Duration(u.Stime.Nano())).Seconds()
}

// stop ends the child and gives its CPU time and peak memory.
func (p *process) stop() (cpuSeconds, rssMB float64, err error) {
	state, err := p.child.Stop()
	if state == nil {
		return 0, 0, err
	}
	cpuSeconds = (state.UserTime() + state.SystemTime()).Seconds()
	if u, ok := state.SysUsage().(*syscall.Rusage); ok {
		rssMB = float64(u.Maxrss) * rssUnit / (1 << 20)
	}
	return cpuSeconds, rssMB, err
}
