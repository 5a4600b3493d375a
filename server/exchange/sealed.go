package exchange

import (
	"crypto/hpke"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// A phone that may no longer read what it wrote hands it in under the realm's public
// key. What is inside is the change as it was made: the chain, replays and the
// judging know no difference. It is never called applied, since its phone cannot
// fold it in, so that the page brings the record.

// keyring gives the private half of a sealing key by its number.
type keyring interface {
	SealingKey(number uint32) (hpke.PrivateKey, bool)
}

// open takes body and salt as they came, or out of the box.
func (s *supplied) open(c *syncv1.BatchChange, seq syncengine.DeviceSeq, keys keyring) (err error) {
	m := c.GetSealed()
	if s.body, s.salt = c.GetBody(), c.GetSalt(); m == nil {
		return nil
	}
	key, known := keys.SealingKey(m.GetKey())
	switch {
	case len(s.body)+len(s.salt) > 0:
		return badRequest("change %d: sealed, with a body beside it", seq)
	case !known:
		return badRequest("change %d: sealed to key %d, which this realm never had", seq, m.GetKey())
	case len(m.GetBox()) > wire.SealedBytesMax:
		return badRequest("change %d: a box of %d bytes, %d are allowed", seq, len(m.GetBox()), wire.SealedBytesMax)
	}
	s.sealed = true
	if s.body, s.salt, err = wire.Unseal(key, seq, m.GetBox()); err != nil {
		return badRequest("change %d: %v", seq, err)
	}
	return nil
}

// anySealed reports that a push has sealed changes.
func anySealed(changes []supplied) bool {
	for i := range changes {
		if changes[i].sealed {
			return true
		}
	}
	return false
}
