package wire

import (
	"crypto/ecdh"
	"crypto/hpke"
	"encoding/binary"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/syncengine"
)

// sealDomain begins the info of every sealed change; the change's device_seq
// follows, so that a box opens at its own place only.
const sealDomain = "onedoor sealed change 1\x00"

// SealedKeyBytes is the length of a public sealing key: X25519.
const SealedKeyBytes = 32

// SealedBytesMax bounds a box: the largest change with its salt, the tags around
// both, the encapsulated key and the tag of the cipher.
const SealedBytesMax = ChangeBytesMax + SaltBytes + 16 + SealedKeyBytes + 16

// ErrSealed: a box was not sealed for this key and place, or holds no change.
var ErrSealed = errors.New("the sealed change does not open")

// SealingPair derives a realm's pair of keys for sealing from secret bytes.
func SealingPair(secret []byte) (hpke.PrivateKey, error) {
	return hpke.DHKEM(ecdh.X25519()).DeriveKeyPair(secret)
}

// Seal puts a change's body and salt under the realm's public key. Nobody but
// the realm can open it, not even who sealed it.
func Seal(key []byte, seq syncengine.DeviceSeq, body, salt []byte) ([]byte, error) {
	public, err := hpke.DHKEM(ecdh.X25519()).NewPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("sealing key of %d bytes: %w", len(key), err)
	}
	inside, err := proto.Marshal(&syncv1.Sealed{Body: body, Salt: salt})
	if err != nil {
		return nil, err
	}
	return hpke.Seal(public, hpke.HKDFSHA256(), hpke.AES256GCM(), sealInfo(seq), inside)
}

// Unseal opens a box and gives body and salt, exactly as they were sealed.
func Unseal(key hpke.PrivateKey, seq syncengine.DeviceSeq, box []byte) (body, salt []byte, err error) {
	inside, err := hpke.Open(key, hpke.HKDFSHA256(), hpke.AES256GCM(), sealInfo(seq), box)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrSealed, err)
	}
	m := &syncv1.Sealed{}
	if err := proto.Unmarshal(inside, m); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrSealed, err)
	}
	return m.GetBody(), m.GetSalt(), nil
}

func sealInfo(seq syncengine.DeviceSeq) []byte {
	return binary.BigEndian.AppendUint64([]byte(sealDomain), uint64(seq))
}
