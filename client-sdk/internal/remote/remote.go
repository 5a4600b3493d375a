// Package remote speaks to the server over gRPC: it encodes, compresses, sets
// deadlines, counts bytes and turns the server's errors into sentences. It holds
// no rule of the sync and never tries a call again by itself: when to call is
// for the sync loop to say. Where a realm has several servers, the call after one
// that found a server unavailable goes to the next.
//
// Read Dial first; place.go is one server.
package remote

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/grpczstd"
	"onedoor/internal/wire"
)

const (
	// callTimeout bounds one exchange: a full batch and page on a slow radio link
	// take some seconds each way, and a phone in a lift must not wait for ever.
	callTimeout = 90 * time.Second
	// enrolTimeout bounds an enrolment, which somebody watches.
	enrolTimeout = 30 * time.Second
	// reconnectMax bounds the pause before the line is tried again: the sync loop
	// does the waiting, and somebody who asks for a sync gets one.
	reconnectMax = 2 * time.Second
)

// ErrPlaintext: an address off this machine was to be called without encryption.
var ErrPlaintext = errors.New("plain text is for addresses on this machine only: give the server a certificate")

// Options say how to reach a server.
type Options struct {
	// RootsPEM holds certificates to trust instead of the system's.
	RootsPEM []byte
	// Plaintext calls without encryption, for networks that encrypt by themselves.
	// Addresses on this machine are called so always, unless RootsPEM is given.
	Plaintext bool
	// Dial connects to the address; nil is TCP.
	Dial func(ctx context.Context, address string) (net.Conn, error)
}

// Remote is a realm's server, or several. Its methods may be called from many goroutines.
type Remote struct {
	places []*place
	// at counts the servers that were found unavailable: it names the one that is called.
	at    atomic.Uint64
	meter meter
	// update is what the newest answer asked for; nil for nothing.
	update atomic.Pointer[Update]
}

// Update is the app's version that a server asks for.
type Update struct {
	To string
	// ByMs is until when older ones are served, by the server's clock.
	ByMs int64
}

// note keeps what an answer's header says of the app.
func (r *Remote) note(header metadata.MD) {
	to, by := header.Get(wire.UpdateToHeader), header.Get(wire.UpdateByHeader)
	if len(to) == 0 || len(by) == 0 {
		r.update.Store(nil)
		return
	}
	ms, err := strconv.ParseInt(by[0], 10, 64)
	if err != nil {
		return
	}
	r.update.Store(&Update{To: to[0], ByMs: ms})
}

// Update gives what the newest answer asked for; ok is false for nothing.
func (r *Remote) Update() (u Update, ok bool) {
	if at := r.update.Load(); at != nil {
		return *at, true
	}
	return u, false
}

// ServersMax bounds the servers that a phone is given: each costs a line while it is tried.
const ServersMax = 16

// Dial prepares calls to a realm's servers, one address or several with commas between; it does no I/O before the first of them.
func Dial(addresses string, o Options) (*Remote, error) {
	list := strings.Split(addresses, ",")
	if len(list) > ServersMax {
		return nil, fmt.Errorf("%d servers, %d are allowed: name a few, or what balances over them", len(list), ServersMax)
	}
	r := &Remote{}
	for _, address := range list {
		p, err := newPlace(strings.TrimSpace(address), o, &r.meter)
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		r.places = append(r.places, p)
	}
	return r, nil
}

// called makes a call to the server that has its turn. One that cannot be reached, is stopping, or was left behind by newer
// software, gives its turn to the next.
func (r *Remote) called(call func(syncv1.SyncServiceClient) error) error {
	at := r.at.Load()
	p := r.places[at%uint64(len(r.places))]
	err := p.called(call)
	if code := status.Code(err); code == codes.Unavailable || code == codes.DeadlineExceeded {
		r.at.CompareAndSwap(at, at+1) // Of several calls that met it, one moves on.
	}
	return p.faultOf(err)
}

func credentialsFor(address string, o Options) (credentials.TransportCredentials, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("server %q: an address such as sync.example.org:7443 is needed: %w", address, err)
	}
	if o.Plaintext || len(o.RootsPEM) == 0 && onThisMachine(host) {
		return insecure.NewCredentials(), nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS13}
	if len(o.RootsPEM) > 0 {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(o.RootsPEM) {
			return nil, errors.New("the file of certificates holds none in PEM form")
		}
	}
	return credentials.NewTLS(config), nil
}

func onThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Close ends the connection.
func (r *Remote) Close() (err error) {
	for _, p := range r.places {
		err = errors.Join(err, p.close())
	}
	return err
}

// Enrol registers a device.
func (r *Remote) Enrol(ctx context.Context, req *syncv1.EnrolRequest) (*syncv1.EnrolResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, enrolTimeout)
	defer cancel()
	var resp *syncv1.EnrolResponse
	err := r.called(func(c syncv1.SyncServiceClient) (err error) {
		resp, err = c.Enrol(ctx, req)
		return err
	})
	return resp, err
}

// Exchange sends changes and brings outcomes and a page.
func (r *Remote) Exchange(ctx context.Context, req *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var header metadata.MD
	var resp *syncv1.ExchangeResponse
	err := r.called(func(c syncv1.SyncServiceClient) (err error) {
		resp, err = c.Exchange(ctx, req, grpc.Header(&header))
		return err
	})
	r.note(header)
	return resp, err
}

// Ahead packs a part of an exchange that is to come; drop forgets it.
func (r *Remote) Ahead(part []byte) (drop func()) { return grpczstd.Ahead(part) }

// aheadBytesMin is the least that is worth a call of its own: less is sent with its exchange in no time.
const aheadBytesMin = 64 << 10

// SendsAhead reports that so many bytes of changes are worth sending before their exchange.
func (r *Remote) SendsAhead(bytes int) bool { return bytes >= aheadBytesMin }

// SendAhead brings the changes of a batch before the exchange that names them.
func (r *Remote) SendAhead(ctx context.Context, req *syncv1.SendAheadRequest) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return r.called(func(c syncv1.SyncServiceClient) error {
		_, err := c.SendAhead(ctx, req)
		return err
	})
}

// Watch calls hint whenever the server's log has grown, until the context ends
// or the line fails.
func (r *Remote) Watch(ctx context.Context, req *syncv1.WatchRequest, hint func(seq uint64)) error {
	return r.called(func(c syncv1.SyncServiceClient) error {
		stream, err := c.Watch(ctx, req)
		for err == nil {
			var resp *syncv1.WatchResponse
			if resp, err = stream.Recv(); err == nil {
				hint(resp.GetSeq())
			}
		}
		if err == io.EOF {
			return nil
		}
		return err
	})
}

// WireBytes gives the bytes of all messages sent and received so far, as they
// travelled: compressed, with gRPC's five-byte frame, without HTTP/2 and TLS.
func (r *Remote) WireBytes() (up, down int64) { return r.meter.up.Load(), r.meter.down.Load() }

// meter counts payloads.
type meter struct{ up, down atomic.Int64 }

// TagRPC adds nothing.
func (m *meter) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// HandleRPC counts a payload.
func (m *meter) HandleRPC(_ context.Context, s stats.RPCStats) {
	switch p := s.(type) {
	case *stats.OutPayload:
		m.up.Add(int64(p.WireLength))
	case *stats.InPayload:
		m.down.Add(int64(p.WireLength))
	}
}

// TagConn adds nothing.
func (m *meter) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn does nothing.
func (m *meter) HandleConn(context.Context, stats.ConnStats) {}

// LookUp asks to be shown one door outside of the user's area.
func (r *Remote) LookUp(ctx context.Context, req *syncv1.LookUpRequest) (*syncv1.LookUpResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, enrolTimeout)
	defer cancel()
	var resp *syncv1.LookUpResponse
	err := r.called(func(c syncv1.SyncServiceClient) (err error) {
		resp, err = c.LookUp(ctx, req)
		return err
	})
	return resp, err
}
