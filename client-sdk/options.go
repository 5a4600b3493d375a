package client

import (
	"context"
	"crypto/rand"
	"io"
	"net"
	"time"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/remote"
	"onedoor/client-sdk/internal/syncloop"
	"onedoor/internal/schema"
	"onedoor/internal/sqlitedisk"
)

// Transport carries the three calls to a server. The one over gRPC is made from
// the address given at enrolment; tests and simulations plug in plain calls.
// A *Fault among the errors says whether another try may help; any other error
// is taken as a line that failed.
type Transport interface {
	// Enrol turns a join code into a device.
	Enrol(ctx context.Context, req *syncv1.EnrolRequest) (*syncv1.EnrolResponse, error)
	// Exchange pushes a batch and returns outcomes and a page.
	Exchange(ctx context.Context, req *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error)
	// Watch calls hint whenever the log has grown, until ctx ends or the line fails.
	Watch(ctx context.Context, req *syncv1.WatchRequest, hint func(seq uint64)) error
}

// Meter is a transport that counts the bytes of its messages as they travel.
// Without it a report gives the size of the messages before compression.
type Meter interface {
	// WireBytes gives all bytes sent and received so far.
	WireBytes() (up, down int64)
}

// Packer is a transport that can pack the greater part of a request before the
// rest of it is known. Ahead does so; drop has it forget the part.
type Packer interface {
	Ahead(part []byte) (drop func())
}

// AheadSender is a transport that can bring the changes of a batch before the exchange that names them.
type AheadSender interface {
	// SendsAhead reports that so many bytes are worth a call of their own.
	SendsAhead(bytes int) bool
	// SendAhead brings them. Where it fails, the exchange brings them itself.
	SendAhead(ctx context.Context, req *syncv1.SendAheadRequest) error
}

// Disk is what a replica's files stand on. A simulation hands in one that can lose
// its power, fill up and fail; its VFS is one of modernc.org/sqlite/lib.
type Disk = sqlitedisk.Disk

// Options are what a replica may be told beside its folder and key; the zero
// value is for a phone in the field.
type Options struct {
	// Transport reaches the server; nil is gRPC to the address given at enrolment.
	Transport Transport
	// RootsPEM holds certificates to trust instead of the system's, for gRPC.
	RootsPEM []byte
	// Plaintext calls without encryption also off this machine, for networks that
	// encrypt by themselves.
	Plaintext bool
	// DeviceName stands in the operator's list of devices.
	DeviceName string
	// AppVersion stands there too.
	AppVersion string
	// Tries is how often in a row an exchange of one Sync may fail; 0 means three.
	Tries int
	// PageBytesMax asks for smaller pages, before compression; 0 leaves it to the server.
	PageBytesMax int
	// BatchChangesMax asks for smaller batches, as far as groups stay whole; 0 is what
	// the protocol allows.
	BatchChangesMax int
	// Now is the phone's clock; nil is the system's. It may be wrong, jump and run backwards.
	Now func() time.Time
	// Random draws ids, keys and salts; nil is the system's. A simulation hands in a seeded source.
	Random io.Reader
	// Dial connects to the server's address; nil is TCP over whatever network the phone has. An app that wants one network of
	// several, or has its own tunnel, gives its own.
	Dial func(ctx context.Context, address string) (net.Conn, error)
	// Disk holds the files; nil is the system's.
	Disk Disk
	// Wait waits between tries; nil is a timer. A simulation returns at once.
	Wait func(ctx context.Context, d time.Duration) error
	// Go runs work that the replica does beside the caller's; nil starts a goroutine. A simulation runs it at once, so
	// that nothing happens by itself; Watch and KeepSynced need goroutines.
	Go func(work func())
	// Taken is told of each answer once what it brought is durable on this phone, for logs and audits; it must not call
	// the replica.
	Taken func(reply *syncv1.ExchangeResponse)
	// Schema is what records are read and checked by; nil is this software's own. With it the simulator and tests let
	// phones of two versions meet.
	Schema *schema.Schema
}

func (o *Options) defaults() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Disk == nil {
		o.Disk = sqlitedisk.System{}
	}
	if o.Wait == nil {
		o.Wait = waitTimer
	}
	if o.Go == nil {
		o.Go = func(work func()) { go work() }
	}
	if o.Schema == nil {
		o.Schema = schema.Load()
	}
}

func waitTimer(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (o *Options) policy() syncloop.Policy { return syncloop.Policy{Tries: o.Tries} }

func (o *Options) dial(address string) (Transport, error) {
	return remote.Dial(address, remote.Options{RootsPEM: o.RootsPEM, Plaintext: o.Plaintext, Dial: o.Dial})
}
