package exchange

import (
	"context"
	"errors"
	"fmt"

	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// A store on other machines may go back beneath a running server: a replica that lagged behind is promoted. The store says
// so to whoever knows of commits that are gone. Phones would show the same with their next call, but one that has called
// meanwhile need not know of what was lost; so the new epoch begins at once.

// wentBack begins a new epoch behind a loss that the store has told of, unless another server has.
func (s *Service) wentBack(cause error) error {
	var begun, parent syncengine.Epoch
	err := s.store.Update(context.Background(), func(w store.Writer) error {
		h, err := readHistory(w)
		if err != nil {
			return err
		}
		if err := identity.CheckSecrets(w, s.secrets); err != nil {
			return err // It is another realm by now: its history is none of this server's.
		}
		if begun, parent = h.Epoch, s.epoch(); begun > parent {
			return nil // Another server of the realm was told as well, and was first.
		}
		if err := doubt(w, h.Epoch); err != nil {
			return err
		}
		h, err = beginEpoch(w, Renewal{Now: s.now(), byStore: true})
		begun = h.Epoch
		return err
	})
	if err != nil {
		return errors.Join(cause, fmt.Errorf("begin a new epoch: %w", err))
	}
	s.log.Error("the database went back to an earlier state: a new epoch begins and phones bring back what is missing", "epoch", begun, "error", cause)
	s.enter(begun)
	return cause
}
