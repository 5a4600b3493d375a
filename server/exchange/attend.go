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
// what the server it was meant for had handed out counts no more once the phone was elsewhere. A free nonce counts at servers that
// have been open since before it was handed out: one that starts over a file which somebody has put back cannot know what was used
// in the time that the file lost, and a nonce that stands in it may have been.

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

// attendedBytes is the length of what a phone's document begins with: server, epoch, openings.
const attendedBytes = serverBytes + 4 + 8

// attended is the document of a phone: the server that attends to it, the epoch in which that was written, how many servers had
// opened the realm by then, and the nonce that any of them takes in that epoch; nil for none.
type attended struct {
	server []byte
	epoch  syncengine.Epoch
	opened uint64
	free   []byte
}

func (a attended) encode() []byte {
	head := binary.BigEndian.AppendUint32(slices.Clone(a.server), uint32(a.epoch))
	return append(binary.BigEndian.AppendUint64(head, a.opened), a.free...)
}

// decodeAttended reads a phone's document. One that software without the number of openings wrote names a server and no nonce.
func decodeAttended(value []byte) (a attended) {
	if len(value) < serverBytes+4 {
		return a
	}
	a.server, a.epoch = value[:serverBytes], syncengine.Epoch(binary.BigEndian.Uint32(value[serverBytes:]))
	if n := len(value) - attendedBytes; n == 0 || n == nonceBytes {
		a.opened, a.free = binary.BigEndian.Uint64(value[serverBytes+4:]), value[attendedBytes:]
	}
	return a
}

// openings counts the servers that have opened the realm.
func openings(r store.Reader) (uint64, error) {
	value, _, err := r.Document(bucketOpened, historyKey)
	if err != nil || len(value) != 8 {
		return 0, err
	}
	return binary.BigEndian.Uint64(value), nil
}

// countOpening gives this server its number among those that open the realm.
func (s *Service) countOpening(ctx context.Context) error {
	if !s.shared {
		return nil
	}
	return s.store.Update(ctx, func(w store.Writer) error {
		n, err := openings(w)
		if err != nil {
			return err
		}
		s.opened = n + 1
		return w.PutDocument(bucketOpened, historyKey, binary.BigEndian.AppendUint64(nil, s.opened))
	})
}

// attendedIn reads who attends to a phone; nobody where only one server has the store open.
func (s *Service) attendedIn(r store.Reader, incarnation syncengine.ID) (a attended, err error) {
	if !s.shared {
		return a, nil
	}
	value, _, err := r.Document(bucketAttends, incarnation[:])
	return decodeAttended(value), err
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
	free := len(shown) > 0 && bytes.Equal(shown, at.free) && at.epoch == s.epoch() && at.opened >= s.opened
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
		if after.opened, err = openings(k.w); err != nil {
			return err
		}
		k.putBytes(bucketAttends, incarnation[:], after.encode())
		return nil
	})
	return state, next, err
}
