package console

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	reportv1 "onedoor/proto/gen/onedoor/report/v1"

	"onedoor/server/notify"
	"onedoor/server/throttle"
)

// Options are what a console needs from outside.
type Options struct {
	// Admin and Privacy answer every call of the console.
	Admin   adminv1.AdminServiceServer
	Privacy adminv1.PrivacyServiceServer
	// Reports gives figures.
	Reports reportv1.ReportServiceServer
	// Hub says when there is something new.
	Hub *notify.Hub
	// Now is the clock; the system's when nil.
	Now func() time.Time
	// Log takes faults, never content; silent when nil.
	Log *slog.Logger
	// BehindGateway says that browsers come through a gateway, which tells their addresses and speaks TLS with them.
	BehindGateway bool
	// Stopping is closed when the server begins to stop; streams end then.
	Stopping <-chan struct{}
	// Realms lists the realms that one may sign in to here, by code; nil where there is no choice.
	Realms func() []*adminv1.ServedRealm
}

// Console serves the pages.
type Console struct {
	o       Options
	pages   *pages
	assets  *assets
	visits  *throttle.Throttle
	streams *streams
	handler http.Handler
}

// visitsRule is how many requests one session or one address may make: far above what a person clicks, with room for an office
// behind one address, and far below what would slow phones down.
var visitsRule = throttle.Rule{Burst: 400, Every: 50 * time.Millisecond}

// New makes a console.
func New(o Options) (*Console, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	all, err := embedded()
	if err != nil {
		return nil, err
	}
	c := &Console{o: o, assets: all.files, pages: all, visits: throttle.New(visitsRule), streams: newStreams()}
	c.handler = c.guarded(c.routes())
	return c, nil
}

// embedded reads what consoles show, once for all consoles of a process: nothing changes it.
var embedded = sync.OnceValues(func() (*pages, error) {
	files, err := readAssets()
	if err != nil {
		return nil, err
	}
	all, err := readPages(files)
	if err != nil {
		return nil, fmt.Errorf("pages of the console: %w", err)
	}
	return all, nil
})

// ServeHTTP answers a browser.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.handler.ServeHTTP(w, r) }

// routes says which page answers which address.
func (c *Console) routes() *http.ServeMux {
	m := http.NewServeMux()
	m.Handle("GET /assets/", c.assets)
	m.HandleFunc("POST /language", c.setLanguage)
	c.signInRoutes(m)
	c.realmRoutes(m)
	c.page(m, "GET /{$}", (*visit).home)
	c.page(m, "GET /events", (*visit).events)
	c.page(m, "POST /signout", (*visit).signOut)
	for _, add := range []func(*http.ServeMux){c.workRoutes, c.reviewRoutes, c.operatorRoutes} {
		add(m)
	}
	c.page(m, "/", func(*visit) error { return errNoPage })
	return m
}

// page has a page answer an address for who is signed in.
func (c *Console) page(m *http.ServeMux, pattern string, f func(*visit) error) {
	m.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { c.visit(w, r, f) })
}
