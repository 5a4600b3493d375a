package exchange

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// Where several servers have the store open, each knows the nonces that it has handed out itself, and a document says of each
// phone which server attends to it: only that one's nonces count. A phone that comes to another server than before is told that
// its nonce is not known, once; that server attends to it from then on, and what it hands out then is free: it stands in the
// document, and any server takes it, once, in a transaction. So a phone that stays costs a reading, one whose calls are spread
// over all servers costs a write a call and no trip, and a captured request reads nothing, at whichever server it is played again:
// what the server it was meant for had handed out counts no more once the phone was elsewhere.

// serverBytes is the length of what tells servers apart.
const serverBytes = 16

// named draws what tells this server from others that have the store open too.
func (s *Service) named() []byte {
	if !s.shared {
		return nil
	}
	name := make([]byte, serverBytes)
	s.random(name)
	return name
}

// attended is the document of a phone: the server that attends to it, the epoch in which that was written, and the nonce that any
// server takes in that epoch; nil for none.
type attended struct {
	server []byte
	epoch  syncengine.Epoch
	free   []byte
}

func (a attended) encode() []byte {
	return slices.Concat(a.server, binary.BigEndian.AppendUint32(nil, uint32(a.epoch)), a.free)
}

// attendedIn reads who attends to a phone; nobody where only one server has the store open.
func (s *Service) attendedIn(r store.Reader, incarnation syncengine.ID) (a attended, err error) {
	if !s.shared {
		return a, nil
	}
	value, _, err := r.Document(bucketAttends, incarnation[:])
	if len(value) >= serverBytes+4 {
		a.server, a.epoch, a.free = value[:serverBytes], syncengine.Epoch(binary.BigEndian.Uint32(value[serverBytes:])), value[serverBytes+4:]
	}
	return a, err
}

// attend has this server attend to a phone, in the transaction in which it first speaks to it.
func (s *Service) attend(w store.Writer, incarnation syncengine.ID) error {
	if !s.shared {
		return nil
	}
	return w.PutDocument(bucketAttends, incarnation[:], attended{server: s.nonces.server, epoch: s.epoch()}.encode())
}

// useNonce judges a call's nonce and spends it; next is what the reply is to hand out, nil where that is any. Where another server
// attends to the phone, this one takes over: whatever it had handed out before counts no more.
func (s *Service) useNonce(ctx context.Context, incarnation syncengine.ID, shown []byte, at attended) (state syncv1.NonceState, next []byte, err error) {
	mine := bytes.Equal(at.server, s.nonces.server)
	free := len(shown) > 0 && bytes.Equal(shown, at.free) && at.epoch == s.epoch()
	if mine && !free {
		return s.nonces.use(incarnation, shown), nil, nil
	}
	state = syncv1.NonceState_NONCE_STATE_UNKNOWN
	s.nonces.forget(incarnation)
	after := attended{server: s.nonces.server, epoch: s.epoch()}
	if !mine {
		next = s.nonces.issue(incarnation)
		after.free = next
	}
	err = s.inGroup(ctx, func(k *work) error {
		state = syncv1.NonceState_NONCE_STATE_UNKNOWN
		standing, pending := k.documents[documentKey{bucketAttends, string(incarnation[:])}]
		if !pending {
			now, err := s.attendedIn(k.w, incarnation)
			if err != nil {
				return err
			}
			standing = now.encode()
		}
		if free && bytes.Equal(standing, at.encode()) {
			state = syncv1.NonceState_NONCE_STATE_UNSPECIFIED
		}
		k.putBytes(bucketAttends, incarnation[:], after.encode())
		return nil
	})
	return state, next, err
}
