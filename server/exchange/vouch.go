package exchange

import (
	"context"
	"crypto/ed25519"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// What a restore has lost of identity and the realm has signed comes back with the
// phones that carry it: their enrolment and their grants.

// enrolmentOf signs that a device belongs to a user.
func (s *Service) enrolmentOf(r store.Reader, d identity.Device) (*syncv1.Enrolment, error) {
	user, err := s.caches.user(r, d.UserID)
	if err != nil {
		return nil, err
	}
	e := &syncv1.Enrolment{
		Incarnation: d.Incarnation[:], PublicKey: d.PublicKey, UserId: d.UserID[:], UserName: user.Name, Role: user.Role,
		DeviceName: d.Name, EnrolledAtMs: int64(d.EnrolledAt),
	}
	if !d.Parent.IsZero() {
		last, chain, ok, err := identity.Branched(r, d.Incarnation)
		if err != nil || !ok {
			// A branch of older software does not tell its chain; such a device is enrolled anew.
			return nil, err
		}
		e.Parent, e.LastCommon, e.Chain = d.Parent[:], uint64(last), chain[:]
	}
	e.Signature = ed25519.Sign(s.secrets.ReceiptKey(), wire.EnrolmentMessage(e))
	return e, nil
}

// adopt takes up the device of a call that this realm has enrolled and does not
// know any more, once the call is found to be signed by that device's own key.
func (s *Service) adopt(ctx context.Context, c *call, signed, signature []byte, incarnation syncengine.ID) (d identity.Device, err error) {
	e := c.body.GetEnrolment()
	if string(e.GetIncarnation()) != string(incarnation[:]) || !wire.VerifyEnrolment(s.receiptPublicKey(), e) ||
		len(e.GetPublicKey()) != ed25519.PublicKeySize || !ed25519.Verify(e.GetPublicKey(), wire.ExchangeMessage(signed), signature) {
		return d, ErrUnknownDevice
	}
	device, user, ok := adoptedFrom(e)
	if !ok {
		return d, ErrUnknownDevice
	}
	err = s.Update(ctx, func(w store.Writer) error {
		if err := identity.AdoptDevice(w, device, user); err != nil {
			return err
		}
		_, err := accessledger.Append(w, enrolled(device, s.now(), "its own proof, after a restore"))
		return err
	})
	if err != nil {
		return d, err
	}
	s.log.Warn("a device that a restore had lost is known again by its own proof", "incarnation", incarnation)
	return s.deviceOf(ctx, incarnation)
}

func adoptedFrom(e *syncv1.Enrolment) (identity.Device, identity.User, bool) {
	d := identity.Device{
		PublicKey: e.GetPublicKey(), Name: e.GetDeviceName(), State: identity.DeviceActive, EnrolledAt: syncengine.UnixMilli(e.GetEnrolledAtMs()),
		LastCommon: syncengine.DeviceSeq(e.GetLastCommon()),
	}
	var known, whose bool
	d.Incarnation, known = syncengine.IDFromBytes(e.GetIncarnation())
	d.UserID, whose = syncengine.IDFromBytes(e.GetUserId())
	d.Parent, _ = syncengine.IDFromBytes(e.GetParent())
	copy(d.Chain[:], e.GetChain())
	return d, identity.User{ID: d.UserID, Name: e.GetUserName(), Role: e.GetRole(), State: identity.UserActive}, known && whose
}

// takeGrants takes up the grants that a phone hands back with the realm's own
// signature, where a restore has lost them.
func (s *Service) takeGrants(ctx context.Context, c *call) error {
	shown, user := c.body.GetGrants(), c.push.device.UserID
	if shown == nil || !wire.VerifyGrants(s.receiptPublicKey(), user[:], shown) {
		return nil
	}
	var current identity.GrantVersion
	err := s.store.View(ctx, func(r store.Reader) (err error) {
		current, err = s.caches.grants(r, user)
		return err
	})
	if err != nil || shown.GetVersion() <= current.Version || c.push.device.State != identity.DeviceActive {
		return err
	}
	v := identity.GrantVersion{Version: shown.GetVersion(), At: s.now()}
	for _, m := range shown.GetGrants() {
		g := identity.Grant{Role: m.GetRole(), Until: syncengine.UnixMilli(m.GetUntilMs())}
		g.Territory, _ = syncengine.IDFromBytes(m.GetTerritoryId())
		for _, b := range m.GetRecordIds() {
			id, _ := syncengine.IDFromBytes(b)
			g.Records = append(g.Records, id)
		}
		v.Grants = append(v.Grants, g)
	}
	err = s.Update(ctx, func(w store.Writer) error {
		u, err := identity.GetUser(w, user)
		if err != nil || u.State != identity.UserActive {
			return err
		}
		if err := identity.AdoptGrants(w, user, v); err != nil {
			return err
		}
		_, err = accessledger.Append(w, accessledger.Entry{
			At: v.At, Action: accessledger.GrantsSet, Actor: accessledger.Actor{User: user, Device: c.push.device.Incarnation},
			Users: []syncengine.ID{user}, Reason: "the realm's own signature, after a restore",
		})
		return err
	})
	if err != nil {
		// A territory that the restore has lost as well: the grants wait for the operator.
		s.log.Warn("grants that a restore had lost were not taken up", "user", user, "version", v.Version, "error", err)
	}
	return nil
}

// vouch adds what the phone lacks of proofs to the reply.
func (a *answering) vouch() (err error) {
	if a.call.body.GetLacksEnrolment() && a.call.push.device.State == identity.DeviceActive {
		a.reply.Enrolment, err = a.svc.enrolmentOf(a.r, a.call.push.device)
	}
	return err
}
