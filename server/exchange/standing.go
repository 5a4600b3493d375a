package exchange

import (
	"context"

	"onedoor/internal/schema"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// RolesOver gives the roles that a console user holds over a record now; none when it is outside of the user's grants.
func (s *Service) RolesOver(r store.Reader, user syncengine.ID, rec *syncengine.Record) (schema.Roles, error) {
	tree, err := s.caches.treeOf(r)
	if err != nil {
		return 0, err
	}
	view, err := s.caches.view(r, tree, identity.Device{UserID: user, Incarnation: authorID(user, r.Head().Epoch)}, 0)
	if err != nil {
		return 0, err
	}
	roles, _ := rolesIn(view, rec)
	return roles, nil
}

// WriteAs makes the changes that f gives after a look at the state they are made from, all or none, as Write makes them: nobody
// else's change comes between the look and the writes.
func (s *Service) WriteAs(ctx context.Context, by syncengine.ID, f func(store.Reader) ([]ServerChange, error)) error {
	return s.submit(&job{ctx: ctx, alone: true, size: 1, run: func(k *work) error {
		changes, err := f(k.w)
		if err != nil || len(changes) == 0 {
			return err
		}
		_, err = k.writeAll(by, changes)
		return err
	}})
}
