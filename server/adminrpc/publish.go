package adminrpc

import (
	"context"
	"fmt"

	"onedoor/server/directory"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Publish writes the records of the directory that say something else than identity
// does. A server calls it when it starts: a realm made by older software may lack
// some. A change of identity writes its records by itself, in one transaction.
func (s *Service) Publish(ctx context.Context) error {
	var changes []exchange.ServerChange
	err := s.realm.View(ctx, func(r store.Reader) error {
		pages, err := directory.All(r)
		if err != nil {
			return err
		}
		changes, err = s.toward(r, pages)
		return err
	})
	if err == nil && len(changes) > 0 {
		_, err = s.realm.Write(ctx, syncengine.ID{}, changes)
	}
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return nil
}

// toward makes the changes after which pages of the directory read as wanted.
func (s *Service) toward(r store.Reader, pages []directory.Page) ([]exchange.ServerChange, error) {
	return directory.Toward(pages, func(id syncengine.ID) (*syncengine.Record, error) { return s.realm.Record(r, id) })
}
