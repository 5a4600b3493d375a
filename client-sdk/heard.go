package client

import (
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/syncengine"
)

// hearAgain sends again what this phone was told of by a history that is gone, where the log in force has the change all
// the same: a request that was long on its way brought it, or a copy of this database. It may have been decided
// otherwise there, and stands elsewhere. The server answers what it has stored.
//
// What a copy shares with the database that it was made of cannot be asked under its own name. heard is the last change
// of which this phone had an outcome before this answer.
func (t *taking) hearAgain(heard syncengine.DeviceSeq) error {
	pos := &t.s.pos
	from, to := max(pos.Cleared, pos.Shared)+1, min(pos.Mark, heard)
	if from > to {
		return nil
	}
	h, err := historyOf(t.tx, t.s)
	if err != nil {
		return err
	}
	told, err := t.outcomes(from, to)
	if err != nil {
		return err
	}
	for seq := from; seq <= to; seq++ {
		if _, stands := h.Current(placeOf(told[seq])); !stands {
			pos.Mark = seq - 1
			break
		}
	}
	return nil
}

// placeOf gives where an outcome of the journal says that its change stands; zero for none.
func placeOf(o *syncv1.Outcome) syncengine.Coordinate {
	return syncengine.Coordinate{Epoch: syncengine.Epoch(o.GetEpoch()), Seq: syncengine.Seq(o.GetSeq())}
}
