package client

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// A barrier is what a phone keeps of an erasure: it says which cells were erased and where in the log, refuses what was written before
// it, and goes back to a server that may have lost it.

// carriesBarriers reports that the phone may hold barriers. Software that did not note them by themselves knows of those that
// came with pages.
func (pos *position) carriesBarriers() bool { return pos.Barred || pos.BarrierAt.Seq > 0 }

func barrierCells(m *syncv1.Barrier) syncengine.Cells {
	return syncengine.Cells{Field: syncengine.FieldNumber(m.GetField()), Key: string(m.GetKey())}
}

func barrierPlace(m *syncv1.Barrier) syncengine.Coordinate {
	return syncengine.Coordinate{Epoch: syncengine.Epoch(m.GetCoordinate().GetEpoch()), Seq: syncengine.Seq(m.GetCoordinate().GetSeq())}
}

// telling is one telling of an erasure: cells, and the places at which it stood, that of the log in force first.
type telling struct {
	syncengine.Barrier
	// counted is what counts of bases in epochs that have two histories.
	counted []syncengine.Coordinate
}

func tellingOf(m *syncv1.Barrier) telling {
	return telling{
		Barrier: syncengine.Barrier{Cells: barrierCells(m), At: append([]syncengine.Coordinate{barrierPlace(m)}, coordinates(m.GetEarlier())...)},
		counted: coordinates(m.GetCounted()),
	}
}

func coordinates(list []*syncv1.Coordinate) (out []syncengine.Coordinate) {
	for _, c := range list {
		out = append(out, syncengine.Coordinate{Epoch: syncengine.Epoch(c.GetEpoch()), Seq: syncengine.Seq(c.GetSeq())})
	}
	return out
}

// counts gives as much of a base as counts against the erasure: a number of an epoch with two histories may be that of an
// entry that its author has never seen, and the server counts no more.
func (b *telling) counts(base syncengine.Coordinate) syncengine.Coordinate {
	for _, c := range b.counted {
		if c.Epoch == base.Epoch && c.Seq < base.Seq {
			base.Seq = c.Seq
		}
	}
	if base.Seq == 0 {
		return syncengine.Coordinate{}
	}
	return base
}

// seen reports that who stood at base had seen the erasure at one of some of its places.
func (b *telling) seen(h syncengine.History, base syncengine.Coordinate, places []syncengine.Coordinate) bool {
	base = b.counts(base)
	return slices.ContainsFunc(places, func(at syncengine.Coordinate) bool { return h.Reaches(base, at) })
}

// barriersOf gives the barriers of a record as they were told, one for each telling: where it stands first, then where it
// stood in logs that are lost.
func barriersOf(tx *localdb.Tx, record syncengine.ID) (out []telling, err error) {
	for row, err := range tx.BarriersOf(record) {
		if err != nil {
			return nil, err
		}
		m := &syncv1.Barrier{}
		if err := proto.Unmarshal(row.Body, m); err != nil {
			return nil, fmt.Errorf("barrier of record %s: %w: %w", record, ErrDamaged, err)
		}
		out = append(out, tellingOf(m))
	}
	return out, nil
}

// handBarriers says how far erasures are applied, and hands back those that the
// phone carries once the epoch changed: the server may have lost them.
func handBarriers(tx *localdb.Tx, s *state, out *sending, body *syncv1.ExchangeBody) error {
	at := s.pos.BarrierAt
	body.BarrierSeq = uint64(at.Seq)
	if at.Epoch != s.pos.Epoch {
		body.BarrierEpoch = uint32(at.Epoch)
	}
	if !s.pos.Handing {
		return nil
	}
	out.lastHanded = true
	for row, err := range tx.BarriersAfter(s.pos.Handed, wire.BarriersMax+1) {
		if err != nil {
			return err
		}
		if len(body.Barriers) == wire.BarriersMax {
			out.lastHanded = false
			break
		}
		m := &syncv1.Barrier{}
		if err := proto.Unmarshal(row.Body, m); err != nil {
			return fmt.Errorf("barrier of record %s: %w: %w", row.RecordID, ErrDamaged, err)
		}
		m.Earlier, m.Counted = nil, nil // The realm's signature does not cover them.
		body.Barriers, out.handedTo = append(body.Barriers, m), row.ID
	}
	return nil
}

// checkErased refuses to write a cell that was erased until the phone has caught up
// with the erasure: the server takes what was written before it for what it erased.
func (c *committing) checkErased(id syncengine.ID, kind *schema.Kind, cells []syncengine.CellWrite) error {
	if !c.s.pos.carriesBarriers() {
		return nil
	}
	barriers, err := barriersOf(c.tx, id)
	if err != nil {
		return err
	}
	for _, b := range barriers {
		at := b.counts(c.s.pos.Checkpoint)
		if at.Epoch > b.At[0].Epoch || at.Epoch == b.At[0].Epoch && at.Seq >= b.At[0].Seq {
			continue
		}
		for _, w := range cells {
			if b.Cells.Names(kind.Engine, w.Key) {
				name := ""
				if f, known := kind.Field(w.Key.Field); known {
					name = f.Name
				}
				return refuse(name, "erased.sync_first", "这项内容刚刚依法删除，请先同步，再重新填写。",
					"this was just erased by law: sync first, then write it again")
			}
		}
	}
	return nil
}
