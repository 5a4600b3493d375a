package bench

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// Proxy passes connections on to one address and counts the bytes each way:
// all that TCP carries, HTTP/2 frames and headers included.
type Proxy struct {
	listener net.Listener
	target   string
	// up and down count bytes from and to the phones.
	up, down atomic.Int64
	wg       sync.WaitGroup
	// mu guards conns and closed.
	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
}

// OpenProxy listens on loopback and passes connections on to target.
func OpenProxy(target string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: l, target: target, conns: map[net.Conn]struct{}{}}
	p.wg.Go(p.accept) // ended by Close
	return p, nil
}

// Addr is where phones connect.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Take gives the bytes counted since it was called last.
func (p *Proxy) Take() (up, down int64) { return p.up.Swap(0), p.down.Swap(0) }

// Close ends all connections and waits for them.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.mu.Lock()
	p.closed = true
	for c := range p.conns {
		c.Close()
	}
	p.mu.Unlock()
	p.wg.Wait()
	return err
}

func (p *Proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wg.Go(func() { p.serve(c) })
	}
}

func (p *Proxy) serve(phone net.Conn) {
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		phone.Close()
		return
	}
	if !p.keep(phone, server) {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { pass(server, phone, &p.up) })
	both.Go(func() { pass(phone, server, &p.down) })
	both.Wait()
}

func (p *Proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		if p.closed {
			c.Close()
			continue
		}
		p.conns[c] = struct{}{}
	}
	return !p.closed
}

// pass copies one direction until either side ends, then ends both.
func pass(to, from net.Conn, count *atomic.Int64) {
	_, err := io.Copy(to, countingReader{from, count})
	if err != nil && !errors.Is(err, net.ErrClosed) {
		to.Close()
	}
	from.Close()
	to.Close()
}

// countingReader counts what is read; it hides the connection's own copying
// paths, which would pass the count by.
type countingReader struct {
	r     io.Reader
	count *atomic.Int64
}

// Read reads and counts.
func (c countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.count.Add(int64(n))
	return n, err
}
