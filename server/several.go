package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/tenure"
)

// A realm in a database may be served by several servers. What one of them writes the others notice by looking at the head; what
// is to be done once, one of them does, who holds the post.

// lookEvery is how often a server looks whether others have written, while somebody waits to be told: a hint that is half a second
// late is still a hint, and a look is one small reading.
const lookEvery = 500 * time.Millisecond

// shared reports that other servers may have the realm open too.
func (c Config) shared() bool { return c.elsewhere() }

// signIn draws the server's name and says in the list of servers that it has the realm open, before it reads anything else of it. A
// server that has the realm to itself needs neither.
func (h *hosted) signIn(ctx context.Context) (err error) {
	if !h.config.shared() {
		return nil
	}
	random := h.config.Random
	if random == nil {
		random = rand.Reader
	}
	if _, err := io.ReadFull(random, h.name[:]); err != nil {
		return fmt.Errorf("draw the server's name: %w", err)
	}
	h.roster = tenure.NewRoster(h.name, h.config.Schema.Engine.Version, h.config.RenewEvery)
	_, err = h.roster.Renew(ctx, postsIn{h.store}, time.Now())
	return err
}

// signOut says that it has the realm open no more.
func (h *hosted) signOut() {
	if err := h.roster.Leave(context.Background(), postsIn{h.store}); err != nil {
		h.config.Log.Debug("this server stands in the list of servers still; another one strikes it off in a moment", "error", err)
	}
}

// openPost makes this server's side of the post of upkeep, and takes it where nobody holds it.
func (h *hosted) openPost(ctx context.Context) error {
	if !h.config.shared() {
		return nil
	}
	h.post = tenure.New("upkeep", h.name, h.config.RenewEvery)
	_, err := h.post.Renew(ctx, h.realm, time.Now())
	return errors.Join(err, h.readNoted(ctx))
}

// olderBeside reports that the realm may be served by a server that does not know this one's record schema: then this one goes
// by the realm's until all know it.
func (h *hosted) olderBeside(ctx context.Context) (older bool, err error) {
	if !h.config.shared() {
		return false, nil
	}
	err = h.store.View(ctx, func(r store.Reader) error {
		oldest, any, err := tenure.Oldest(r)
		older = any && oldest < h.config.Schema.Engine.Version
		return err
	})
	return older, err
}

// liftFrom brings the realm to the newest record schema that this server knows where the oldest that any server knows is it.
func (h *hosted) liftFrom(ctx context.Context, oldest uint32) error {
	if oldest < h.config.Schema.Engine.Version {
		return nil
	}
	return h.lift(ctx, exchange.HeldBack)
}

// lift brings the realm to the newest record schema where it is at a stage.
func (h *hosted) lift(ctx context.Context, from exchange.Stage) error {
	stage, err := h.realm.Stage(ctx)
	if err != nil || stage != from {
		return err
	}
	if err = h.realm.Lift(ctx); err == nil {
		h.tellLift()
	}
	return err
}

// tellLift says that there is no way back to older software.
func (h *hosted) tellLift() {
	h.config.Log.Info("every server knows the record schema: the realm goes by it from now on", "schema", h.config.Schema.Engine.Version)
}

// goesBy gives the record schema that a realm of several servers goes by; 0 for one that is not shared, and for one that cannot be
// read, which whoever opens it says.
func (h *hosted) goesBy(ctx context.Context) (version uint32) {
	if !h.config.shared() {
		return 0
	}
	_ = h.store.View(ctx, func(r store.Reader) error {
		realm, err := identity.GetRealm(r)
		version = realm.SchemaVersion
		return err
	})
	return version
}

// keepPost says that this server is there and renews the post or waits for it, and stores meanwhile what phones have said of how
// far they are, so that whoever holds it knows.
func (h *hosted) keepPost(ctx context.Context) {
	for held := h.post.Held(); wait(ctx, h.config.RenewEvery) == nil; {
		oldest, err := h.roster.Renew(ctx, h.realm, time.Now())
		now, failed := h.post.Renew(ctx, h.realm, time.Now())
		err = errors.Join(err, failed)
		for _, also := range []func(context.Context) error{h.realm.StoreReached, h.readNoted, h.realm.FollowLedger} {
			if err == nil {
				err = also(ctx)
			}
		}
		switch {
		case err == nil:
			err = h.liftFrom(ctx, oldest)
		case errors.Is(err, store.ErrUnavailable): // It may be another server's lift that was cut off.
			err = errors.Join(err, h.lift(ctx, exchange.Merging))
		}
		switch {
		case errors.Is(err, store.ErrNewer):
			h.fallBehind(err)
		case err != nil && ctx.Err() == nil:
			h.config.Log.Warn("the post of upkeep was not renewed", "error", err)
		}
		if now != held {
			h.config.Log.Info("the post of upkeep has changed hands", "held_here", now)
		}
		held = now
	}
}

// layDown leaves the post to another server.
func (h *hosted) layDown() {
	if h.post == nil {
		return
	}
	if err := h.post.LayDown(context.Background(), h.realm); err != nil {
		h.config.Log.Debug("the post of upkeep was not laid down; another server takes it in a moment", "error", err)
	}
}

// followOthers tells listeners of what other servers have written, until ctx ends.
func (h *hosted) followOthers(ctx context.Context) {
	if !h.config.shared() {
		return
	}
	var told store.Head
	for wait(ctx, lookEvery) == nil {
		if !h.hub.Listening() {
			continue
		}
		var head store.Head
		err := h.realm.View(ctx, func(r store.Reader) error {
			head = r.Head()
			return nil
		})
		switch {
		case errors.Is(err, store.ErrNewer):
			h.fallBehind(err)
			h.hub.Hint(told.Seq) // Who is told calls, is refused, and goes to another server.
		case err == nil && head != told:
			told = head
			h.hub.Hint(head.Seq)
		}
	}
}

// fallBehind notes that newer software has taken the realm over, once.
func (h *hosted) fallBehind(err error) {
	if h.behind.Swap(true) {
		return
	}
	h.config.Log.Error("another server with newer software has taken the realm over: this one refuses every call until its software is upgraded", "error", err)
	h.outdated()
}

// fallBehind tells balancers that newer software has taken over all that this server serves; of a part /readyz tells.
func (s *Server) fallBehind() {
	list := s.realms.all()
	if len(list) == 0 || slices.ContainsFunc(list, func(h *hosted) bool { return !h.behind.Load() }) {
		return
	}
	s.health.SetServingStatus("", healthv1.HealthCheckResponse_NOT_SERVING)
	s.health.SetServingStatus(syncv1.SyncService_ServiceDesc.ServiceName, healthv1.HealthCheckResponse_NOT_SERVING)
}
