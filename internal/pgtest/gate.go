package pgtest

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
)

// Stop says where a commit is stopped on its way.
type Stop int

// The places of a commit.
const (
	// Unsaid is before the database hears of it: it does not happen.
	Unsaid Stop = iota + 1
	// Unheard is when its answer has come and nobody has been told: it happened.
	Unheard
)

// ErrCut is what a stopped line gives once it is cut.
var ErrCut = errors.New("the line was cut")

// Gate stands on lines to a database and stops one commit where it is told to, for as long as a test needs to do something to the
// database. Whether a fault meets a commit is chance otherwise, and how much depends on the machine.
type Gate struct {
	// mu guards what follows.
	mu sync.Mutex
	// at is where the next commit stops; 0 lets all pass.
	at Stop
	// met is closed when one stands, cut when its line is to be cut.
	met, cut chan struct{}
	// name is what lines call the statement that commits, once it is known.
	name []byte
}

// Dial opens a line through the gate.
func (g *Gate) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &gated{Conn: c, gate: g}, nil
}

// Arm has the next commit stop. met is closed when it stands there; cut then cuts its line.
func (g *Gate) Arm(at Stop) (met <-chan struct{}, cut func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.at, g.met, g.cut = at, make(chan struct{}), make(chan struct{})
	cutting := g.cut
	return g.met, sync.OnceFunc(func() { close(cutting) })
}

// stops reports whether what a line says is the commit that is to stop, and where; stand waits until the line is to be cut.
func (g *Gate) stops(said []byte) (at Stop, stand func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.commits(said) || g.at == 0 {
		return 0, nil
	}
	at, g.at = g.at, 0
	met, cut := g.met, g.cut
	return at, sync.OnceFunc(func() { close(met); <-cut })
}

// commitText is how the text of a commit stands in the message that gives a statement its name, behind that name.
var commitText = []byte("\x00COMMIT\x00")

// statementPrefix begins the names that pgx gives to statements.
var statementPrefix = []byte("stmtcache_")

// commits reports that a message has a commit carried out; one that prepares it gives it its name. mu is held.
func (g *Gate) commits(said []byte) bool {
	at := bytes.Index(said, commitText)
	if at < 0 {
		return g.name != nil && bytes.Contains(said, g.name)
	}
	if from := bytes.LastIndex(said[:at], statementPrefix); from >= 0 {
		g.name = bytes.Clone(said[from:at])
	}
	return false
}

// gated is one line.
type gated struct {
	net.Conn
	gate *Gate
	// mu guards stand: that of a commit on the line whose answer is to stand.
	mu    sync.Mutex
	stand func()
}

func (c *gated) Write(b []byte) (int, error) {
	at, stand := c.gate.stops(b)
	switch at {
	case Unsaid:
		stand()
		return 0, errors.Join(ErrCut, c.Close())
	case Unheard:
		c.mu.Lock()
		c.stand = stand
		c.mu.Unlock()
	}
	return c.Conn.Write(b)
}

func (c *gated) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.mu.Lock()
	stand := c.stand
	c.mu.Unlock()
	if stand == nil || err != nil {
		return n, err
	}
	stand()
	return 0, errors.Join(ErrCut, c.Close())
}
