package syncrpc

import (
	"context"
	"errors"
	"time"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/throttle"
	"onedoor/syncengine"
)

var (
	// failuresByAddress is how many wrong codes one address may send: a training day has many slips of the finger. A
	// code has 55 random bits, so that this bounds noise more than it bounds luck.
	failuresByAddress = throttle.Rule{Burst: 60, Every: 20 * time.Second}
	// failuresByDevice is how many one phone may.
	failuresByDevice = throttle.Rule{Burst: 10, Every: time.Minute}
	// enrolmentsByAddress is how many phones one address may enrol: on the day that a street starts, all are in one room.
	enrolmentsByAddress = throttle.Rule{Burst: 1000, Every: 10 * time.Second}
	// enrolmentsByUser is how many phones one user may enrol: a broken screen, a reinstalled app and a second phone in
	// one afternoon are a bad day, and twenty are a leak of codes.
	enrolmentsByUser = throttle.Rule{Burst: 20, Every: time.Hour}
)

// Enrolments counts phones that enrol and codes that fail, of all realms of a process together.
type Enrolments struct {
	addresses, devices, byAddress, byUser *throttle.Throttle
	// behindGateway says that the address of a caller is what the gateway tells.
	behindGateway bool
	now           func() time.Time
}

// NewEnrolments counts by now's clock; behind a gateway the address of a caller is what that tells.
func NewEnrolments(behindGateway bool, now func() time.Time) *Enrolments {
	return &Enrolments{
		addresses: throttle.Common("join address", failuresByAddress), devices: throttle.Common("join phone", failuresByDevice),
		byAddress: throttle.Common("joined address", enrolmentsByAddress), byUser: throttle.Common("joined user", enrolmentsByUser),
		behindGateway: behindGateway, now: now,
	}
}

// Enrol registers a device, unless too many did or failed to.
func (s *Service) Enrol(ctx context.Context, req *syncv1.EnrolRequest) (*syncv1.EnrolResponse, error) {
	resp, err := s.enrol(ctx, req)
	return resp, s.status(ctx, err)
}

func (s *Service) enrol(ctx context.Context, req *syncv1.EnrolRequest) (*syncv1.EnrolResponse, error) {
	owner, err := s.codeOwner(ctx, req.GetCode())
	if err != nil {
		return nil, err
	}
	e, now := s.enrolments, s.enrolments.now()
	address := throttle.Address(ctx, e.behindGateway)
	failures := throttle.All{{Throttle: e.addresses, Key: address}, {Throttle: e.devices, Key: string(req.GetIncarnation())}}
	enrolled := throttle.All{{Throttle: e.byAddress, Key: address}, {Throttle: e.byUser, Key: owner}}
	both := append(append(throttle.All{}, failures...), enrolled...)
	if err := s.guesses.Take(ctx, both, now); err != nil {
		return nil, err
	}
	resp, err := s.realm.Enrol(ctx, req)
	switch {
	case err == nil:
		failures.GiveBack(now)
		s.guesses.Keep(ctx, enrolled, now)
	case guessed(err):
		enrolled.GiveBack(now)
		s.guesses.Keep(ctx, failures, now)
	default:
		both.GiveBack(now)
	}
	return resp, err
}

// codeOwner gives the user of a code as a key; empty for a code of nobody.
func (s *Service) codeOwner(ctx context.Context, code string) (string, error) {
	var owner syncengine.ID
	err := s.realm.View(ctx, func(r store.Reader) (err error) {
		owner, err = identity.CodeOwner(r, code)
		return err
	})
	if guessed(err) {
		return "", nil
	}
	return string(owner[:]), err
}

// guessed reports an error that a guessed code would have ended with.
func guessed(err error) bool {
	return errors.Is(err, identity.ErrCodeUnknown) || errors.Is(err, identity.ErrCodeMistyped) ||
		errors.Is(err, identity.ErrCodeUsed) || errors.Is(err, identity.ErrCodeExpired)
}
