package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// ErrNoLookUp: the line to the server knows no look-ups.
var ErrNoLookUp = errors.New("the server cannot be asked for a look-up")

// lookTrips is how often a look-up asks at most: once more with the nonce that the first answer brought.
const lookTrips = 2

// lookingUp is a transport that can be asked for a look-up.
type lookingUp interface {
	LookUp(ctx context.Context, req *syncv1.LookUpRequest) (*syncv1.LookUpResponse, error)
}

// Looked is a door that was looked up outside of the user's area.
type Looked struct {
	// Door is the door as a record; it is nowhere on the phone.
	Door *Record
	// Until is when a screen has to close it, by the phone's clock.
	Until time.Time
}

// LookUp asks the server to show one door outside of the user's area, by its id or
// its whole address. It needs the network and a reason; the officer of the
// territory is told who looked and why. Nothing of the answer is kept: a screen
// shows it until the time given and forgets it.
func (r *Replica) LookUp(ctx context.Context, door, address, reason string) (*Looked, error) {
	if err := r.Barred(); err != nil {
		return nil, err
	}
	t, err := r.connect()
	if err != nil {
		return nil, err
	}
	asked, ok := t.(lookingUp)
	if !ok {
		return nil, ErrNoLookUp
	}
	body := &syncv1.LookUpBody{Address: address, Reason: reason}
	if door != "" {
		id, err := wire.ParseID(door)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotFound, err)
		}
		body.DoorId = id[:]
	}
	for range lookTrips {
		req, err := r.lookUpRequest(body)
		if err != nil {
			return nil, err
		}
		resp, err := asked.LookUp(ctx, req)
		if err != nil {
			return nil, err
		}
		if err := r.keepNonce(resp.GetNonce()); err != nil {
			return nil, err
		}
		if resp.GetNonceState() == syncv1.NonceState_NONCE_STATE_UNSPECIFIED {
			return r.looked(resp)
		}
	}
	return nil, ErrStuck
}

func (r *Replica) lookUpRequest(body *syncv1.LookUpBody) (*syncv1.LookUpRequest, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.state
	body.Realm, body.Incarnation, body.Nonce = s.self.Realm, s.self.Incarnation[:], s.pos.Nonce
	// A message of bytes and numbers always encodes.
	b, _ := proto.Marshal(body)
	signature, err := r.signer(&s.self)(wire.LookUpMessage(b))
	return &syncv1.LookUpRequest{Body: b, Signature: signature}, err
}

// keepNonce keeps what the next call has to show: of the answer nothing else is kept.
func (r *Replica) keepNonce(nonce []byte) error {
	return r.update(func(tx *localdb.Tx, s *state) error {
		s.pos.Nonce = nonce
		return s.savePosition(tx)
	})
}

func (r *Replica) looked(resp *syncv1.LookUpResponse) (out *Looked, err error) {
	id, ok := syncengine.IDFromBytes(resp.GetDoorId())
	kind, known := r.schema.Kind(syncengine.KindNumber(recordv1.Kind_KIND_PREMISES))
	if !ok || !known {
		return nil, fmt.Errorf("%w: a door's id of %d bytes", ErrReply, len(resp.GetDoorId()))
	}
	err = r.view(func(tx *localdb.Tx, s *state) error {
		p, err := r.placesIn(tx)
		if err != nil {
			return err
		}
		at := syncengine.UnixMilli(resp.GetUntilMs()) - s.pos.ClockOffset
		out = &Looked{
			Door:  &Record{ID: id, Kind: kind.Name, State: Synced, kind: kind, fields: resp.GetFields(), places: p},
			Until: time.UnixMilli(int64(at)),
		}
		return nil
	})
	return out, err
}
