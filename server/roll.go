package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/server/syncrpc"
)

// roll lists the realms of a process.
type roll struct {
	// mu guards the fields below; the lists themselves are replaced and never changed.
	mu sync.RWMutex
	// list holds those that are served, by code.
	list []*hosted
	// closed holds those that cannot be opened.
	closed []unopened
	// alone tells that one realm is served and no other can come.
	alone bool
}

// unopened is a realm that is not served because it cannot be opened.
type unopened struct {
	config Config
	err    error
}

// all gives the realms that are served.
func (r *roll) all() []*hosted {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.list
}

// unopened gives those that cannot be opened.
func (r *roll) unopened() []unopened {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.closed
}

// first gives the realm with the least code.
func (r *roll) first() *hosted { return r.all()[0] }

// only gives the realm of a process that serves one and knows of no other; nil where calls have to be told apart.
func (r *roll) only() *hosted {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.alone || len(r.list) == 1 && len(r.closed) == 0 {
		return r.list[0]
	}
	return nil
}

// of gives the realm with a code; nil for one that is not served.
func (r *roll) of(code uint32) *hosted {
	list := r.all()
	at, found := slices.BinarySearchFunc(list, code, func(h *hosted, code uint32) int { return int(h.code()) - int(code) })
	if !found {
		return nil
	}
	return list[at]
}

// add takes a realm in; it reports false for one whose code is served already.
func (r *roll) add(h *hosted) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, found := slices.BinarySearchFunc(r.list, h.code(), func(h *hosted, code uint32) int { return int(h.code()) - int(code) })
	if found {
		return false
	}
	r.list = slices.Insert(slices.Clone(r.list), at, h)
	return true
}

// left notes which realms cannot be opened.
func (r *roll) left(closed []unopened) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = closed
}

// knowing gives the realm in which a look does not end with unknown; nil when there is none. A realm that is away, or that cannot
// be opened, keeps no other from being found; it is told when none was.
func (r *roll) knowing(ctx context.Context, unknown error, look func(store.Reader) error) (*hosted, error) {
	var failed error
	for _, h := range r.all() {
		err := h.realm.View(ctx, look)
		switch {
		case away(err) || err != nil && ctx.Err() != nil:
			failed = err
		case !errors.Is(err, unknown):
			return h, nil
		}
	}
	return nil, cmp.Or(failed, r.mayBeUnopened())
}

// mayBeUnopened says that what is not known here may be of a realm that cannot be opened; nil when all are open.
func (r *roll) mayBeUnopened() error {
	if n := len(r.unopened()); n > 0 {
		return fmt.Errorf("%w: %d of them", syncrpc.ErrUnopened, n)
	}
	return nil
}

// away reports an error of the store itself: what it holds is not known.
func away(err error) bool {
	return slices.ContainsFunc([]error{
		store.ErrUnavailable, store.ErrClosed, store.ErrWentBack, store.ErrUnknown, store.ErrDamaged, store.ErrNewer, exchange.ErrClosed,
	}, func(e error) bool { return errors.Is(err, e) })
}
