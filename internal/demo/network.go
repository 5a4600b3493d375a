package demo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
)

// A line is the mobile network between one phone and the server: a TCP port on this machine that passes everything on
// while there is signal, and cuts the connection at the point of an exchange that a script names. It reads no more of
// what passes than the frame headers of HTTP/2 (RFC 9113, section 4.1), from which it tells where an exchange stands.
type line struct {
	listener net.Listener
	server   string

	// mu guards the fields below.
	mu     sync.Mutex
	online bool
	fault  Fault
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

// openLine opens a line to a server, without signal.
func openLine(server string) (*line, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open a line to %s: %w", server, err)
	}
	l := &line{listener: listener, server: server}
	l.running.Go(l.accept) // stopped by Close
	return l, nil
}

// address is what a phone takes for the server.
func (l *line) address() string { return l.listener.Addr().String() }

// setOnline gives the phone signal or takes it away. Without signal open connections end, and it returns when the
// phone has noticed, as a phone does when the bars on its screen are gone.
func (l *line) setOnline(online bool) {
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

// setFault says what happens to the exchanges from now on.
func (l *line) setFault(f Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = f
}

// faultNow gives the fault in force.
func (l *line) faultNow() Fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fault
}

// Close ends the line and what runs over it.
func (l *line) Close() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	err := l.listener.Close()
	l.setOnline(false)
	l.running.Wait()
	return err
}

// accept takes the phone's connections until the line is closed.
func (l *line) accept() {
	for {
		phone, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.connect(phone)
	}
}

// connect passes a connection on, or ends it where there is no signal. What cannot be closed cleanly is of no more use.
func (l *line) connect(phone net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.online || l.closed {
		_ = phone.Close()
		return
	}
	server, err := net.Dial("tcp", l.server)
	if err != nil {
		_ = phone.Close()
		return
	}
	c := &connection{phone: phone, server: server, left: make(chan struct{})}
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

// errCut is the point at which a fault strikes.
var errCut = errors.New("the connection is cut here")

// passUp passes what the phone sends.
func (l *line) passUp(c *connection) {
	defer close(c.left)
	defer l.forget(c)
	preface := make([]byte, prefaceBytes)
	if _, err := io.ReadFull(c.phone, preface); err != nil {
		c.cut()
		return
	}
	_, err := c.server.Write(preface)
	for frame := (http2Frame{}); err == nil; {
		if err = frame.read(c.phone); err != nil {
			break
		}
		if frame.isHeaders() && l.faultNow() == FaultRequestLost {
			break
		}
		// After the server's end is gone, the phone is read on until it has noticed.
		_, _ = c.server.Write(frame.bytes)
	}
	c.cut()
}

// passDown passes what the server answers.
func (l *line) passDown(c *connection) {
	var err error
	for frame := (http2Frame{}); err == nil; {
		if err = frame.read(c.server); err != nil {
			break
		}
		switch fault := l.faultNow(); {
		case fault == FaultReplyLost && (frame.isHeaders() || frame.isData()):
			err = errCut
		case fault == FaultReplyCut && frame.isData():
			_, _ = c.phone.Write(frame.bytes[:frameHeaderBytes+(len(frame.bytes)-frameHeaderBytes)/2])
			err = errCut
		default:
			_, err = c.phone.Write(frame.bytes)
		}
	}
	if errors.Is(err, errCut) {
		c.cut()
		return
	}
	c.end()
}

// forget takes a connection that has ended off the list.
func (l *line) forget(c *connection) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = slices.DeleteFunc(l.calls, func(other *connection) bool { return other == c })
}

// The parts of HTTP/2 that a line knows.
const (
	// prefaceBytes is what a client sends before its first frame.
	prefaceBytes = 24
	// frameHeaderBytes stand before every frame: three of length, type, flags, four of stream.
	frameHeaderBytes = 9

	frameData    = 0
	frameHeaders = 1
)

// http2Frame is one frame with its header; its bytes are used again by the next read.
type http2Frame struct{ bytes []byte }

// read reads the next frame.
func (f *http2Frame) read(r io.Reader) error {
	f.bytes = slices.Grow(f.bytes[:0], frameHeaderBytes)[:frameHeaderBytes]
	if _, err := io.ReadFull(r, f.bytes); err != nil {
		return err
	}
	length := int(binary.BigEndian.Uint32(f.bytes[:4]) >> 8)
	f.bytes = slices.Grow(f.bytes, length)[:frameHeaderBytes+length]
	_, err := io.ReadFull(r, f.bytes[frameHeaderBytes:])
	return err
}

func (f *http2Frame) isHeaders() bool { return f.bytes[3] == frameHeaders }
func (f *http2Frame) isData() bool    { return f.bytes[3] == frameData }
