package exchange

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"sync"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/syncengine"
)

// nonces hands out and judges nonces, so that a captured request reads nothing
// when it is played again. A nonce is a counter, 8 bytes, and 8 bytes of
// HMAC-SHA-256 over incarnation and counter. What was handed out is known to
// this process only: after a restart a phone needs one more trip.
type nonces struct {
	// mu guards key, next and fresh.
	mu   sync.Mutex
	key  []byte
	next uint64
	// fresh holds the last two unused nonces of each device; 0 is none.
	fresh map[syncengine.ID][2]uint64
	// first is the first counter of this process.
	first uint64
}

const nonceMACBytes = 8

// newNonces begins at a counter above every one of an earlier process.
func newNonces(key []byte, start uint64) *nonces {
	return &nonces{key: key, next: start, first: start, fresh: map[syncengine.ID][2]uint64{}}
}

// rekey forgets what was handed out in an epoch that has ended.
func (n *nonces) rekey(key []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.key = key
	clear(n.fresh)
}

// mac is called with mu held.
func (n *nonces) mac(incarnation syncengine.ID, counter []byte) []byte {
	h := hmac.New(sha256.New, n.key)
	h.Write(incarnation[:])
	h.Write(counter)
	return h.Sum(nil)[:nonceMACBytes]
}

// issue makes the next nonce of a device; the one before it stays valid.
func (n *nonces) issue(incarnation syncengine.ID) []byte {
	n.mu.Lock()
	n.next++
	counter := n.next
	n.fresh[incarnation] = [2]uint64{counter, n.fresh[incarnation][0]}
	defer n.mu.Unlock()
	b := binary.BigEndian.AppendUint64(nil, counter)
	return append(b, n.mac(incarnation, b)...)
}

// use judges a nonce and spends it.
func (n *nonces) use(incarnation syncengine.ID, nonce []byte) syncv1.NonceState {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(nonce) != 8+nonceMACBytes || !hmac.Equal(nonce[8:], n.mac(incarnation, nonce[:8])) {
		return syncv1.NonceState_NONCE_STATE_UNKNOWN
	}
	counter := binary.BigEndian.Uint64(nonce)
	fresh := n.fresh[incarnation]
	for i := range fresh {
		if fresh[i] == counter {
			fresh[i] = 0
			n.fresh[incarnation] = fresh
			return syncv1.NonceState_NONCE_STATE_UNSPECIFIED
		}
	}
	if counter <= n.first {
		return syncv1.NonceState_NONCE_STATE_UNKNOWN
	}
	return syncv1.NonceState_NONCE_STATE_USED
}
