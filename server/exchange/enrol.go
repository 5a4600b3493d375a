package exchange

import (
	"context"
	"crypto/ed25519"
	"fmt"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Enrol registers a device with a join code. Repeated with the same incarnation
// and key, as after a lost reply, it gives the same answer.
func (s *Service) Enrol(ctx context.Context, req *syncv1.EnrolRequest) (*syncv1.EnrolResponse, error) {
	incarnation, ok := syncengine.IDFromBytes(req.GetIncarnation())
	if !ok || incarnation.IsZero() {
		return nil, badRequest("incarnation of %d bytes", len(req.GetIncarnation()))
	}
	key := ed25519.PublicKey(req.GetPublicKey())
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, wire.EnrolMessage(req), req.GetSignature()) {
		return nil, ErrBadSignature
	}
	var device identity.Device
	now := s.now()
	err := s.Update(ctx, func(w store.Writer) (err error) {
		asked := identity.Device{Incarnation: incarnation, PublicKey: key, EnrolledAt: now}
		if device, err = s.enrol(w, req, asked); err == nil {
			_, err = accessledger.Append(w, enrolled(device, now, "join code"))
		}
		if err == nil {
			err = s.attend(w, device.Incarnation)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	return s.welcome(ctx, device, now)
}

// enrol registers the device with its first lease.
func (s *Service) enrol(w store.Writer, req *syncv1.EnrolRequest, asked identity.Device) (identity.Device, error) {
	user, err := identity.RedeemCode(w, req.GetCode(), asked.Incarnation, asked.EnrolledAt)
	if err != nil {
		return identity.Device{}, err
	}
	length, err := s.caches.lease(w)
	if err != nil {
		return identity.Device{}, err
	}
	asked.UserID, asked.Name, asked.State = user, req.GetDeviceName(), identity.DeviceActive
	device, err := identity.EnrolDevice(w, asked)
	if err != nil {
		return device, err
	}
	progress := &storedv1.Progress{}
	known, err := read(w, bucketProgress, device.Incarnation[:], progress)
	if err != nil {
		return device, err
	}
	if !known {
		grants, err := identity.CurrentGrants(w, user)
		if err != nil {
			return device, err
		}
		progress.Chain = make([]byte, 32)
		progress.Switches = []*storedv1.GrantSwitch{{Version: grants.Version}}
	}
	noteLease(progress, progress.GetMark(), asked.EnrolledAt+length)
	return device, w.PutDocument(bucketProgress, device.Incarnation[:], encode(progress))
}

func (s *Service) welcome(ctx context.Context, device identity.Device, now syncengine.UnixMilli) (*syncv1.EnrolResponse, error) {
	out := &syncv1.EnrolResponse{
		Realm: s.realm.Code, UserId: device.UserID[:], ClockMs: int64(now),
		Nonce: s.nonces.issue(device.Incarnation), ReceiptKey: s.receiptPublicKey(),
	}
	err := s.store.View(ctx, func(r store.Reader) error {
		user, err := s.caches.user(r, device.UserID)
		if err != nil {
			return err
		}
		grants, err := s.caches.grants(r, device.UserID)
		if err != nil {
			return err
		}
		length, err := s.caches.lease(r)
		if err != nil {
			return err
		}
		out.UserName, out.Grants = user.Name, s.signedGrants(device.UserID, grants, now, now+length)
		out.Enrolment, err = s.enrolmentOf(r, device)
		return err
	})
	return out, err
}

// watchAgeMax is how old a signed watch request may be, in milliseconds: phones'
// clocks differ, and a replayed one only learns that the log has grown.
const watchAgeMax = 10 * 60_000

// CheckWatch authenticates a request for hints.
func (s *Service) CheckWatch(ctx context.Context, req *syncv1.WatchRequest) error {
	incarnation, ok := syncengine.IDFromBytes(req.GetIncarnation())
	if !ok {
		return badRequest("incarnation of %d bytes", len(req.GetIncarnation()))
	}
	if req.GetRealm() != s.realm.Code {
		return ErrWrongRealm
	}
	device, err := s.deviceOf(ctx, incarnation)
	if err != nil {
		return err
	}
	if !ed25519.Verify(device.PublicKey, wire.WatchMessage(req), req.GetSignature()) {
		return ErrBadSignature
	}
	if age := int64(s.now()) - req.GetTimeMs(); age > watchAgeMax || age < -watchAgeMax {
		return fmt.Errorf("%w: sync once to set the clock offset, then watch again", ErrStale)
	}
	return nil
}
