package exchange

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"sync"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/server/identity"
	"onedoor/server/turns"
	"onedoor/syncengine"
)

// A phone with a long outbox sends the changes of its next batch while the one before is being decided, so that the
// exchange which follows brings a hash of them in place of half a megabyte. What came ahead decides nothing, is stored
// nowhere and is forgotten without harm: the phone then sends the batch itself.

const (
	// aheadsMax bounds the batches that wait for their exchange, some two megabytes each as they are read. The oldest
	// makes room.
	aheadsMax = 16
	// aheadBytesMax bounds one of them: what a batch may hold, and what stands around its changes.
	aheadBytesMax = 2 * wire.BatchBytesMax
	// aheadFor is how long one may wait, in milliseconds: longer than a phone tries to get an answer.
	aheadFor syncengine.UnixMilli = 120_000
)

// aheadBatch is the changes of a batch whose exchange is to follow.
type aheadBatch struct {
	first   syncengine.DeviceSeq
	hash    [32]byte
	changes []*syncv1.BatchChange
	decoded []supplied
	came    syncengine.UnixMilli
}

// aheads holds at most one batch of each device.
type aheads struct {
	// mu guards of.
	mu sync.Mutex
	of map[syncengine.ID]*aheadBatch
}

// keep holds a device's batch in place of one that it sent before, and lets go of what has waited too long.
func (a *aheads) keep(incarnation syncengine.ID, b *aheadBatch) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of == nil {
		a.of = map[syncengine.ID]*aheadBatch{}
	}
	delete(a.of, incarnation)
	var oldest syncengine.ID
	for id, o := range a.of {
		if b.came-o.came > aheadFor {
			delete(a.of, id)
		} else if was := a.of[oldest]; was == nil || o.came < was.came {
			oldest = id
		}
	}
	if len(a.of) >= aheadsMax {
		delete(a.of, oldest)
	}
	a.of[incarnation] = b
}

// take gives a device's batch out, once; nil when it is another one or not there.
func (a *aheads) take(incarnation syncengine.ID, first syncengine.DeviceSeq, hash []byte) *aheadBatch {
	a.mu.Lock()
	defer a.mu.Unlock()
	b := a.of[incarnation]
	if b == nil || b.first != first || string(b.hash[:]) != string(hash) {
		return nil
	}
	delete(a.of, incarnation)
	return b
}

// SendAhead takes the changes of a batch whose exchange is to follow.
func (s *Service) SendAhead(ctx context.Context, req *syncv1.SendAheadRequest) (*syncv1.SendAheadResponse, error) {
	if req.GetRealm() != s.realm.Code {
		return nil, fmt.Errorf("%w: the phone belongs to %06d, this server serves %06d", ErrWrongRealm, req.GetRealm(), s.realm.Code)
	}
	incarnation, ok := syncengine.IDFromBytes(req.GetIncarnation())
	if !ok || req.GetFirstDeviceSeq() == 0 || len(req.GetChanges()) > aheadBytesMax {
		return nil, badRequest("changes sent ahead: %d bytes from change %d on", len(req.GetChanges()), req.GetFirstDeviceSeq())
	}
	device, err := s.deviceOf(ctx, incarnation)
	if err != nil {
		return nil, err
	}
	b := &aheadBatch{first: syncengine.DeviceSeq(req.GetFirstDeviceSeq()), hash: wire.AheadHash(req.GetChanges()), came: s.now()}
	if device.State != identity.DeviceActive || !ed25519.Verify(device.PublicKey, wire.AheadMessage(req, b.hash), req.GetSignature()) {
		return nil, ErrBadSignature
	}
	if err := s.turns.Do(ctx, turns.Judge, func(*turns.Piece) error { return b.read(req.GetChanges(), s.secrets) }); err != nil {
		return nil, err
	}
	s.aheads.keep(incarnation, b)
	return &syncv1.SendAheadResponse{}, nil
}

func (b *aheadBatch) read(encoded []byte, keys keyring) (err error) {
	if b.changes, err = wire.BatchChanges(encoded); err != nil {
		return badRequest("changes sent ahead: %v", err)
	}
	b.decoded, err = decodeChanges(b.first, b.changes, keys)
	return err
}

// bringAhead puts what came ahead into the batch that names it.
func (s *Service) bringAhead(c *call, incarnation syncengine.ID) error {
	b := c.body.GetBatch()
	hash := b.GetSentAhead()
	if len(hash) == 0 {
		return nil
	}
	if len(b.GetChanges()) > 0 {
		return badRequest("a batch that names what was sent ahead and brings changes too")
	}
	if c.ahead = s.aheads.take(incarnation, syncengine.DeviceSeq(b.GetFirstDeviceSeq()), hash); c.ahead == nil {
		return ErrAheadUnknown
	}
	b.Changes = c.ahead.changes
	return nil
}
