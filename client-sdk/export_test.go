package client

import (
	"onedoor/client-sdk/internal/localdb"
	"onedoor/domain"
	"onedoor/syncengine"
)

// Refill forgets where the phone stands in the log, so that the next sync fills
// it from the start.
func (r *Replica) Refill() error {
	return r.update(func(tx *localdb.Tx, s *state) error {
		s.pos.Cursor = nil
		return s.savePosition(tx)
	})
}

// Spoil alters a byte of the cursor, within the place that it names.
func (r *Replica) Spoil() error {
	return r.update(func(tx *localdb.Tx, s *state) error {
		s.pos.Cursor = append([]byte(nil), s.pos.Cursor...)
		s.pos.Cursor[2]++
		return s.savePosition(tx)
	})
}

// Outcomes counts the changes that have one in the journal, or had one when they
// were cleared from it.
func (r *Replica) Outcomes() (n int, err error) {
	err = r.view(func(tx *localdb.Tx, s *state) error {
		t := &taking{r: r, tx: tx, s: s}
		known, err := t.outcomes(s.pos.Cleared+1, s.end.Seq)
		n = int(s.pos.Cleared)
		for seq := range known {
			if seq > s.pos.Cleared {
				n++
			}
		}
		return err
	})
	return n, err
}

// Changes counts the changes ever made on the phone.
func (r *Replica) Changes() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return int(r.state.end.Seq)
}

// DoorFacts encodes the facts of a door that has them all.
func DoorFacts() []byte {
	f := &doorFacts{
		class: 1, grade: 2, kind: 3, paperSeen: 1_780_000_000_000, mine: true, territory: syncengine.ID{1}, into: syncengine.ID{2}, parent: syncengine.ID{3},
		key: domain.DoorKey{Compound: "丽景苑", Building: "1", Stair: "2", Floor: "3", Door: "301"}, address: "丽景苑1幢", aliases: []string{"老楼", "西头"},
	}
	return f.encode()
}

// ReadFacts decodes facts and encodes them again.
func ReadFacts(b []byte) ([]byte, error) {
	var f doorFacts
	err := f.decode(b)
	return f.encode(), err
}

// ForgetCases writes the rows of timelines as software did that did not know them by their case, and gives how many there are.
func (r *Replica) ForgetCases() (n int, err error) {
	err = r.update(func(tx *localdb.Tx, _ *state) error {
		var rows []localdb.Record
		for row, err := range tx.List(localdb.Query{Kind: kindCaseEvent}) {
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		for _, row := range rows {
			n++
			row.State = 0
			if err := tx.PutRecord(row); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}
