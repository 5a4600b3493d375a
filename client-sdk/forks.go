package client

import (
	"cmp"
	"slices"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// Where an epoch branched off is known to whoever was told while it was in force. A
// server that is restored from before that does not know it, and could not tell that
// a change was made after an erasure which both histories have. So the phone keeps
// what it was told, and says it again with what it wrote then.

// forks takes in where epochs branched off. What is told last of one counts: a number
// may have been given twice.
func (t *taking) forks() error {
	if len(t.a.GetForks()) == 0 {
		return nil
	}
	var told []syncengine.Fork
	for _, m := range t.a.GetForks() {
		told = append(told, syncengine.Fork{
			Epoch: syncengine.Epoch(m.GetEpoch()), Parent: syncengine.Epoch(m.GetParent()), At: syncengine.Seq(m.GetAt()),
		})
	}
	h, err := historyOf(t.tx, t.s)
	if err != nil {
		return err
	}
	for _, f := range h.Forks {
		if !slices.ContainsFunc(told, func(o syncengine.Fork) bool { return o.Epoch == f.Epoch }) {
			told = append(told, f)
		}
	}
	slices.SortFunc(told, func(a, b syncengine.Fork) int { return cmp.Compare(a.Epoch, b.Epoch) })
	return setJSON(t.tx, metaForks, told)
}

// historyOf gives what the phone was told of the epochs.
func historyOf(tx *localdb.Tx, s *state) (syncengine.History, error) {
	h := syncengine.History{Epoch: s.pos.Epoch}
	return h, getJSON(tx, metaForks, &h.Forks)
}

// tellForks says where epochs branched off, beside changes that were made in one that
// has ended; the newest where there are too many.
func tellForks(tx *localdb.Tx, s *state, out *sending, body *syncv1.ExchangeBody) error {
	ended := func(c localdb.Change) bool { return c.Base.Epoch != 0 && c.Base.Epoch != s.pos.Epoch }
	if !slices.ContainsFunc(out.batch, ended) {
		return nil
	}
	h, err := historyOf(tx, s)
	for _, f := range h.Forks[max(0, len(h.Forks)-wire.EpochForksMax):] {
		body.Forks = append(body.Forks, &syncv1.EpochFork{Epoch: uint32(f.Epoch), Parent: uint32(f.Parent), At: uint64(f.At)})
	}
	return err
}
