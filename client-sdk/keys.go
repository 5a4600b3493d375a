package client

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Keys holds what makes a phone this phone: the key that opens its database, and the
// key that signs for it. An app implements it over the Android Keystore or the iOS
// Keychain; FileKeys keeps both in a file. Its methods may be called from many
// threads and take and give only what can be bound for Kotlin and Swift.
type Keys interface {
	// DatabaseKey gives the 32 bytes that open the database, always the same until Destroy. They are made at the first call.
	DatabaseKey() ([]byte, error)
	// PublicKey gives the 32 bytes of the Ed25519 key that Sign signs with, always the same until Destroy.
	PublicKey() ([]byte, error)
	// Sign gives the Ed25519 signature (RFC 8032, 64 bytes) over a message.
	Sign(message []byte) ([]byte, error)
	// Destroy makes both keys unrecoverable, and nil again when they are gone already.
	Destroy() error
}

// ErrKeys: what holds the phone's keys gave none, or others than before.
var ErrKeys = errors.New("the phone's key store gives no key that fits")

// OpenWithKeys is Open for an app that keeps the phone's keys by itself: the signing
// key is never in the database. A database that was made by Open keeps signing with
// the key that it holds.
func OpenWithKeys(dir string, keys Keys, o Options) (*Replica, error) {
	key, err := keys.DatabaseKey()
	if err != nil {
		return nil, fmt.Errorf("open %s: %w: %w", dir, ErrKeys, err)
	}
	r, err := Open(dir, key, o)
	if errors.Is(err, ErrWiped) {
		return nil, errors.Join(err, keys.Destroy())
	}
	if err != nil {
		return nil, err
	}
	r.keys = keys
	return r, nil
}

// signer gives what signs for a phone: the key in its database, or else the app's store.
func (r *Replica) signer(s *self) func(message []byte) ([]byte, error) {
	if len(s.Seed) > 0 {
		key := s.key()
		return func(message []byte) ([]byte, error) { return ed25519.Sign(key, message), nil }
	}
	if r.keys == nil {
		return func([]byte) ([]byte, error) {
			return nil, fmt.Errorf("%w: the database was made with the keys of an app, open it with OpenWithKeys", ErrKeys)
		}
	}
	return func(message []byte) ([]byte, error) {
		signature, err := r.keys.Sign(message)
		if err == nil && len(signature) != ed25519.SignatureSize {
			err = fmt.Errorf("a signature of %d bytes", len(signature))
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrKeys, err)
		}
		return signature, nil
	}
}

// publicKey gives the public half of the key that signs for a phone.
func (r *Replica) publicKey(s *self) (ed25519.PublicKey, error) {
	if len(s.Seed) > 0 {
		return s.key().Public().(ed25519.PublicKey), nil
	}
	key, err := r.keys.PublicKey()
	if err == nil && len(key) != ed25519.PublicKeySize {
		err = fmt.Errorf("a public key of %d bytes", len(key))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeys, err)
	}
	return key, nil
}

// FileKeys keeps a phone's keys in a file that its owner alone may read. It is for
// machines without a key store; whoever can read the file can be the phone.
type FileKeys struct{ path string }

// NewFileKeys names the file; it is made when a key is first asked for. It belongs
// outside the database's folder: who copies the folder has not copied the keys.
func NewFileKeys(path string) *FileKeys { return &FileKeys{path} }

// keyFile is the file's form.
type keyFile struct {
	Database []byte `json:"database"`
	Seed     []byte `json:"seed"`
}

func (k *FileKeys) read() (keyFile, error) {
	var f keyFile
	text, err := os.ReadFile(k.path)
	if errors.Is(err, fs.ErrNotExist) {
		return k.make()
	}
	if err != nil {
		return f, err
	}
	err = json.Unmarshal(text, &f)
	if err == nil && (len(f.Database) != KeyBytes || len(f.Seed) != ed25519.SeedSize) {
		err = fmt.Errorf("keys of %d and %d bytes", len(f.Database), len(f.Seed))
	}
	return f, err
}

// make draws the keys and writes them durably before anybody uses them.
func (k *FileKeys) make() (keyFile, error) {
	f := keyFile{Database: make([]byte, KeyBytes), Seed: make([]byte, ed25519.SeedSize)}
	for _, key := range [][]byte{f.Database, f.Seed} {
		rand.Read(key) // it never returns an error: without randomness the process ends
	}
	text, err := json.Marshal(f)
	if err != nil {
		return f, err
	}
	if err := os.MkdirAll(filepath.Dir(k.path), 0o700); err != nil {
		return f, err
	}
	file, err := os.OpenFile(k.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return f, err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return f, errors.Join(err, os.Remove(k.path))
	}
	return f, nil
}

// DatabaseKey is [Keys.DatabaseKey].
func (k *FileKeys) DatabaseKey() ([]byte, error) {
	f, err := k.read()
	return f.Database, err
}

// PublicKey is [Keys.PublicKey].
func (k *FileKeys) PublicKey() ([]byte, error) {
	f, err := k.read()
	if err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(f.Seed).Public().(ed25519.PublicKey), nil
}

// Sign is [Keys.Sign].
func (k *FileKeys) Sign(message []byte) ([]byte, error) {
	f, err := k.read()
	if err != nil {
		return nil, err
	}
	return ed25519.Sign(ed25519.NewKeyFromSeed(f.Seed), message), nil
}

// Destroy is [Keys.Destroy]. It writes zeros over the file before it takes it away;
// what a flash disk keeps of its old blocks is beyond it.
func (k *FileKeys) Destroy() error {
	info, err := os.Stat(k.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	file, err := os.OpenFile(k.path, os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(make([]byte, info.Size()))
	return errors.Join(err, file.Sync(), file.Close(), os.Remove(k.path))
}
