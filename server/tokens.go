package server

import (
	"context"
	"crypto/sha256"
	"sync"

	"onedoor/server/identity"
	"onedoor/server/store"
)

// tokensMax bounds the tokens whose realm is remembered: those of some thousand people at consoles, of reports and of feeds.
// Any of them makes room for a new one; looking it up again costs a reading in each realm.
const tokensMax = 4096

// tokens remembers in which realm a token speaks, by a hash of it; none where it speaks in no realm. A token is made at random
// and never moves, so what is remembered stays true until a realm comes.
type tokens struct {
	// mu guards realms.
	mu     sync.Mutex
	realms map[[sha256.Size]byte]*hosted
}

// find gives the realm of a token, or the error of one that no realm has made.
func (t *tokens) find(ctx context.Context, among *roll, token string) (*hosted, error) {
	hash := sha256.Sum256([]byte(token))
	h, known := t.get(hash)
	if !known {
		var err error
		if h, err = speaking(ctx, among, token); err != nil {
			return nil, err
		}
		t.put(hash, h)
	}
	if h == nil {
		return nil, identity.ErrTokenUnknown
	}
	return h, nil
}

// speaking looks a token up in each realm; nil when all of them know none such. One that was revoked or has expired is its
// realm's, which says so.
func speaking(ctx context.Context, among *roll, token string) (*hosted, error) {
	return among.knowing(ctx, identity.ErrTokenUnknown, func(r store.Reader) error {
		_, err := identity.CheckToken(r, token, 0)
		return err
	})
}

func (t *tokens) get(hash [sha256.Size]byte) (h *hosted, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	h, known = t.realms[hash]
	return h, known
}

func (t *tokens) put(hash [sha256.Size]byte, h *hosted) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.realms == nil {
		t.realms = map[[sha256.Size]byte]*hosted{}
	}
	if len(t.realms) >= tokensMax {
		for any := range t.realms {
			delete(t.realms, any)
			break
		}
	}
	t.realms[hash] = h
}

// forget forgets all: a realm has come that may know what was unknown.
func (t *tokens) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.realms = nil
}
