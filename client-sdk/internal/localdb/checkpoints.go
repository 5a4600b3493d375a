package localdb

import (
	"iter"

	"onedoor/syncengine"
)

// AddCheckpoint adds the newest checkpoint. Beyond CheckpointsMax the oldest goes.
func (tx *Tx) AddCheckpoint(c Checkpoint) error {
	id, err := tx.write("INSERT INTO checkpoints (epoch, seq, tag) VALUES (?, ?, ?) RETURNING id").
		int(int64(c.At.Epoch)).int(int64(c.At.Seq)).blob(c.Tag[:]).number()
	if err != nil {
		return err
	}
	return tx.write("DELETE FROM checkpoints WHERE id <= ?").int(id - CheckpointsMax).run()
}

// Checkpoints gives all, the newest first.
func (tx *Tx) Checkpoints() iter.Seq2[Checkpoint, error] {
	return each(func() *statement {
		return tx.statement("SELECT epoch, seq, tag FROM checkpoints ORDER BY id DESC")
	}, func(s *statement) (Checkpoint, error) {
		c := Checkpoint{At: syncengine.Coordinate{Epoch: syncengine.Epoch(s.columnInt(0)), Seq: syncengine.Seq(s.columnInt(1))}}
		s.copyColumn(2, c.Tag[:])
		return c, nil
	})
}

// ClearCheckpoints deletes all, as when the base is dropped.
func (tx *Tx) ClearCheckpoints() error {
	return tx.write("DELETE FROM checkpoints").run()
}
