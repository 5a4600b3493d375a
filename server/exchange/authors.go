package exchange

import (
	"errors"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/internal/schema"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Authors tells in which roles writes were made, in one state of the realm. It is one goroutine's.
type Authors struct {
	svc   *Service
	r     store.Reader
	tree  *identity.Tree
	known map[syncengine.ID]*author
}

// author is a phone that wrote.
type author struct {
	device   identity.Device
	progress *storedv1.Progress
}

// Authors begins to tell, in a state of the realm.
func (s *Service) Authors(r store.Reader) (*Authors, error) {
	tree, err := s.caches.treeOf(r)
	return &Authors{svc: s, r: r, tree: tree, known: map[syncengine.ID]*author{}}, err
}

// Roles gives the roles that the author of a write had over its record under the grants that their phone worked by then, wherever the
// record has been since; none where that cannot be told any more, and none with phone false for a write that was made at the server.
func (a *Authors) Roles(write *syncengine.Write, rec *syncengine.Record) (roles schema.Roles, phone bool, err error) {
	by, err := a.of(write.Dot.Incarnation)
	if err != nil || by == nil {
		return 0, false, err
	}
	view, err := a.svc.caches.view(a.r, a.tree, by.device, confirmedAt(by.progress, write.Dot.Seq, 0))
	if err != nil {
		return 0, true, err
	}
	keys := make([]syncengine.ScopeKey, 0, len(rec.Keys))
	for _, stay := range rec.Keys {
		if _, recusal := stay.Key.IsRecusal(); !recusal {
			keys = append(keys, stay.Key)
		}
	}
	return view.Over(keys), true, nil
}

// of looks an author up once; nil for one that is no phone.
func (a *Authors) of(incarnation syncengine.ID) (*author, error) {
	if by, asked := a.known[incarnation]; asked {
		return by, nil
	}
	device, err := a.svc.caches.device(a.r, incarnation)
	switch {
	case errors.Is(err, identity.ErrDeviceUnknown):
		a.known[incarnation] = nil
		return nil, nil
	case err != nil:
		return nil, err
	}
	by := &author{device, &storedv1.Progress{}}
	if _, err := read(a.r, bucketProgress, incarnation[:], by.progress); err != nil {
		return nil, err
	}
	a.known[incarnation] = by
	return by, nil
}
