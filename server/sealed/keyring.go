package sealed

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// The buckets. Names are stored and never change.
const (
	// bucketKeys: number of a data key -> DataKey.
	bucketKeys = "sealing.keys"
	// bucketState holds the one Sealing document.
	bucketState = "sealing.state"
	// bucketPhones is the index: see index.go.
	bucketPhones = "sealing.phones"
)

const (
	// mark and form begin sealed bytes.
	mark, form = 0, 1
	// nonceBytes and tagBytes are those of GCM.
	nonceBytes, tagBytes = 12, 16
	// headBytes is what stands before the sealed content.
	headBytes = 2 + 4 + nonceBytes
)

// dataKey seals values; its parts are derived from one secret.
type dataKey struct {
	number uint32
	aead   cipher.AEAD
	// nonce and phone are keys for HMAC-SHA-256.
	nonce, phone []byte
}

func newDataKey(number uint32, secret []byte) *dataKey {
	derive := func(purpose string) []byte {
		key, err := hkdf.Expand(sha256.New, secret, purpose, keyBytes)
		if err != nil {
			panic("sealed: HKDF refuses a fixed length: " + err.Error())
		}
		return key
	}
	return &dataKey{number: number, aead: gcm(derive("onedoor seal")), nonce: derive("onedoor seal nonce"), phone: derive("onedoor phone")}
}

// seal seals content at a place.
func (k *dataKey) seal(place, content []byte) []byte {
	out := make([]byte, headBytes, headBytes+len(content)+tagBytes)
	out[0], out[1] = mark, form
	binary.BigEndian.PutUint32(out[2:], k.number)
	mac := hmac.New(sha256.New, k.nonce)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(place))))
	mac.Write(place)
	mac.Write(content)
	copy(out[6:], mac.Sum(nil))
	return k.aead.Seal(out, out[6:headBytes], content, place)
}

// keyring holds a realm's data keys.
type keyring struct {
	keys map[uint32]*dataKey
	// active seals what is written now: the newest. newest is its document, which no other key's is like.
	active *dataKey
	newest []byte
}

// isSealed reports bytes in the form of sealed ones.
func isSealed(b []byte) bool { return len(b) > 0 && b[0] == mark }

func (r *keyring) seal(place, content []byte) []byte { return r.active.seal(place, content) }

// open opens what was sealed at a place.
func (r *keyring) open(place, b []byte) ([]byte, error) {
	if len(b) < headBytes+tagBytes || b[0] != mark || b[1] != form {
		return nil, fmt.Errorf("%w: %w: %d bytes in another form", store.ErrDamaged, errOpen, len(b))
	}
	number := binary.BigEndian.Uint32(b[2:])
	k, ok := r.keys[number]
	if !ok {
		return nil, fmt.Errorf("%w: %w: data key %d is not there", store.ErrDamaged, errOpen, number)
	}
	content, err := k.aead.Open(nil, b[6:headBytes], b[headBytes:], place)
	if err != nil {
		return nil, fmt.Errorf("%w: %w: they were altered or stood elsewhere", store.ErrDamaged, errOpen)
	}
	return content, nil
}

// readKeyring opens the data keys of a store; none when it has none.
func readKeyring(r store.Reader, key *Key) (*keyring, error) {
	ring := &keyring{keys: map[uint32]*dataKey{}}
	var failed error
	err := r.Documents(bucketKeys, nil, nil, func(d store.Document) bool {
		number, m := binary.BigEndian.Uint32(d.Key), &storedv1.DataKey{}
		var secret []byte
		if failed = proto.Unmarshal(d.Value, m); failed == nil {
			secret, failed = unwrap(key, number, m)
		}
		if failed == nil {
			ring.active = newDataKey(number, secret)
			ring.keys[number], ring.newest = ring.active, d.Value
		}
		return failed == nil
	})
	return ring, errors.Join(err, failed)
}

// wrapPlace binds a wrapped key to its number.
func wrapPlace(number uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte("onedoor data key 1"), number)
}

func unwrap(key *Key, number uint32, m *storedv1.DataKey) ([]byte, error) {
	switch {
	case key == nil:
		return nil, ErrKeyMissing
	case string(m.GetWrappedBy()) != string(key.name[:]):
		return nil, fmt.Errorf("key %s, the realm wants %x: %w", key.Name(), m.GetWrappedBy(), ErrKeyOther)
	case len(m.GetWrapped()) < nonceBytes:
		return nil, fmt.Errorf("data key %d: %w", number, store.ErrDamaged)
	}
	secret, err := key.aead.Open(nil, m.GetWrapped()[:nonceBytes], m.GetWrapped()[nonceBytes:], wrapPlace(number))
	if err != nil {
		return nil, fmt.Errorf("data key %d: %w", number, store.ErrDamaged)
	}
	return secret, nil
}

// putKey wraps a data key and writes it.
func putKey(w store.Writer, key *Key, number uint32, secret []byte, random io.Reader, made syncengine.UnixMilli) error {
	nonce := make([]byte, nonceBytes)
	if _, err := io.ReadFull(random, nonce); err != nil {
		return fmt.Errorf("wrap a data key: %w", err)
	}
	value, err := proto.Marshal(&storedv1.DataKey{
		WrappedBy: key.name[:], Wrapped: key.aead.Seal(nonce, nonce, secret, wrapPlace(number)), MadeMs: int64(made),
	})
	if err != nil {
		return err
	}
	return w.PutDocument(bucketKeys, binary.BigEndian.AppendUint32(nil, number), value)
}

// AddKey makes a new data key in the caller's transaction and gives its number:
// what is written from the next transaction on is sealed under it.
func AddKey(w store.Writer, key *Key, random io.Reader, now syncengine.UnixMilli) (uint32, error) {
	ring, err := readKeyring(w, key)
	if err != nil {
		return 0, err
	}
	number := uint32(1)
	if ring.active != nil {
		number = ring.active.number + 1
	}
	secret := make([]byte, keyBytes)
	if _, err := io.ReadFull(random, secret); err != nil {
		return 0, fmt.Errorf("draw a data key: %w", err)
	}
	return number, putKey(w, key, number, secret, random, now)
}

// Rewrap wraps every data key with another contact key in the caller's
// transaction and gives how many there are. Backups of before still need the old one.
func Rewrap(w store.Writer, from, to *Key, random io.Reader) (int, error) {
	type wrapped struct {
		number uint32
		m      *storedv1.DataKey
	}
	var all []wrapped
	var failed error
	err := w.Documents(bucketKeys, nil, nil, func(d store.Document) bool {
		m := &storedv1.DataKey{}
		failed = proto.Unmarshal(d.Value, m)
		all = append(all, wrapped{binary.BigEndian.Uint32(d.Key), m})
		return failed == nil
	})
	if err := errors.Join(err, failed); err != nil {
		return 0, err
	}
	for _, k := range all {
		secret, err := unwrap(from, k.number, k.m)
		if err != nil {
			return 0, err
		}
		if err := putKey(w, to, k.number, secret, random, syncengine.UnixMilli(k.m.GetMadeMs())); err != nil {
			return 0, err
		}
	}
	return len(all), nil
}
