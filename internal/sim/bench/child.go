package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// Roles that this program plays when it runs itself again.
const (
	RoleServer = "server"
	RolePhones = "phones"
)

// Child runs the part of a server or of phones: one JSON command a line comes
// in, one JSON answer a line goes out, until the input ends.
func Child(ctx context.Context, role string, in io.Reader, out io.Writer) error {
	switch role {
	case RoleServer:
		return serveChild(ctx, in, out)
	case RolePhones:
		return phonesChild(ctx, in, out)
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
	Phones []PhoneSeat `json:"phones,omitempty"`
	// Head is the seq to wait for.
	Head uint64 `json:"head,omitempty"`
	// Count is how many records, Seed which.
	Count int    `json:"count,omitempty"`
	Seed  uint64 `json:"seed,omitempty"`
	// Phone is the phone meant, Doors the doors to visit by team.
	Phone int                 `json:"phone,omitempty"`
	Doors map[string][]string `json:"doors,omitempty"`
}

// PhoneSeat is a phone's join code with the grid its user works in.
type PhoneSeat struct {
	Code string `json:"code"`
	Grid string `json:"grid"`
}

// answer is what a child says.
type answer struct {
	Err string `json:"err,omitempty"`
	// Addr and Seats are the server's.
	Addr  string      `json:"addr,omitempty"`
	Seats []PhoneSeat `json:"seats,omitempty"`
	// Head is the seq the server's log has reached, FileBytes the size of its files.
	Head      uint64 `json:"head,omitempty"`
	FileBytes int64  `json:"file_bytes,omitempty"`
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

// serveCommands reads commands and writes answers.
func serveCommands(in io.Reader, out io.Writer, handle func(command) (answer, error)) error {
	lines := json.NewDecoder(bufio.NewReader(in))
	enc := json.NewEncoder(out)
	for {
		var c command
		if err := lines.Decode(&c); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		a, err := handle(c)
		if err != nil {
			a.Err = err.Error()
		}
		if err := enc.Encode(a); err != nil {
			return err
		}
	}
}

// process is a child that was started.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	enc *json.Encoder
	dec *json.Decoder
}

// start runs this program again in a part.
func start(ctx context.Context, self []string, role string) (*process, error) {
	cmd := exec.CommandContext(ctx, self[0], append(self[1:], role)...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &process{cmd: cmd, in: in, enc: json.NewEncoder(in), dec: json.NewDecoder(bufio.NewReader(out))}, nil
}

// do sends a command and waits for its answer.
func (p *process) do(c command) (answer, error) {
	if err := p.enc.Encode(c); err != nil {
		return answer{}, fmt.Errorf("%s: %w", c.Op, err)
	}
	var a answer
	if err := p.dec.Decode(&a); err != nil {
		return a, fmt.Errorf("%s: the child ended: %w", c.Op, err)
	}
	if a.Err != "" {
		return a, fmt.Errorf("%s: %s", c.Op, a.Err)
	}
	return a, nil
}

// stop ends the child by closing its input and gives its CPU time and peak memory.
func (p *process) stop() (cpuSeconds, rssMB float64, err error) {
	p.in.Close()
	err = p.cmd.Wait()
	state := p.cmd.ProcessState
	if state == nil {
		return 0, 0, err
	}
	cpuSeconds = (state.UserTime() + state.SystemTime()).Seconds()
	if u, ok := state.SysUsage().(*syscall.Rusage); ok {
		rssMB = float64(u.Maxrss) * rssUnit / (1 << 20)
	}
	return cpuSeconds, rssMB, err
}
