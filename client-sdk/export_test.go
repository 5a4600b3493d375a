package client

import (
	"fmt"

	"onedoor/client-sdk/internal/localdb"
)

// Refill forgets where the phone stands in the log, so that the next sync fills
// it from the start.
func (r *Replica) Refill() error {
	return r.update(func(tx *localdb.Tx, s *state) error {
		s.pos.Cursor = nil
		return s.savePosition(tx)
	})
}

// Outcomes counts the changes that have one in the journal.
func (r *Replica) Outcomes() (n int, err error) {
	err = r.view(func(tx *localdb.Tx, s *state) error {
		t := &taking{r: r, tx: tx, s: s}
		known, err := t.outcomes(1, s.end.Seq)
		n = len(known)
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

func (r *Replica) DebugKeys(id string) (out []string) {
	pid, _ := parseID(id)
	_ = r.view(func(tx *localdb.Tx, s *state) error {
		row, _, _ := tx.Record(pid)
		keys, _ := scopeKeys(tx, &row)
		for _, k := range keys {
			out = append(out, string(k[0])+k.ID().String(), "in view", map[bool]string{true: "yes", false: "no"}[s.rights.over[k] != 0])
		}
		return nil
	})
	return out
}

func (r *Replica) DebugChanges(id string) (out []string) {
	pid, _ := parseID(id)
	_ = r.view(func(tx *localdb.Tx, s *state) error {
		for row := range tx.ChangesOf(pid, 0) {
			own, err := r.readOwn(s, &row)
			if err != nil {
				return err
			}
			out = append(out, fmt.Sprintf("%d create %v base %v cells", own.seq, own.create, own.base))
			for _, w := range own.change.Cells {
				out = append(out, fmt.Sprintf("%d:%x=%x,%v", w.Key.Field, w.Key.Key, w.Data, w.Cleared))
			}
		}
		return nil
	})
	return out
}
