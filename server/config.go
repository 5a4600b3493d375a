package server

import (
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"onedoor/internal/schema"
	"onedoor/internal/sqlitedisk"
	"onedoor/server/backupset"
	"onedoor/server/identity"
	"onedoor/server/signin"
	"onedoor/server/store/pgstore"
	"onedoor/server/syncrpc"
	"onedoor/server/tenure"
)

// Names of the files in a realm's folder.
const (
	// DatabaseFile holds the realm; a backup needs it.
	DatabaseFile = "realm.db"
	// SecretsFile holds the realm's keys; a backup needs it.
	SecretsFile = identity.SecretsFile
	// TokenFile holds the operator's token.
	TokenFile = "admin.token"
	// ContactKeySuffix follows the folder's name in the default place of the contact key: beside the folder, so that
	// no copy of the folder holds it.
	ContactKeySuffix = ".contact-key"
)

// ListenDefault is where a server listens unless it is told otherwise: this
// machine only, since there is no certificate yet.
const ListenDefault = "127.0.0.1:7443"

// Config says what to serve and how; every field but Dir has a default.
type Config struct {
	// Dir is the realm's folder: its keys, and its database unless Store names one. It is empty where Realms is not.
	Dir string
	// Realms is a folder whose sub-folders are each a realm's, all of which are served; empty for the one in Dir. Where Store
	// names a database it has all of them, each under its sub-folder's name; Ledger then has a sub-folder for each, and
	// ContactKey may name a folder with a key for each.
	Realms string
	// name is that of the realm's sub-folder of Realms; empty for the realm in Dir.
	name string
	// pool is shared by the realms of one database; nil where there is one realm.
	pool *pgstore.Pool
	// Store is the URL of a database of the PostgreSQL family that holds the realm, such as
	// postgres://onedoor@db/onedoor?sslmode=verify-full; the SQLite file in Dir when empty.
	Store string
	// Listen is the address; ListenDefault when empty. Port 0 takes a free one.
	Listen string
	// HTTP is the address of the console; empty for none. It speaks TLS where Listen does.
	HTTP string
	// Admin is the address of metrics, health and profiles, in plain text; empty for none. It is for who runs the server.
	Admin string
	// TraceTo is the URL of an OpenTelemetry collector (OTLP over gRPC) that calls are traced to; empty for none.
	TraceTo string
	// TraceShare is which part of the calls is traced, above 0 and up to 1; all of them when 0.
	TraceShare float64
	// Front puts something in front of the console's pages, as the demo does with its phones; nil for nothing.
	Front func(http.Handler) http.Handler
	// CertFile and KeyFile are PEM files; with both the server speaks TLS 1.3. A
	// renewed pair is taken up without a restart.
	CertFile, KeyFile string
	// ClientCAFile is a PEM file; with it only callers whose certificate it has
	// signed are let in, such as the gateway in front of the server.
	ClientCAFile string
	// Provider is the identity provider at which people may sign in; empty for none.
	Provider signin.Provider
	// PlainText allows plain text on an address that others can reach, for
	// machines that have something in front which encrypts.
	PlainText bool
	// Ledger is a folder on other storage for the side ledger, which keeps what a
	// restore must not undo; empty for none. It must be there.
	Ledger string
	// Backups says where backups are kept that the server makes by itself; no place for none. BackupEvery is how often, a day
	// when 0; BackupKeep which are kept.
	Backups     backupset.Place
	BackupEvery time.Duration
	BackupKeep  backupset.Policy
	// MinClient is the oldest app that phones may have.
	MinClient syncrpc.Minimum
	// LeaseDays changes how long phones may work on what they were granted without asking again, in days; 0 leaves it.
	LeaseDays int
	// ContactKey is the file of the key under which residents' names and numbers are sealed; beside Dir, with
	// ContactKeySuffix, when empty.
	ContactKey string
	// Now is the server's clock; the system's when nil.
	Now func() time.Time
	// LookEvery is how often deadlines and deliveries of tasks are looked at; casework.WatchEvery when zero.
	LookEvery time.Duration
	// RetainEvery is how often it is looked whether retention is due; as often as retention itself asks for when zero.
	RetainEvery time.Duration
	// LookFrom holds the first look back until it is closed; nil begins at once. A scripted day hands one in: what the day
	// holds must not depend on how long it takes.
	LookFrom <-chan struct{}
	// RenewEvery is how often a server of several says that it is there, the same at all of them; tenure.RenewEvery when zero.
	RenewEvery time.Duration
	// Schema is the newest record schema that the server knows; this software's own when nil. Tests let versions meet.
	Schema *schema.Schema
	// Random draws ids, tags, codes and tokens; the system's when nil.
	Random io.Reader
	// Dial opens connections to the database server; the system's when nil. Tests cut them.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Disk holds the database; nil is the system's. The simulated world hands in one that counts writes.
	Disk sqlitedisk.Disk
	// pause waits; the system's when nil.
	pause func(context.Context, time.Duration) error
	// Log takes what happens, never record content; silent when nil.
	Log *slog.Logger
}

// filled gives the configuration with the defaults in place.
func (c Config) filled() Config {
	if c.Listen == "" {
		c.Listen = ListenDefault
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Schema == nil {
		c.Schema = schema.Load()
	}
	c.RenewEvery = cmp.Or(c.RenewEvery, tenure.RenewEvery)
	c.Random = shared(c.Random)
	return c
}

// traceShare gives the part of the calls that is traced.
func (c Config) traceShare() float64 {
	if c.TraceShare == 0 {
		return 1
	}
	return c.TraceShare
}

// behindGateway reports that every caller comes through a gateway, which has shown its certificate and tells addresses.
func (c Config) behindGateway() bool { return c.ClientCAFile != "" }

// contactKey is the path of the contact key.
func (c Config) contactKey() string {
	if c.ContactKey != "" {
		return c.ContactKey
	}
	return filepath.Clean(absolute(c.Dir)) + ContactKeySuffix
}

func (c Config) path(name string) string { return filepath.Join(c.Dir, name) }

// sharedReader lets several rooms draw from one source.
type sharedReader struct {
	// mu guards source.
	mu     sync.Mutex
	source io.Reader
}

func shared(source io.Reader) io.Reader {
	if source == nil {
		return rand.Reader
	}
	return &sharedReader{source: source}
}

// Read draws bytes.
func (r *sharedReader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.source.Read(p)
}
