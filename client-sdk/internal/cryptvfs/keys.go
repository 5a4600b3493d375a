package cryptvfs

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// The layout that doc.go draws.
const (
	pageBytes     = 4096
	tagBytes      = 16
	nonceBytes    = 12
	markBytes     = 4
	reservedBytes = tagBytes + nonceBytes + markBytes
	contentBytes  = pageBytes - reservedBytes
	nonceAt       = contentBytes + tagBytes
	markAt        = nonceAt + nonceBytes

	logHeaderBytes   = 32
	frameHeaderBytes = 24
	frameBytes       = frameHeaderBytes + pageBytes
	pageNumberBytes  = 4
	hiddenAt         = 8  // where the hidden part of a frame's header begins
	saltsAt          = 16 // in the log's header
	saltsBytes       = 8
)

// format is the start of each derivation's info text. Another layout has another name, so that software of one
// version takes a file of the other for one with a wrong key and leaves it alone.
const format = "onedoor phone database 1, "

// sealer is the cipher of one key. It holds no state of a file.
type sealer struct {
	page   cipher.AEAD
	header cipher.Block
	tweak  cipher.Block
	mark   [markBytes]byte
}

// newSealer derives the subkeys.
func newSealer(key [32]byte) (*sealer, error) {
	var subkeys [4][]byte
	for i, use := range []struct {
		info  string
		bytes int
	}{{"page", 32}, {"frame header", 32}, {"frame tweak", 32}, {"mark", markBytes}} {
		subkey, err := hkdf.Key(sha256.New, key[:], nil, format+use.info, use.bytes)
		if err != nil {
			return nil, fmt.Errorf("derive the %s key: %w", use.info, err)
		}
		subkeys[i] = subkey
	}
	var blocks [3]cipher.Block
	for i := range blocks {
		block, err := aes.NewCipher(subkeys[i])
		if err != nil {
			return nil, err
		}
		blocks[i] = block
	}
	gcm, err := cipher.NewGCM(blocks[0])
	if err != nil {
		return nil, err
	}
	return &sealer{page: gcm, header: blocks[1], tweak: blocks[2], mark: [markBytes]byte(subkeys[3])}, nil
}

// place is the associated data of a page: where it stands.
type place struct {
	buf [1 + 8 + markBytes + pageNumberBytes + saltsBytes]byte
	len int
}

// mainPlace is the place of the page at an offset of the main file.
func (s *sealer) mainPlace(offset int64) (p place) {
	p.buf[0] = 'M'
	binary.BigEndian.PutUint64(p.buf[1:], uint64(offset))
	p.len = 9 + copy(p.buf[9:], s.mark[:])
	return p
}

// logPlace is the place of page number in the frame at an offset of the log, in the round of the log that has salts.
func (s *sealer) logPlace(offset int64, number, salts []byte) (p place) {
	p = s.mainPlace(offset)
	p.buf[0] = 'W'
	p.len += copy(p.buf[p.len:], number[:pageNumberBytes])
	p.len += copy(p.buf[p.len:], salts[:saltsBytes])
	return p
}

// seal writes the sealed form of a plain page to dst. Both are of pageBytes and do not overlap.
func (s *sealer) seal(dst, plain []byte, at place) {
	nonce := dst[nonceAt:markAt]
	rand.Read(nonce) // it never returns an error: without randomness the process ends
	s.page.Seal(dst[:0], nonce, plain[:contentBytes], at.buf[:at.len])
	copy(dst[markAt:pageBytes], s.mark[:])
}

// open makes a sealed page plain in place, its reserved bytes zero, and reports whether it is what was written there.
func (s *sealer) open(page []byte, at place) bool {
	_, err := s.page.Open(page[:0], page[nonceAt:markAt], page[:nonceAt], at.buf[:at.len])
	marked := s.marked(page)
	clear(page[contentBytes:pageBytes])
	return err == nil && marked
}

// marked reports whether a sealed page bears this key's mark.
func (s *sealer) marked(page []byte) bool { return bytes.Equal(page[markAt:pageBytes], s.mark[:]) }

// fits reports whether page 1 was sealed with this key. It overwrites the page. A page torn by a crash keeps its
// mark; one whose mark was altered keeps its tag.
func (s *sealer) fits(page []byte) bool {
	if s.marked(page) {
		return true
	}
	copy(page[markAt:], s.mark[:])
	return s.open(page, s.mainPlace(0))
}

// hideHeader enciphers salts and checksum of the header of the frame at an offset of the log.
func (s *sealer) hideHeader(header []byte, offset int64) { s.xex(header, offset, s.header.Encrypt) }

// showHeader deciphers them.
func (s *sealer) showHeader(header []byte, offset int64) { s.xex(header, offset, s.header.Decrypt) }

func (s *sealer) xex(header []byte, offset int64, cipher func(dst, src []byte)) {
	var tweak [aes.BlockSize]byte
	binary.BigEndian.PutUint64(tweak[:], uint64(offset))
	copy(tweak[8:], header[:hiddenAt])
	s.tweak.Encrypt(tweak[:], tweak[:])
	block := header[hiddenAt:frameHeaderBytes]
	for i, t := range tweak {
		block[i] ^= t
	}
	cipher(block, block)
	for i, t := range tweak {
		block[i] ^= t
	}
}
