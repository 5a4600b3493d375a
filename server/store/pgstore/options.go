package pgstore

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// ReadersDefault bounds the connections of one realm that read. An engine has a process or a thread for each, and a
	// View that waits for its turn costs less than one more of them.
	ReadersDefault = 8
	// RealmParameter names the realm in a URL, beside the engine's own parameters.
	RealmParameter = "realm"
	// schemeShort and schemeLong begin the URLs of this store.
	schemeShort, schemeLong = "postgres://", "postgresql://"

	// connectPatience bounds the making of a connection, in which a name may have to be looked up and TLS be spoken.
	connectPatience = 10 * time.Second
	// patience bounds one trip to the engine: longer than any statement here runs on a loaded disk, and short enough that
	// a line which swallows everything is given up within a phone's patience for its next try.
	patience = 60 * time.Second
	// turnPatience bounds the wait for another server's transaction on the same realm; the longest one imports a district.
	turnPatience = 10 * time.Minute
	// keepAlive is how soon a dead peer is noticed on an idle connection.
	keepAlive = 15 * time.Second
)

// Options say which realm to open where; URL is needed.
type Options struct {
	// URL is the database, as PostgreSQL's programs take it: postgres://user@host[,host]/database?sslmode=verify-full. The
	// parameter realm may name the realm.
	URL string
	// Realm names the realm where the URL does not; the database's only one when both are empty.
	Realm string
	// Readers bounds the connections that read; 0 means [ReadersDefault].
	Readers int
	// Pool is where the connections that read come from when several realms of one database share them; the realm's own when
	// nil.
	Pool *Pool
	// Log takes what an operator should know of the database: reconnects, fail-overs. It is silent when nil.
	Log *slog.Logger
	// Dial opens connections; nil is the system's. Tests cut them.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// more are migrations of software to come, for tests.
	more []migration
}

// IsURL reports an address of this store.
func IsURL(address string) bool {
	return strings.HasPrefix(address, schemeShort) || strings.HasPrefix(address, schemeLong)
}

// target is Options taken apart.
type target struct {
	config  *pgx.ConnConfig
	realm   string
	readers int
	pool    *Pool
	log     *slog.Logger
	// migrations are those that this software knows, in order.
	migrations []migration
}

// parse takes the options apart. A writing session wants an engine that takes writes, where the URL names several.
func (o Options) parse(writes bool) (*target, error) {
	address, realm, err := o.split()
	if err != nil {
		return nil, err
	}
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("the database's URL: %w", err)
	}
	if writes && config.ValidateConnect == nil {
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	config.ConnectTimeout = connectPatience
	config.DialFunc = (&net.Dialer{KeepAlive: keepAlive}).DialContext
	if o.Dial != nil {
		config.DialFunc = o.Dial
	}
	if _, ok := config.RuntimeParams["application_name"]; !ok {
		config.RuntimeParams["application_name"] = "onedoor"
	}
	t := &target{config: config, realm: realm, readers: o.Readers, pool: o.Pool, log: o.Log, migrations: slices.Concat(ownMigrations, o.more)}
	if t.readers <= 0 {
		t.readers = ReadersDefault
	}
	t.log = cmp.Or(t.log, slog.New(slog.DiscardHandler))
	return t, nil
}

// split takes the realm out of the URL.
func (o Options) split() (address, realm string, err error) {
	if !IsURL(o.URL) {
		return "", "", fmt.Errorf("the database's URL begins with %s", schemeShort)
	}
	// Of its parts only the query is looked at: several hosts are no URL to net/url.
	base, query, _ := strings.Cut(o.URL, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", "", fmt.Errorf("the parameters of the database's URL: %w", err)
	}
	realm = values.Get(RealmParameter)
	values.Del(RealmParameter)
	if realm != "" && o.Realm != "" && realm != o.Realm {
		return "", "", fmt.Errorf("the URL names realm %s, and %s is asked for", realm, o.Realm)
	}
	if len(values) > 0 {
		base += "?" + values.Encode()
	}
	return base, cmp.Or(realm, o.Realm), nil
}

// name tells people which realm of which database is meant, without a password.
func (t *target) name() string {
	hosts := []string{t.config.Host}
	for _, f := range t.config.Fallbacks {
		if !slices.Contains(hosts, f.Host) {
			hosts = append(hosts, f.Host)
		}
	}
	realm := "the realm" // Of one that the URL does not name and that nobody has looked for yet.
	if t.realm != "" {
		realm = "realm " + t.realm
	}
	return fmt.Sprintf("%s in %s at %s", realm, t.config.Database, strings.Join(hosts, ","))
}

// Check tells what is wrong with the options, without asking the database.
func (o Options) Check() error {
	_, err := o.parse(true)
	return err
}

// Named gives the options with a realm's name, unless they have one.
func (o Options) Named(realm string) Options {
	if _, has, err := o.split(); err == nil && has == "" {
		o.Realm = realm
	}
	return o
}

// Address gives the URL with the realm's name in it.
func (o Options) Address() (string, error) {
	base, realm, err := o.split()
	if err != nil || realm == "" {
		return base, err
	}
	joint := "?"
	if strings.Contains(base, "?") {
		joint = "&"
	}
	return base + joint + url.Values{RealmParameter: {realm}}.Encode(), nil
}

// RealmName gives the realm's name; empty where none is named.
func (o Options) RealmName() (string, error) {
	_, realm, err := o.split()
	return realm, err
}
