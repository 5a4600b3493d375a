package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"slices"
	"sync"
	"time"
)

const (
	// adminReadTimeout bounds a request, which has no body.
	adminReadTimeout = 10 * time.Second
	// adminWriteTimeout bounds an answer; a profile runs for the seconds that are asked for.
	adminWriteTimeout = 3 * time.Minute
	// lookTimeout bounds a look at the realm for /readyz.
	lookTimeout = 5 * time.Second
)

// openAdmin binds the address for who runs the server: metrics, health, profiles. It is never that of phones or browsers.
func (s *Server) openAdmin(ctx context.Context) (err error) {
	if s.config.Admin == "" {
		return nil
	}
	s.adminWeb.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", s.config.Admin)
	if err != nil {
		return fmt.Errorf("listen on %s for metrics and health: %w: choose another address, or stop what holds it", s.config.Admin, err)
	}
	if !onLoopback(s.config.Admin) {
		s.config.Log.Warn("metrics and health can be reached from other machines, in plain text and without a password: let only the monitoring reach them", "address", s.config.Admin)
	}
	s.adminWeb.http = &http.Server{
		Handler: s.adminPages(), ReadHeaderTimeout: adminReadTimeout, ReadTimeout: adminReadTimeout, WriteTimeout: adminWriteTimeout, IdleTimeout: webIdleTimeout,
		MaxHeaderBytes: headerBytesMax, ErrorLog: slog.NewLogLogger(s.config.Log.Handler(), slog.LevelDebug),
	}
	return nil
}

// adminPages are what the admin listener answers.
func (s *Server) adminPages() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.metrics.Handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.showReadiness)
	for path, page := range map[string]http.HandlerFunc{"": pprof.Index, "profile": pprof.Profile, "symbol": pprof.Symbol, "trace": pprof.Trace} {
		mux.HandleFunc("GET /debug/pprof/"+path, fromHere(page))
	}
	return mux
}

// fromHere lets only callers on this machine have a page: a profile shows how the server works inside. The command line,
// which pprof would show too, is left out: it may hold a password.
func fromHere(page http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !onLoopback(r.RemoteAddr) {
			http.Error(w, "profiles are given to this machine only", http.StatusForbidden)
			return
		}
		page(w, r)
	}
}

// Readiness is what /readyz answers, and what it tells of each of several realms.
type Readiness struct {
	// Realm is the code of one of several realms, or its folder's name where it cannot be opened.
	Realm string `json:"realm,omitempty"`
	// Ready tells whether calls are answered.
	Ready bool `json:"ready"`
	// Why says why calls are not answered.
	Why string `json:"why,omitempty"`
	// Warnings are what the operator should look at; calls are answered nevertheless.
	Warnings []Advice `json:"warnings"`
	// Realms are those of a server that has several; it is ready when one of them is.
	Realms []Readiness `json:"realms,omitempty"`
}

// showReadiness tells whether calls are answered, with 503 when not, and what to look at.
func (s *Server) showReadiness(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), lookTimeout)
	defer cancel()
	out := s.look(ctx)
	code := http.StatusOK
	if !out.Ready {
		code = http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(out) // Whoever asked has left.
}

// look tells how the server is, and each of its realms where it may have several.
func (s *Server) look(ctx context.Context) Readiness {
	if !s.config.several() {
		return s.realms.first().look(ctx)
	}
	out := Readiness{Warnings: []Advice{}, Why: "no realm answers"}
	out.Realms = lookAll(ctx, s.realms.all())
	if slices.ContainsFunc(out.Realms, func(one Readiness) bool { return one.Ready }) {
		out.Ready, out.Why = true, ""
	}
	for _, u := range s.realms.unopened() {
		out.Realms = append(out.Realms, Readiness{Realm: u.config.name, Why: u.err.Error(), Warnings: []Advice{u.advice()}})
	}
	return out
}

// lookAll tells how realms are. All are looked at beside each other: one whose store stands still does not make the others late.
func lookAll(ctx context.Context, realms []*hosted) []Readiness {
	out := make([]Readiness, len(realms))
	var all sync.WaitGroup
	for i, h := range realms {
		all.Go(func() {
			out[i] = h.look(ctx)
			out[i].Realm = h.observed.Code()
		})
	}
	all.Wait()
	return out
}

// advice says what to do about a realm that cannot be opened.
func (u unopened) advice() Advice {
	return Advice{"realm-unopened", fmt.Sprintf("%s cannot be opened and is not served: %v", u.config.Dir, u.err), "mend what the message names, then SIGHUP to the server: it looks again"}
}

// look tells how a realm is.
func (h *hosted) look(ctx context.Context) Readiness {
	out := Readiness{Ready: true, Warnings: []Advice{}}
	err := h.readiness(ctx)
	if err == nil {
		st, failed := h.standing(ctx)
		err = failed
		out.Warnings = append(out.Warnings, h.advice(&st)...)
	}
	if err != nil {
		out.Ready, out.Why = false, err.Error()
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
			out.Warnings = append(out.Warnings, Advice{storeStands, fmt.Sprintf("the store gave no answer within %v", lookTimeout), storeStandsDo})
		}
	}
	return out
}

// AdminAddr is where metrics and health are; nil where no address was given.
func (s *Server) AdminAddr() net.Addr {
	if s.adminWeb.listener == nil {
		return nil
	}
	return s.adminWeb.listener.Addr()
}

// stopAdmin ends it at once: nobody waits for a number.
func (s *Server) stopAdmin() {
	if s.adminWeb.http != nil {
		_ = s.adminWeb.http.Close()
	}
}

// serveAdmin answers until the server closes: what is wrong while it stops can still be asked.
func (s *Server) serveAdmin() {
	if s.adminWeb.http == nil {
		return
	}
	if err := s.adminWeb.http.Serve(s.adminWeb.listener); !errors.Is(err, http.ErrServerClosed) {
		s.config.Log.Error("metrics and health have stopped", "error", err)
	}
}
