package crash

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"onedoor/internal/sim/child"
	"onedoor/internal/sim/desk"
	"onedoor/internal/sim/tapdisk"
	"onedoor/server"
	"onedoor/server/store"
)

// Roles that this program plays when it runs itself again.
const (
	RoleServer   = "server"
	RolePhone    = "phone"
	RoleOperator = "operator"
)

// Child runs the part of a server, of one phone or of an operator until the input ends, or until it kills itself at a mark.
func Child(ctx context.Context, role string, in io.Reader, out io.Writer) error {
	if role == RoleOperator {
		return child.Serve(in, out, (&operatorPart{ctx}).handle)
	}
	disk, err := newMarkedDisk()
	if err != nil {
		return err
	}
	switch role {
	case RoleServer:
		s := &serverPart{ctx: ctx, disk: disk}
		return errors.Join(child.Serve(in, out, s.handle), s.stop())
	case RolePhone:
		p := &phonePart{ctx: ctx, disk: disk}
		return errors.Join(child.Serve(in, out, p.handle), p.close())
	}
	return fmt.Errorf("no such part %q", role)
}

// serverCommand is what a server is asked to do.
type serverCommand struct {
	Op  string `json:"op"`
	Dir string `json:"dir,omitempty"`
	// Store is the URL of the realm in a database; empty for the file in Dir.
	Store string `json:"store,omitempty"`
	// Arm is the point at which it is to kill itself, Serving the one that counts from when it serves.
	Arm     Arm `json:"arm,omitzero"`
	Serving Arm `json:"serving,omitzero"`
	// Room is how many bytes its log may grow; 0 for no limit.
	Room uint64 `json:"room,omitempty"`
	// Ahead is by how many nanoseconds its clock is ahead of the machine's.
	Ahead time.Duration `json:"ahead,omitempty"`
	// Slow is the seed of a slow disk; 0 is a quick one.
	Slow uint64 `json:"slow,omitempty"`
	// Standing has the disk take its least time for everything from now on; false ends that.
	Standing bool `json:"standing,omitempty"`
	// Phones is how many join codes are wanted; Seat is whose user is to get another one.
	Phones int       `json:"phones,omitempty"`
	Seat   desk.Seat `json:"seat,omitzero"`
}

// serverAnswer is what it says.
type serverAnswer struct {
	Address string `json:"address,omitempty"`
	// Refused is the sentence with which it would not serve a damaged store.
	Refused string `json:"refused,omitempty"`
	// Away says that the database could not be reached.
	Away  bool        `json:"away,omitempty"`
	Seats []desk.Seat `json:"seats,omitempty"`
}

// serverPart is a real server in a process of its own.
type serverPart struct {
	ctx    context.Context
	disk   *tapdisk.Disk
	server *server.Server
	dir    string
}

func (s *serverPart) handle(c serverCommand, _ child.Say) (serverAnswer, error) {
	switch c.Op {
	case "serve":
		return s.serve(c)
	case "room":
		return serverAnswer{}, s.limit(c.Room)
	case "arm":
		passing.set(c.Arm)
		return serverAnswer{}, nil
	case "stand":
		passing.standAlways(c.Standing)
		return serverAnswer{}, nil
	case "seats":
		seats, err := desk.Seats(s.ctx, s.server.Addr().String(), s.dir, 1, c.Phones)
		return serverAnswer{Seats: seats}, err
	case "another":
		seat, err := desk.Another(s.ctx, s.server.Addr().String(), s.dir, c.Seat)
		return serverAnswer{Seats: []desk.Seat{seat}}, err
	}
	return serverAnswer{}, fmt.Errorf("a server cannot %q", c.Op)
}

// serve opens the realm and serves it. The point of its death may lie in the opening already.
func (s *serverPart) serve(c serverCommand) (a serverAnswer, err error) {
	passing.set(c.Arm)
	if c.Store == "" { // A database's opening asks so much that a slow one would serve nobody in the time of a storm.
		passing.slowDown(c.Slow)
	}
	s.dir = c.Dir
	s.server, err = server.Open(s.ctx, server.Config{Dir: c.Dir, Store: c.Store, Listen: "127.0.0.1:0", Disk: s.disk, Dial: dialMarked,
		Now: func() time.Time { return time.Now().Add(c.Ahead) }})
	if errors.Is(err, store.ErrDamaged) {
		return serverAnswer{Refused: err.Error()}, nil
	}
	if errors.Is(err, store.ErrUnavailable) {
		return serverAnswer{Away: true}, nil
	}
	if err != nil {
		return a, err
	}
	passing.slowDown(c.Slow)
	if c.Serving.Mark != NoMark {
		passing.set(c.Serving)
	}
	go s.server.Serve() // ended by stop, or with the process
	return serverAnswer{Address: s.server.Addr().String()}, s.limit(c.Room)
}

// limit leaves a number of bytes of room; 0 is no limit.
func (s *serverPart) limit(room uint64) error {
	if room == 0 {
		return limitFiles(0)
	}
	bytes, err := roomFor(filepath.Join(s.dir, server.DatabaseFile), room)
	if err != nil {
		return err
	}
	return limitFiles(bytes)
}

func (s *serverPart) stop() error {
	if s.server == nil {
		return nil
	}
	return s.server.Stop(context.WithoutCancel(s.ctx))
}
