package exchange

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// nonces hands out and judges nonces, so that a captured request reads nothing
// when it is played again. A nonce is a counter, 8 bytes, and 8 bytes of
// HMAC-SHA-256 over server, incarnation and counter. What was handed out is known to this
// process, and to the next one when this one is stopped in order; after a crash a
// phone needs one more trip. Of several servers each knows its own, see attend.go.
type nonces struct {
	// mu guards key, next and fresh.
	mu   sync.Mutex
	key  []byte
	next uint64
	// server tells this server's nonces from those of others; empty for one that has the store to itself.
	server []byte
	// fresh holds the last two unused nonces of each device; 0 is none.
	fresh map[syncengine.ID][2]uint64
	// first is the first counter of this process.
	first uint64
}

const nonceMACBytes = 8

// nonceBytes is the length of a nonce: a counter and its MAC.
const nonceBytes = 8 + nonceMACBytes

// newNonces begins at a counter above every one of an earlier process.
func newNonces(key []byte, start uint64, server []byte) *nonces {
	return &nonces{key: key, next: start, first: start, server: server, fresh: map[syncengine.ID][2]uint64{}}
}

// handOver gives what was handed out and not used, for the next process.
func (n *nonces) handOver(epoch syncengine.Epoch) *storedv1.Nonces {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := &storedv1.Nonces{Next: n.next, Epoch: uint32(epoch)}
	for incarnation, fresh := range n.fresh {
		d := &storedv1.DeviceNonces{Incarnation: slices.Clone(incarnation[:])}
		for _, counter := range fresh {
			if counter != 0 {
				d.Fresh = append(d.Fresh, counter)
			}
		}
		if len(d.Fresh) > 0 {
			out.Devices = append(out.Devices, d)
		}
	}
	slices.SortFunc(out.Devices, func(a, b *storedv1.DeviceNonces) int { return bytes.Compare(a.GetIncarnation(), b.GetIncarnation()) })
	return out
}

// takeOver goes on where the process before this one was stopped.
func (n *nonces) takeOver(m *storedv1.Nonces, epoch syncengine.Epoch) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if m.GetEpoch() != uint32(epoch) {
		return
	}
	n.next = max(n.next, m.GetNext())
	for _, d := range m.GetDevices() {
		incarnation, ok := syncengine.IDFromBytes(d.GetIncarnation())
		if !ok {
			continue
		}
		var fresh [2]uint64
		copy(fresh[:], d.GetFresh())
		n.fresh[incarnation] = fresh
	}
}

// takeOverNonces takes up what the process before this one has left, and deletes it
// in the transaction that reads it: were it taken up twice, a captured request could be played again.
func (s *Service) takeOverNonces(ctx context.Context) error {
	found := false
	err := s.store.View(ctx, func(r store.Reader) (err error) {
		_, found, err = r.Document(bucketNonces, historyKey)
		return err
	})
	if err != nil || !found {
		return err
	}
	m := &storedv1.Nonces{}
	err = s.store.Update(ctx, func(w store.Writer) error {
		if _, err := read(w, bucketNonces, historyKey, m); err != nil {
			return err
		}
		return w.DeleteDocument(bucketNonces, historyKey)
	})
	if err == nil {
		s.nonces.takeOver(m, s.epoch())
	}
	return err
}

// leaveNonces leaves what was handed out to the next process. Where that fails each
// phone needs one more trip.
func (s *Service) leaveNonces() {
	left := s.nonces.handOver(s.epoch())
	if s.shared || len(left.GetDevices()) == 0 {
		return
	}
	err := s.store.Update(context.Background(), func(w store.Writer) error {
		return w.PutDocument(bucketNonces, historyKey, encode(left))
	})
	if err != nil {
		s.log.Debug("nonces were not left to the next process", "error", err)
	}
}

// rekey forgets what was handed out in an epoch that has ended.
func (n *nonces) rekey(key []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.key = key
	clear(n.fresh)
}

// forget has what was handed out to a device count no more.
func (n *nonces) forget(incarnation syncengine.ID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.fresh, incarnation)
}

// mac is called with mu held.
func (n *nonces) mac(incarnation syncengine.ID, counter []byte) []byte {
	h := hmac.New(sha256.New, n.key)
	h.Write(n.server)
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
	if len(nonce) != nonceBytes || !hmac.Equal(nonce[8:], n.mac(incarnation, nonce[:8])) {
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
