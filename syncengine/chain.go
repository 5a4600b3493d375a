package syncengine

import "crypto/sha256"

// Chain is the hash over an incarnation's changes up to one of them; the zero
// value stands before the first.
type Chain [32]byte

// InnerDigest is what the chain holds of one change. The salt is destroyed with
// the body at an erasure; the digest that stays cannot be guessed back.
func InnerDigest(salt, body []byte) (d [32]byte) {
	h := sha256.New()
	h.Write(salt)
	h.Write(body)
	h.Sum(d[:0])
	return d
}

// Next extends the chain by a change's inner digest.
func (c Chain) Next(inner [32]byte) Chain {
	var both [64]byte
	copy(both[:32], c[:])
	copy(both[32:], inner[:])
	return sha256.Sum256(both[:])
}
