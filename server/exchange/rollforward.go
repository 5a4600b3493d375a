package exchange

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// A database that lacks entries of the side ledger is rolled forward when it is opened. Was it put back without a
// restore, the ledger is the first to show it, and nobody is served from it in an epoch that has gone on elsewhere.

// openLedger rolls the database forward to the ledger's end, and begins the
// ledger anew where it has missed something.
func (s *Service) openLedger(ctx context.Context) error {
	state, agrees, err := s.ledgerState(ctx)
	if err != nil {
		return err
	}
	if s.ledger == nil {
		if state != nil {
			s.log.Warn("this realm was kept with a side ledger and is served without one: a restore would undo what is revoked from now on")
		}
		return nil
	}
	if l, ok := s.common(); ok {
		return s.openCommon(ctx, l)
	}
	missing := s.ledger.Last() > state.GetNumber()
	if missing {
		if err := s.rollForward(ctx); err != nil {
			return fmt.Errorf("roll forward from the side ledger: %w", err)
		}
	}
	if missing || !agrees {
		return s.beginLedger(ctx)
	}
	return nil
}

// rollForward puts what the ledger has beyond the database into it. Where no restore
// was declared since, that shows that the database was put back, before anybody has
// been served from it: a new epoch begins in the same transaction, so that no number
// is given twice. A crash between the ledger and the database looks the same, and
// costs every phone one trip.
func (s *Service) rollForward(ctx context.Context) error {
	done := 0
	var begun syncengine.Epoch
	err := s.store.Update(ctx, func(w store.Writer) (err error) {
		if done, err = Replay(w, s.ledger); err != nil || done == 0 {
			return err
		}
		begun, err = s.endPutBack(w)
		return err
	})
	if err != nil || done == 0 {
		return err
	}
	s.log.Warn("the database lacked changes that the side ledger has; they stand again", "entries", done)
	if begun != 0 {
		s.log.Error("the side ledger shows that the database was put back to an earlier state without `onedoor restore`: a new epoch begins and phones bring back what is missing",
			"epoch", begun)
		s.enter(begun)
	}
	return nil
}

// endPutBack begins a new epoch, unless the one in force is a restore's that the ledger
// has not heard of.
func (s *Service) endPutBack(w store.Writer) (begun syncengine.Epoch, err error) {
	known, err := LedgerEpochs(s.ledger)
	if err != nil {
		return 0, err
	}
	newest := syncengine.Epoch(1)
	for _, f := range known {
		newest = max(newest, f.Epoch)
	}
	if w.Head().Epoch > newest {
		return 0, nil
	}
	doubtful, err := LedgerDoubtful(s.ledger)
	if err != nil {
		return 0, err
	}
	h, err := beginEpoch(w, Renewal{Known: known, Doubtful: doubtful, Now: s.now(), byLedger: true})
	return h.Epoch, err
}

// ledgerState gives how far the ledger and the database agreed, nil for never, and
// whether nothing was changed since.
func (s *Service) ledgerState(ctx context.Context) (state *storedv1.LedgerState, agrees bool, err error) {
	err = s.store.View(ctx, func(r store.Reader) error {
		m := &storedv1.LedgerState{}
		ok, err := read(r, bucketLedger, historyKey, m)
		if err != nil || !ok {
			return err
		}
		now, err := agreeing(r, m.GetNumber())
		state, agrees = m, proto.Equal(m, now)
		return err
	})
	return state, agrees, err
}

// beginLedger writes everything that the ledger keeps as one entry.
func (s *Service) beginLedger(ctx context.Context) error {
	var appended uint64
	err := s.store.Update(ctx, func(w store.Writer) error {
		e, err := s.everything(w)
		if err != nil {
			return err
		}
		if err := noteLedger(w, e.Number); err != nil {
			return err
		}
		err = s.ledger.Append(e)
		if err == nil {
			appended = e.Number
		}
		return err
	})
	if err != nil && appended != 0 {
		return errors.Join(err, s.ledger.Void(appended))
	}
	return err
}

// everything is the entry of all that the ledger keeps.
func (s *Service) everything(w store.Writer) (LedgerEntry, error) {
	e := LedgerEntry{Number: s.ledger.Last() + 1, At: s.now(), Whole: true}
	for _, bucket := range ledgered {
		from, err := wholeFrom(w, bucket)
		if err != nil {
			return e, err
		}
		err = w.Documents(bucket, from, nil, func(d store.Document) bool {
			e.Documents = append(e.Documents, LedgerDocument{Bucket: bucket, Key: d.Key, Value: append([]byte{}, d.Value...)})
			return true
		})
		if err != nil {
			return e, err
		}
	}
	return e, nil
}
