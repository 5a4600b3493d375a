package grpczstd

import (
	"bytes"
	"slices"
	"sync"
)

const (
	// aheadBytesMin is the least part that is worth packing ahead: less is packed in a fraction of a millisecond.
	aheadBytesMin = 64 << 10
	// aheadPartsMax bounds the parts that wait, some three quarters of a megabyte each: a phone has one.
	aheadPartsMax = 4
	// aheadBefore is how much of a message may come before the part: what a request says of itself is shorter.
	aheadBefore = 4 << 10
)

// Ahead packs what will be the greater part of a message before the rest of it is known, so that who waits for
// the message waits for less. A message that holds the very bytes of the part is then sent as frames that follow one
// another, which a decoder reads as one; every other message is packed as ever. drop forgets the part; it is called
// when the message has been sent, or will not be. The part must not be changed before.
func Ahead(part []byte) (drop func()) { return shared.ahead(part) }

// aheadPart is a part of a message with its frame.
type aheadPart struct{ plain, packed []byte }

// aheadParts are the parts that wait for their message.
type aheadParts struct {
	// mu guards list.
	mu   sync.Mutex
	list []*aheadPart
}

func (c *compressor) ahead(part []byte) (drop func()) {
	if len(part) < aheadBytesMin || c.parts.full() {
		return func() {}
	}
	p := &aheadPart{plain: part, packed: c.encoder.EncodeAll(part, nil)}
	c.parts.add(p)
	return func() { c.parts.drop(p) }
}

func (a *aheadParts) full() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.list) >= aheadPartsMax
}

func (a *aheadParts) add(p *aheadPart) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list = append(a.list, p)
}

func (a *aheadParts) drop(p *aheadPart) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list = slices.DeleteFunc(a.list, func(o *aheadPart) bool { return o == p })
}

// within finds a part that stands near the beginning of a message, and where.
func (a *aheadParts) within(message []byte) (p *aheadPart, at int) {
	if len(message) < aheadBytesMin {
		return nil, 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range a.list {
		for at := 0; at <= aheadBefore && at+len(p.plain) <= len(message); at++ {
			if bytes.Equal(message[at:at+len(p.plain)], p.plain) {
				return p, at
			}
		}
	}
	return nil, 0
}

// pack appends the frame of a message to dst, or its frames where a part of it is packed already.
func (c *compressor) pack(dst, message []byte) []byte {
	p, at := c.parts.within(message)
	if p == nil {
		return c.encoder.EncodeAll(message, dst)
	}
	dst = c.encoder.EncodeAll(message[:at], dst)
	dst = append(dst, p.packed...)
	return c.encoder.EncodeAll(message[at+len(p.plain):], dst)
}
