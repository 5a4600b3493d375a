package exchange

import (
	"bytes"
	"context"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// Where several servers have the store open, each knows the nonces that it has handed out itself, and a document says of each
// phone which server attends to it: only that one's nonces count. A phone that comes to another server than before is told that
// its nonce is not known, once; that server attends to it from then on. So a phone that stays costs a reading, one that changes
// costs a trip and a write, and a captured request reads nothing, at whichever server it is played again: what the server it was
// meant for had handed out counts no more once the phone was elsewhere.

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

// attends reports that this server attends to a phone.
func (s *Service) attends(r store.Reader, incarnation syncengine.ID) (bool, error) {
	if !s.shared {
		return true, nil
	}
	server, ok, err := r.Document(bucketAttends, incarnation[:])
	return ok && bytes.Equal(server, s.nonces.server), err
}

// attend has this server attend to a phone, in the transaction in which it first speaks to it.
func (s *Service) attend(w store.Writer, incarnation syncengine.ID) error {
	if !s.shared {
		return nil
	}
	return w.PutDocument(bucketAttends, incarnation[:], s.nonces.server)
}

// useNonce judges a call's nonce and spends it. Where another server attends to the phone, this one takes over: whatever it had
// handed out before counts no more.
func (s *Service) useNonce(ctx context.Context, incarnation syncengine.ID, nonce []byte, attends bool) (syncv1.NonceState, error) {
	if attends {
		return s.nonces.use(incarnation, nonce), nil
	}
	s.nonces.forget(incarnation)
	return syncv1.NonceState_NONCE_STATE_UNKNOWN, s.inGroup(ctx, func(k *work) error {
		k.putBytes(bucketAttends, incarnation[:], s.nonces.server)
		return nil
	})
}
