package adminrpc

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"sync"
	"time"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/server/casework"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/signin"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Options are what a service needs from outside; each has a default.
type Options struct {
	// Now is the server's clock; the system's when nil.
	Now func() time.Time
	// Random draws join codes and tokens; the system's when nil. It is read inside
	// the write transaction only, so never by two callers at once.
	Random io.Reader
	// SignIn signs people in; nil where nobody calls for that, as when a realm is made.
	SignIn *signin.Service
	// Cases works the centre's cases; one with the rules that are compiled in when nil.
	Cases *casework.Service
	// BehindGateway says that callers come through a gateway, which tells their addresses.
	BehindGateway bool
	// LastBackup tells when the newest verified backup was made; ok is false where there is none. Nil for none ever.
	LastBackup func(store.Reader) (made time.Time, ok bool, err error)
	// VisitsBy counts the visits that users made in a run of time; the realm's own walk over its log when nil.
	VisitsBy func(r store.Reader, users []syncengine.ID, from, until syncengine.UnixMilli) (map[syncengine.ID]int, error)
	// Log takes management calls and faults, never record content; silent when nil.
	Log *slog.Logger
}

// Service answers operators and console users.
type Service struct {
	adminv1.UnimplementedAdminServiceServer
	adminv1.UnimplementedPrivacyServiceServer
	realm  *exchange.Service
	clock  func() time.Time
	random io.Reader
	log    *slog.Logger
	signin *signin.Service
	cases  *casework.Service
	// behindGateway says that the address of a caller is what the gateway tells.
	behindGateway bool
	// lastBackup is Options.LastBackup.
	lastBackup func(store.Reader) (made time.Time, ok bool, err error)
	// visitsBy is Options.VisitsBy.
	visitsBy func(r store.Reader, users []syncengine.ID, from, until syncengine.UnixMilli) (map[syncengine.ID]int, error)
	// importing guards the making of an import: two at once could both make the same door.
	importing sync.Mutex
}

// New makes the service.
func New(realm *exchange.Service, o Options) *Service {
	s := &Service{realm: realm, clock: o.Now, random: o.Random, log: o.Log, signin: o.SignIn, cases: o.Cases, behindGateway: o.BehindGateway, lastBackup: o.LastBackup, visitsBy: o.VisitsBy}
	if s.visitsBy == nil {
		s.visitsBy = realm.VisitsBy
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.random == nil {
		s.random = rand.Reader
	}
	if s.cases == nil {
		s.cases = casework.New(realm, casework.Options{Now: s.clock, Log: o.Log})
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

func (s *Service) now() syncengine.UnixMilli { return syncengine.UnixMilli(s.clock().UnixMilli()) }

// GetRealm tells which realm this is and how far its log has come.
func (s *Service) GetRealm(ctx context.Context, _ *adminv1.GetRealmRequest) (*adminv1.GetRealmResponse, error) {
	return answer(ctx, s, anyone, func(c *caller) (*adminv1.GetRealmResponse, error) {
		var out *adminv1.GetRealmResponse
		err := s.realm.View(c.ctx, func(r store.Reader) error {
			realm, err := identity.GetRealm(r)
			head := r.Head()
			out = &adminv1.GetRealmResponse{
				Code: realm.Code, Name: realm.Name, CreatedMs: int64(realm.Created), SchemaVersion: realm.SchemaVersion,
				Epoch: uint32(head.Epoch), Seq: uint64(head.Seq), CommittedMs: int64(head.Committed),
			}
			return err
		})
		return out, err
	})
}
