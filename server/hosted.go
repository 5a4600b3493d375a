package server

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/server/adminrpc"
	"onedoor/server/casework"
	"onedoor/server/console"
	"onedoor/server/exchange"
	"onedoor/server/feed"
	"onedoor/server/feedrpc"
	"onedoor/server/identity"
	"onedoor/server/notify"
	"onedoor/server/observe"
	"onedoor/server/report"
	"onedoor/server/reportrpc"
	"onedoor/server/sideledger"
	"onedoor/server/signin"
	"onedoor/server/store"
	"onedoor/server/syncrpc"
	"onedoor/server/tenure"
	"onedoor/server/throttle"
	"onedoor/server/turns"
	"onedoor/syncengine"
)

// process is what the realms of a server share.
type process struct {
	metrics *observe.Metrics
	traces  *observe.Traces
	// turns shares the processor between the realms.
	turns *turns.Turns
	// enrolments and signIns count guesses, of all realms together.
	enrolments *syncrpc.Enrolments
	signIns    *signin.Limits
	// served lists the realms of the process, for who signs in.
	served func() []*adminv1.ServedRealm
	// outdated is told of a realm that newer software has taken over.
	outdated func()
	// stopping is closed when the server begins to stop.
	stopping chan struct{}
}

// hosted is one realm with all that serves it: store, keys, write path, and the services that answer for it. It listens
// nowhere: the server brings it the calls that are its.
type hosted struct {
	process
	// config is the server's, with what is the realm's own.
	config  Config
	store   store.Store
	realm   *exchange.Service
	secrets *identity.Secrets
	cases   *casework.Service
	reports *report.Service
	feeds   *feed.Service
	hub     *notify.Hub
	// admin, figures, phones and systems answer its callers.
	admin   *adminrpc.Service
	figures *reportrpc.Service
	phones  *syncrpc.Service
	systems *feedrpc.Service
	// console is nil where the server has no address for it.
	console  *console.Console
	observed *observe.Realm
	watched  *observe.Store
	ledger   *sideledger.Ledger
	backups  backups
	upkeep   upkeep
	// post is this server's side of the post of upkeep; nil where the realm has no other server.
	post *tenure.Post
	// name is the server's among those of the realm, roster its side of the list of them; nil for the only one.
	name   syncengine.ID
	roster *tenure.Roster
	// guesses are the failed tries that the realm's servers count together; nil for the only one.
	guesses *throttle.Shared
	// room is what it has in hand, turn its part of the processor.
	room room
	turn *turns.Realm
	// behind is set when newer software has taken the realm over.
	behind atomic.Bool
	// ending ends what begin began, which ended waits for.
	ending context.CancelFunc
	ended  sync.WaitGroup
}

// openHosted opens a realm from the store upwards; where it fails nothing of it stays open.
func openHosted(ctx context.Context, p process, c Config) (*hosted, error) {
	h := &hosted{process: p, config: c, hub: notify.New(), turn: p.turns.Join()}
	for _, step := range []func(context.Context) error{h.makeLedgerFolder, h.openStore, h.observeStore, h.signIn, h.openRealm, h.openPost, h.openServices, h.openConsole, h.startUpkeep} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, h.close())
		}
	}
	return h, nil
}

// openServices makes what answers the realm's callers.
func (h *hosted) openServices(ctx context.Context) error {
	h.guesses = h.guessing()
	h.openReaders()
	h.openAdminService()
	if err := h.admin.Publish(ctx); err != nil {
		return fmt.Errorf("%s: %w", h.config.Dir, err)
	}
	h.figures = reportrpc.New(h.realm, h.reports, h.config.Log)
	h.phones = syncrpc.New(h.realm, h.hub, syncrpc.Options{
		Stopping: h.stopping, BehindGateway: h.config.behindGateway(), Now: h.config.Now, Log: h.config.Log, Minimum: h.config.MinClient,
		Enrolments: h.enrolments, Guesses: h.guesses,
	})
	h.systems = feedrpc.New(h.realm, h.feeds, feedrpc.Options{Hub: h.hub, Stopping: h.stopping, Log: h.config.Log})
	return nil
}

// code is the realm's six digits as a number.
func (h *hosted) code() uint32 { return h.realm.Realm().Code }

// begin starts what the realm does beside answering calls while the server answers them.
func (h *hosted) begin() {
	ctx, cancel := context.WithCancel(context.Background())
	h.ending = cancel
	for _, loop := range []func(context.Context){h.endGrants, h.watchCases, h.feeds.Run, h.followOthers} {
		h.ended.Go(func() { loop(ctx) }) // stopped by end
	}
}

// end stops what begin started.
func (h *hosted) end() {
	if h.ending != nil {
		h.ending()
		h.ended.Wait()
	}
}

// close closes what has been opened, from the services down. No call is under way any more.
func (h *hosted) close() error {
	var errs []error
	h.end()
	h.stopUpkeep()
	h.layDown()
	if h.realm != nil {
		errs = append(errs, h.realm.Close())
	}
	if h.ledger != nil {
		errs = append(errs, h.ledger.Close())
	}
	h.signOut()
	if h.store != nil {
		errs = append(errs, h.store.Close())
	}
	h.turn.Leave()
	return errors.Join(errs...)
}
