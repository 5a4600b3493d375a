package identity

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hpke"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/privatefile"
	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// SecretsFile is the name of the secrets file beside the store. It belongs into
// every backup of it: without it no phone's cursor and no receipt can be checked.
const SecretsFile = "realm.secret"

// secretsFormat is the version of the file's form.
const secretsFormat = 1

// secretsBytesMax bounds what is read: the file has some 200 bytes.
const secretsBytesMax = 4096

// macKeyBytes is the size of a key for HMAC-SHA-256: that of its output.
const macKeyBytes = 32

// Secrets are the keys of a realm. The MAC keys of every epoch are derived from
// one root, so that a new epoch needs no write to the file and an older backup
// of the file still has the keys of all epochs.
type Secrets struct {
	root    [macKeyBytes]byte
	receipt ed25519.PrivateKey
	// sealing opens what phones have sealed.
	sealing hpke.PrivateKey
}

// Fingerprint names a realm's secrets without telling anything about them.
type Fingerprint [16]byte

// String prints the fingerprint in hexadecimal.
func (f Fingerprint) String() string { return hex.EncodeToString(f[:]) }

// secretsText is the file's form: one JSON object.
type secretsText struct {
	// Note tells a person who opens the file what it is.
	Note   string `json:"note"`
	Format int    `json:"format"`
	// Root is the 32-byte root of the MAC keys, Receipt the 32-byte Ed25519 seed; base64.
	Root    []byte `json:"root"`
	Receipt []byte `json:"receipt"`
}

// CreateSecrets draws a realm's secrets and writes them durably to a new file in
// dir; a file that is there already is [ErrSecretsExist].
func CreateSecrets(dir string, random io.Reader) (*Secrets, error) {
	text := secretsText{
		Note:    "Secret keys of a onedoor realm. Keep with the store and its backups, readable by the server alone.",
		Format:  secretsFormat,
		Root:    make([]byte, macKeyBytes),
		Receipt: make([]byte, ed25519.SeedSize),
	}
	for _, key := range [][]byte{text.Root, text.Receipt} {
		if _, err := io.ReadFull(random, key); err != nil {
			return nil, fmt.Errorf("draw the realm's secrets: %w", err)
		}
	}
	path := filepath.Join(dir, SecretsFile)
	body, err := json.MarshalIndent(text, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := writeNew(path, append(body, '\n')); err != nil {
		return nil, err
	}
	return newSecrets(text), nil
}

// LoadSecrets reads the secrets file in dir.
func LoadSecrets(dir string) (*Secrets, error) {
	path := filepath.Join(dir, SecretsFile)
	body, err := readPrivate(path)
	if err != nil {
		return nil, err
	}
	var text secretsText
	decoder := json.NewDecoder(bytes.NewReader(body))
	if err := decoder.Decode(&text); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, ErrSecretsDamaged, err)
	}
	if text.Format != secretsFormat || len(text.Root) != macKeyBytes || len(text.Receipt) != ed25519.SeedSize {
		return nil, fmt.Errorf("%s: format %d with keys of %d and %d bytes, want format %d, %d and %d: %w",
			path, text.Format, len(text.Root), len(text.Receipt), secretsFormat, macKeyBytes, ed25519.SeedSize, ErrSecretsDamaged)
	}
	return newSecrets(text), nil
}

func newSecrets(text secretsText) *Secrets {
	s := &Secrets{root: [macKeyBytes]byte(text.Root), receipt: ed25519.NewKeyFromSeed(text.Receipt)}
	s.sealing = s.deriveSealing()
	return s
}

// CheckSecrets wants the secrets that the store was made with: [ErrSecretsOther] if not.
func CheckSecrets(r store.Reader, s *Secrets) error {
	realm, err := GetRealm(r)
	if err != nil {
		return err
	}
	own := s.Fingerprint()
	if subtle.ConstantTimeCompare(own[:], realm.Secrets[:]) != 1 {
		return fmt.Errorf("fingerprint %s, the store wants %s: %w", own, realm.Secrets, ErrSecretsOther)
	}
	return nil
}

// Fingerprint names the secrets.
func (s *Secrets) Fingerprint() (f Fingerprint) {
	h := sha256.New()
	h.Write([]byte("onedoor secrets 1"))
	h.Write(s.derive("onedoor fingerprint"))
	h.Write(s.ReceiptKey().Public().(ed25519.PublicKey))
	copy(f[:], h.Sum(nil))
	return f
}

// CursorKey is the MAC key of an epoch's cursors.
func (s *Secrets) CursorKey(epoch syncengine.Epoch) []byte {
	return s.derive(epochInfo("onedoor cursor", epoch))
}

// NonceKey is the MAC key of an epoch's nonces.
func (s *Secrets) NonceKey(epoch syncengine.Epoch) []byte {
	return s.derive(epochInfo("onedoor nonce", epoch))
}

// LedgerKey is the MAC key of the side ledger.
func (s *Secrets) LedgerKey() []byte { return s.derive("onedoor ledger") }

// SignInKey seals what people's authenticators know.
func (s *Secrets) SignInKey() []byte { return s.derive("onedoor sign-in") }

// GuessKey hides in the store who failed to sign in or to join.
func (s *Secrets) GuessKey() []byte { return s.derive("onedoor guesses") }

// FeedKey signs what is posted for a feed; number counts how often its secret was drawn anew.
func (s *Secrets) FeedKey(feed syncengine.ID, number uint32) []byte {
	return s.derive(string(binary.BigEndian.AppendUint32(append([]byte("onedoor feed"), feed[:]...), number)))
}

// ReceiptKey signs receipts.
func (s *Secrets) ReceiptKey() ed25519.PrivateKey { return s.receipt }

// sealingNumber is the number of the key that phones seal to now. Every key up to it
// is derived from the root, so that a change sealed long ago opens as long as the
// realm has its secrets.
const sealingNumber = 1

// SealingPublic is the public half of the key that phones seal to.
func (s *Secrets) SealingPublic() *syncv1.SealingKey {
	return &syncv1.SealingKey{Number: sealingNumber, Key: s.sealing.PublicKey().Bytes()}
}

// SealingKey opens what was sealed to the key of a number; ok is false for one that was never given out.
func (s *Secrets) SealingKey(number uint32) (key hpke.PrivateKey, ok bool) {
	return s.sealing, number == sealingNumber
}

func (s *Secrets) deriveSealing() hpke.PrivateKey {
	key, err := wire.SealingPair(s.derive(string(binary.BigEndian.AppendUint32([]byte("onedoor sealing"), sealingNumber))))
	if err != nil {
		panic("identity: a derived key of fixed length is refused: " + err.Error())
	}
	return key
}

func epochInfo(purpose string, epoch syncengine.Epoch) string {
	return string(binary.BigEndian.AppendUint32([]byte(purpose), uint32(epoch)))
}

// derive makes the key for a purpose: HKDF (RFC 5869) over the root.
func (s *Secrets) derive(info string) []byte {
	key, err := hkdf.Expand(sha256.New, s.root[:], info, macKeyBytes)
	if err != nil {
		panic("identity: HKDF refuses a fixed length: " + err.Error())
	}
	return key
}

// writeNew writes the secrets to a private file that must not be there yet.
func writeNew(path string, body []byte) error {
	err := privatefile.Create(path, body)
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s: %w", path, ErrSecretsExist)
	case err != nil:
		return fmt.Errorf("write the realm's secrets: %w", err)
	}
	return nil
}

// readPrivate reads a small file that nobody but its owner may read.
func readPrivate(path string) ([]byte, error) {
	body, err := privatefile.Read(path, secretsBytesMax)
	var exposed *privatefile.Exposed
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: %w", path, ErrSecretsMissing)
	case errors.As(err, &exposed):
		return nil, fmt.Errorf("%w: %w", exposed, ErrSecretsExposed)
	case errors.Is(err, privatefile.ErrTooLarge):
		return nil, fmt.Errorf("%s has more than %d bytes: %w", path, secretsBytesMax, ErrSecretsDamaged)
	case err != nil:
		return nil, fmt.Errorf("read the realm's secrets: %w", err)
	}
	return body, nil
}
