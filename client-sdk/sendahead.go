package client

import (
	"context"
	"errors"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
)

// sendingAhead is a batch on its way to the server before its exchange, which then names it by its hash. A nil one is of
// a batch that its exchange brings itself; so does that of one that failed.
type sendingAhead struct {
	hash   [32]byte
	cancel context.CancelFunc
	done   chan struct{}
	// err is read behind done.
	err error
}

// sendAhead sends a batch that was made ready; nil where the transport does not.
func (u *run) sendAhead(b *batchAhead) (*sendingAhead, error) {
	t, ok := u.transport.(AheadSender)
	if !ok || !t.SendsAhead(len(b.encoded)) {
		return nil, nil
	}
	s := &sendingAhead{hash: wire.AheadHash(b.encoded), done: make(chan struct{})}
	req, err := u.aheadRequest(b, s.hash)
	if err != nil {
		return nil, err
	}
	var ctx context.Context
	ctx, s.cancel = context.WithCancel(u.ctx)
	u.r.o.Go(func() {
		defer close(s.done)
		s.err = t.SendAhead(ctx, req)
	})
	return s, nil
}

func (u *run) aheadRequest(b *batchAhead, hash [32]byte) (req *syncv1.SendAheadRequest, err error) {
	self := u.r.self()
	req = &syncv1.SendAheadRequest{
		Realm: self.Realm, Incarnation: self.Incarnation[:], FirstDeviceSeq: uint64(b.rows[0].DeviceSeq), Changes: b.encoded,
	}
	req.Signature, err = u.r.signer(&self)(wire.AheadMessage(req, hash))
	return req, err
}

// self gives who the phone is.
func (r *Replica) self() self {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.self
}

// wait waits until the batch is with the server, or its call has failed.
func (s *sendingAhead) wait() {
	if s != nil {
		<-s.done
		s.cancel()
	}
}

// arrived reports that the server has the batch; wait comes first.
func (s *sendingAhead) arrived() bool { return s != nil && s.err == nil }

// drop ends a call whose batch is of no use any more.
func (s *sendingAhead) drop() {
	if s != nil {
		s.cancel()
		<-s.done
	}
}

// reasonAheadUnknown is the reason of a server that does not have what was sent ahead any more.
const reasonAheadUnknown = "AHEAD_UNKNOWN"

// aheadUnknown reports that the exchange has to bring the changes itself.
func aheadUnknown(err error) bool {
	var fault *Fault
	return errors.As(err, &fault) && fault.Reason == reasonAheadUnknown
}
