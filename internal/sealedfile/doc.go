// Package sealedfile keeps a large file that is unreadable without a key kept elsewhere: who destroys the key has destroyed the
// file, wherever copies of it lie. It knows nothing of what a file holds and keeps no key.
//
// # The file
//
//	"onedoor sealed 1"   16 bytes
//	name                 16 bytes, which tells whose key opens it
//	chunks               4 bytes of length, big endian, and that many bytes of AES-256-GCM
//
// A chunk holds at most 256 KiB. Its nonce is its number (8 bytes, big endian, from 0), three zeros, and 1 for the last chunk;
// magic and name are authenticated with each. So a file that was cut, put together of two, or written under another key is
// [ErrDamaged]. A key seals one file alone.
//
// Read writer.go first, then reader.go.
package sealedfile

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
)

// ErrDamaged: the file is not what was written under the key.
var ErrDamaged = errors.New("sealed file is damaged, or another key's")

// KeyBytes is how long a key is, NameBytes a name.
const (
	KeyBytes  = 32
	NameBytes = 16
)

const (
	magic      = "onedoor sealed 1"
	chunkBytes = 256 << 10
	nonceBytes = 12
)

// chunks seals or opens one chunk after the other.
type chunks struct {
	aead   cipher.AEAD
	number uint64
	// header is authenticated with every chunk.
	header []byte
}

func newChunks(key, header []byte) (*chunks, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	return &chunks{aead: aead, header: header}, err
}

// nonce gives the next chunk's.
func (c *chunks) nonce(last bool) []byte {
	out := binary.BigEndian.AppendUint64(make([]byte, 0, nonceBytes), c.number)
	c.number++
	end := byte(0)
	if last {
		end = 1
	}
	return append(out, 0, 0, 0, end)
}
