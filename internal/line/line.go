package line

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
)

// Verdict is what happens to a frame.
type Verdict int

const (
	// Pass lets it through.
	Pass Verdict = iota
	// Cut drops both ends of the connection at once, with whatever is on its way.
	Cut
	// CutInside lets half of the frame through first.
	CutInside
)

// Script decides about each frame; up tells that the phone sent it. It is called from goroutines of the line, one for
// each direction of a connection, and may wait. It does not keep the frame. nil passes everything.
type Script func(up bool, f Frame) Verdict

// Line is one phone's line to a server.
type Line struct {
	listener net.Listener
	// dial reaches the server.
	dial   func() (net.Conn, error)
	script Script

	// mu guards the fields below.
	mu     sync.Mutex
	online bool
	calls  []*connection
	closed bool
	// running waits for the goroutines of the line.
	running sync.WaitGroup
}

// connection is one TCP connection of the phone with its continuation to the server.
type connection struct {
	phone, server net.Conn
	// left is closed when the phone has closed its end.
	left chan struct{}
}

// To dials a server at an address that does not change.
func To(server string) func() (net.Conn, error) {
	return func() (net.Conn, error) { return net.Dial("tcp", server) }
}

// Open opens a line, without signal.
func Open(dial func() (net.Conn, error), script Script) (*Line, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open a line: %w", err)
	}
	if script == nil {
		script = func(bool, Frame) Verdict { return Pass }
	}
	l := &Line{listener: listener, dial: dial, script: script}
	l.running.Go(l.accept) // stopped by Close
	return l, nil
}

// Address is what a phone takes for the server.
func (l *Line) Address() string { return l.listener.Addr().String() }

// SetOnline gives the phone signal or takes it away. Without signal open connections end, and it returns when the
// phone has noticed, as a phone does when the bars on its screen are gone.
func (l *Line) SetOnline(online bool) {
	l.mu.Lock()
	l.online = online
	var ended []*connection
	if !online {
		ended, l.calls = l.calls, nil
	}
	l.mu.Unlock()
	for _, c := range ended {
		c.end()
		<-c.left
	}
}

// Close ends the line and what runs over it.
func (l *Line) Close() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	err := l.listener.Close()
	l.SetOnline(false)
	l.running.Wait()
	return err
}

// accept takes the phone's connections until the line is closed.
func (l *Line) accept() {
	for {
		phone, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.running.Go(func() { l.connect(phone) }) // stopped by the end of the dialling
	}
}

// signal reports that connections are passed on.
func (l *Line) signal() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.online && !l.closed
}

// connect passes a connection on, or ends it where there is no signal. What cannot be closed cleanly is of no more use.
func (l *Line) connect(phone net.Conn) {
	if !l.signal() {
		_ = phone.Close()
		return
	}
	server, err := l.dial()
	if err != nil {
		_ = phone.Close()
		return
	}
	c := &connection{phone: phone, server: server, left: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.online || l.closed {
		c.cut()
		return
	}
	l.calls = append(l.calls, c)
	l.running.Go(func() { l.passUp(c) })   // stopped by the end of the phone's connection
	l.running.Go(func() { l.passDown(c) }) // stopped by the end of the server's connection
}

// end tells the phone that the connection is over and drops the server.
func (c *connection) end() {
	if tcp, ok := c.phone.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
	}
	_ = c.server.Close()
}

// cut drops both ends at once, with whatever is on its way.
func (c *connection) cut() { _, _ = c.phone.Close(), c.server.Close() }

// errCut is the point at which a script strikes.
var errCut = errors.New("the connection is cut here")

// pass asks the script about a frame and does what it says.
func (l *Line) pass(up bool, f Frame, to net.Conn) error {
	switch l.script(up, f) {
	case Cut:
		return errCut
	case CutInside:
		_, _ = to.Write(f.half())
		return errCut
	}
	_, err := to.Write(f.bytes)
	return err
}

// passUp passes what the phone sends.
func (l *Line) passUp(c *connection) {
	defer close(c.left)
	defer l.forget(c)
	preface := make([]byte, prefaceBytes)
	if _, err := io.ReadFull(c.phone, preface); err != nil {
		c.cut()
		return
	}
	_, err := c.server.Write(preface)
	for frame := (Frame{}); err == nil; {
		if err = frame.read(c.phone); err != nil {
			break
		}
		// After the server's end is gone, the phone is read on until it has noticed.
		if errors.Is(l.pass(true, frame, c.server), errCut) {
			err = errCut
		}
	}
	c.cut()
}

// passDown passes what the server answers.
func (l *Line) passDown(c *connection) {
	var err error
	for frame := (Frame{}); err == nil; {
		if err = frame.read(c.server); err == nil {
			err = l.pass(false, frame, c.phone)
		}
	}
	if errors.Is(err, errCut) {
		c.cut()
		return
	}
	c.end()
}

// forget takes a connection that has ended off the list.
func (l *Line) forget(c *connection) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = slices.DeleteFunc(l.calls, func(other *connection) bool { return other == c })
}
