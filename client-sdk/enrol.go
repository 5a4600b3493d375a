package client

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"io"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// deviceNameCharsMax is the protocol's limit for a device's name.
const deviceNameCharsMax = 64

// Enrol turns the join code that the operator gave out into this phone's own
// identity at a server. It may be called again after a failure: the identity was
// made once and stays.
func (r *Replica) Enrol(ctx context.Context, server, code string) error {
	if n := len([]rune(r.o.DeviceName)); n > deviceNameCharsMax {
		return fmt.Errorf("device name of %d characters, %d are allowed", n, deviceNameCharsMax)
	}
	if err := r.prepareSelf(server); err != nil {
		return fmt.Errorf("enrol at %s: %w", server, err)
	}
	t, err := r.connect()
	if err != nil {
		return fmt.Errorf("enrol at %s: %w", server, err)
	}
	req, err := r.enrolRequest(code)
	if err != nil {
		return fmt.Errorf("enrol at %s: %w", server, err)
	}
	resp, err := t.Enrol(ctx, req)
	if err != nil {
		return fmt.Errorf("enrol at %s: %w", server, err)
	}
	if err := r.welcome(resp); err != nil {
		return fmt.Errorf("enrol at %s: %w", server, err)
	}
	return nil
}

// prepareSelf makes incarnation and key before the server hears of them, so that
// a lost answer is asked for again under the same name.
func (r *Replica) prepareSelf(server string) error {
	return r.update(func(tx *localdb.Tx, s *state) error {
		if s.enrolled() {
			return ErrEnrolled
		}
		if s.self.Incarnation.IsZero() {
			if r.keys == nil {
				s.self.Seed = make([]byte, ed25519.SeedSize)
				r.draw(s.self.Seed)
			}
			r.draw(s.self.Incarnation[:])
		}
		if s.self.Server != server {
			s.self.Server = server
			r.disconnect()
		}
		return setJSON(tx, metaSelf, &s.self)
	})
}

func (r *Replica) enrolRequest(code string) (*syncv1.EnrolRequest, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.state.self
	key, err := r.publicKey(s)
	if err != nil {
		return nil, err
	}
	req := &syncv1.EnrolRequest{Code: code, Incarnation: s.Incarnation[:], PublicKey: key, DeviceName: r.o.DeviceName}
	req.Signature, err = r.signer(s)(wire.EnrolMessage(req))
	return req, err
}

// welcome takes over what the server says of this phone.
func (r *Replica) welcome(resp *syncv1.EnrolResponse) error {
	user, ok := syncengine.IDFromBytes(resp.GetUserId())
	if !ok || resp.GetRealm() == 0 || len(resp.GetReceiptKey()) != ed25519.PublicKeySize {
		return fmt.Errorf("%w: realm %d, user of %d bytes, receipt key of %d", ErrReply, resp.GetRealm(), len(resp.GetUserId()), len(resp.GetReceiptKey()))
	}
	return r.update(func(tx *localdb.Tx, s *state) error {
		s.self.Realm, s.self.User, s.self.UserName, s.self.ReceiptKey = resp.GetRealm(), user, resp.GetUserName(), resp.GetReceiptKey()
		s.pos.Nonce = resp.GetNonce()
		at := syncengine.UnixMilli(resp.GetClockMs())
		s.pos.ClockOffset, s.pos.ClockMost, s.pos.SyncedAt = at-r.now(), at, at
		if resp.GetGrants() != nil {
			s.grants = resp.GetGrants()
		}
		s.rights = rightsOf(s.grants, s.view)
		if err := setJSON(tx, metaSelf, &s.self); err != nil {
			return err
		}
		if err := setProto(tx, metaGrants, s.grants); err != nil {
			return err
		}
		if err := s.keepEnrolment(tx, resp.GetEnrolment()); err != nil {
			return err
		}
		if err := s.internAuthor(tx); err != nil {
			return err
		}
		return s.savePosition(tx)
	})
}

// connect gives the transport, dialled when there is none yet.
func (r *Replica) connect() (Transport, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.transport != nil {
		return r.transport, nil
	}
	if r.state.self.Server == "" {
		return nil, ErrNotEnrolled
	}
	t, err := r.o.dial(r.state.self.Server)
	if err != nil {
		return nil, err
	}
	r.transport = t
	r.own, _ = t.(io.Closer)
	return t, nil
}

// disconnect forgets a dialled transport. The caller holds r.mu.
func (r *Replica) disconnect() {
	if r.own == nil {
		return
	}
	// A connection that does not close cleanly is of no more use either way.
	_ = r.own.Close()
	r.own, r.transport = nil, nil
}
