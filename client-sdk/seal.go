package client

import (
	"fmt"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// What leaves the phone's area leaves the phone, what was written here about it
// stays until it is safe elsewhere. Then it is put under the realm's public key: the
// phone hands it in as it would have, and cannot read it. Ids, numbers, base, chain,
// size, group and the time it was made stay readable; the chain is over what is inside.

// sealing seals changes to a realm's public key.
type sealing struct {
	tx  *localdb.Tx
	s   *state
	key *syncv1.SealingKey
}

// sealer gives what seals changes; ok is false where no server has told a key yet,
// as one of older software does not: then nothing is sealed.
func (s *state) sealer(tx *localdb.Tx) (*sealing, bool) {
	key := s.grants.GetSealing()
	return &sealing{tx: tx, s: s, key: key}, len(key.GetKey()) == wire.SealedKeyBytes && key.GetNumber() != 0
}

// record seals all that was written to a record, and throws its drafts away: they
// are no one's work yet and quote what the phone may not hold.
func (e *sealing) record(id syncengine.ID) error {
	rows, err := collect(e.tx.ChangesOf(id, 0))
	if err != nil {
		return err
	}
	if err := e.rows(rows); err != nil {
		return err
	}
	drafts, err := collect(e.tx.Drafts())
	if err != nil {
		return err
	}
	for _, d := range drafts {
		if d.RecordID == id {
			if err := e.tx.EraseDraft(d.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// rows seals changes; those that are sealed already, or of which nothing is left, stay.
func (e *sealing) rows(rows []localdb.Change) error {
	for i := range rows {
		row := &rows[i]
		if len(row.Body) == 0 {
			continue
		}
		row.Made, row.SealingKey = changeTime(row), e.key.GetNumber()
		var err error
		if row.Sealed, err = wire.Seal(e.key.GetKey(), row.DeviceSeq, row.Body, row.Salt); err != nil {
			return fmt.Errorf("seal change %d: %w", row.DeviceSeq, err)
		}
		if err := e.tx.SealChange(*row); err != nil {
			return err
		}
		e.s.pos.SealedTo = max(e.s.pos.SealedTo, row.DeviceSeq)
	}
	return nil
}

// seal seals what was written to records that are not for this phone any more.
func (t *taking) seal(ids ...syncengine.ID) error {
	e, ok := t.s.sealer(t.tx)
	if !ok {
		return nil
	}
	for _, id := range ids {
		if err := e.record(id); err != nil {
			return err
		}
	}
	return nil
}

// sealGone seals what was accepted to a record that the phone is not shown. What
// still waits to be sent, or for a decision, stays its author's to read.
func (t *taking) sealGone(own []confirmed) error {
	e, ok := t.s.sealer(t.tx)
	if !ok {
		return nil
	}
	for i := range own {
		if code := own[i].code(); code != syncv1.OutcomeCode_OUTCOME_CODE_APPLIED && code != syncv1.OutcomeCode_OUTCOME_CODE_MERGED {
			continue
		}
		if err := e.rows([]localdb.Change{*own[i].row}); err != nil {
			return err
		}
	}
	return nil
}

// sealReplayed seals what this answer accepts of changes that base was settled with
// before, where the record is not here: another history than the one that had
// quarantined them took them after all.
func (t *taking) sealReplayed(settled syncengine.DeviceSeq) error {
	for i, o := range t.a.outcomes {
		row := &t.a.sent.batch[i]
		if row.DeviceSeq > settled {
			continue
		}
		_, held, err := t.tx.BaseKeys(row.RecordID)
		if err != nil {
			return err
		}
		if !held {
			if err := t.sealGone([]confirmed{{row: row, outcome: o}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// sealedPending reports that a record has sealed changes which wait to be decided.
func (s *state) sealedPending(tx *localdb.Tx, id syncengine.ID) (bool, error) {
	if s.pos.SealedTo <= s.pos.Mark {
		return false, nil
	}
	n, err := tx.SealedOf(id, s.pos.Mark)
	return n > 0, err
}

// checkSealed refuses to go on with a record whose sealed changes wait: nobody here
// can see what they say.
func (s *state) checkSealed(tx *localdb.Tx, id syncengine.ID) error {
	waits, err := s.sealedPending(tx, id)
	if err == nil && waits {
		err = fmt.Errorf("%s: %w", id, ErrSealed)
	}
	return err
}

// sealedChange is how a sealed change travels; nil for any other.
func sealedChange(row *localdb.Change) *syncv1.SealedChange {
	if row.SealingKey == 0 {
		return nil
	}
	return &syncv1.SealedChange{Key: row.SealingKey, Box: row.Sealed}
}
