package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"onedoor/internal/privatefile"
)

const (
	// keyBytes is the size of an AES-256 key.
	keyBytes = 32
	// keyFormat is the version of the file's form.
	keyFormat = 1
	// keyFileBytesMax bounds what is read: the file has some 250 bytes.
	keyFileBytesMax = 4096
)

// Key is the contact key: it wraps data keys and never seals a value itself.
type Key struct {
	name [8]byte
	aead cipher.AEAD
}

// keyText is the file's form: one JSON object.
type keyText struct {
	// Note tells a person who opens the file what it is.
	Note   string `json:"note"`
	Format int    `json:"format"`
	// Key is 32 bytes; base64.
	Key []byte `json:"key"`
}

// NewKey makes a contact key of 32 secret bytes.
func NewKey(secret [keyBytes]byte) *Key {
	sum := sha256.Sum256(append([]byte("onedoor contact key 1"), secret[:]...))
	return &Key{name: [8]byte(sum[:8]), aead: gcm(secret[:])}
}

// Name names the key without telling anything about it.
func (k *Key) Name() string { return fmt.Sprintf("%x", k.name) }

// CreateKey draws a contact key and writes it durably to a new file; one that is
// there already is [ErrKeyExists].
func CreateKey(path string, random io.Reader) (*Key, error) {
	text := keyText{
		Note:   "Contact key of a onedoor realm. Without it no resident's name and number can be read. Keep a copy elsewhere, apart from the realm's folder and its backups.",
		Format: keyFormat, Key: make([]byte, keyBytes),
	}
	if _, err := io.ReadFull(random, text.Key); err != nil {
		return nil, fmt.Errorf("draw the contact key: %w", err)
	}
	body, err := json.MarshalIndent(text, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := writeNew(path, append(body, '\n')); err != nil {
		return nil, err
	}
	return NewKey([keyBytes]byte(text.Key)), nil
}

// LoadKey reads a contact key file.
func LoadKey(path string) (*Key, error) {
	body, err := privatefile.Read(path, keyFileBytesMax)
	var exposed *privatefile.Exposed
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: %w", path, ErrKeyMissing)
	case errors.As(err, &exposed):
		return nil, fmt.Errorf("%w: %w", exposed, ErrKeyExposed)
	case errors.Is(err, privatefile.ErrTooLarge):
		return nil, fmt.Errorf("%s: %w", path, ErrKeyDamaged)
	case err != nil:
		return nil, fmt.Errorf("read the contact key: %w", err)
	}
	var text keyText
	if err := json.Unmarshal(body, &text); err != nil || text.Format != keyFormat || len(text.Key) != keyBytes {
		return nil, fmt.Errorf("%s: %w", path, ErrKeyDamaged)
	}
	return NewKey([keyBytes]byte(text.Key)), nil
}

// writeNew writes a key to a private file that must not be there yet.
func writeNew(path string, body []byte) error {
	err := privatefile.Create(path, body)
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s: %w", path, ErrKeyExists)
	case err != nil:
		return fmt.Errorf("make the contact key: %w: name a place that you may write with --contact-key", err)
	}
	return nil
}

// gcm makes AES-256-GCM of a key.
func gcm(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err == nil {
		var aead cipher.AEAD
		if aead, err = cipher.NewGCM(block); err == nil {
			return aead
		}
	}
	panic("sealed: AES refuses a key of fixed length: " + err.Error())
}
