package domain

import "crypto/sha256"

// DerivedID gives the id, a UUID of version 8, of what everybody who has the same bytes before them means. The bytes
// begin with a name of their own kind, so that no two kinds of thing share an id.
func DerivedID(of []byte) (id ID) {
	sum := sha256.Sum256(of)
	copy(id[:], sum[:])
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}
