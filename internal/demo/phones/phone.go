package phones

import (
	"context"
	"sync"

	client "onedoor/client-sdk"
	"onedoor/domain"
)

// Line is a phone's way to the server.
type Line interface {
	// SetOnline switches flight mode off or on.
	SetOnline(online bool)
}

// Phone is one phone in the browser.
type Phone struct {
	// Name is its user's, Role what they are.
	Name string
	Role domain.Role
	// Replica is the phone itself, Line its radio.
	Replica *client.Replica
	Line    Line

	// mu guards what follows.
	mu     sync.Mutex
	flight bool
	// said is what the last sync came to, for the next page.
	said *client.Report
	err  error
}

// flies reports flight mode.
func (p *Phone) flies() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.flight
}

// setFlight switches flight mode.
func (p *Phone) setFlight(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flight = on
	p.Line.SetOnline(!on)
}

// sync syncs once and keeps what came of it.
func (p *Phone) sync(ctx context.Context) {
	report, err := p.Replica.Sync(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said, p.err = report, err
}

// lastSync gives what the last sync came to, once.
func (p *Phone) lastSync() (*client.Report, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	said, err := p.said, p.err
	p.said, p.err = nil, nil
	return said, err
}
