package model

import (
	"maps"
	"slices"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// phone is one installation as the world saw it act.
type phone struct {
	id          PhoneID
	incarnation syncengine.ID
	user        syncengine.ID
	// rows are the changes in its database, from device_seq 1, those of before a fork too.
	rows []*row
	// checkpoint is where the last reply stood that it took with caught_up.
	checkpoint syncengine.Coordinate
	gone       bool
}

// row is one change as its phone made it.
type row struct {
	seq        syncengine.DeviceSeq
	body, salt []byte
	change     *wire.Change
	// saw is the phone's checkpoint when it was made.
	saw syncengine.Coordinate
}

func (m *Model) enrol(p PhoneID, incarnation, user syncengine.ID, _ uint64) {
	m.phones[p] = &phone{id: p, incarnation: incarnation, user: user}
}

func (m *Model) wrote(p PhoneID, rows []Row, asked []Asked) {
	ph, f := m.phones[p], m.at(p, syncengine.ID{})
	for _, r := range rows {
		f.want(r.DeviceSeq == syncengine.DeviceSeq(len(ph.rows)+1), I2, "row %d follows row %d", r.DeviceSeq, len(ph.rows))
		change, err := wire.DecodeChange(r.Body)
		if !f.want(err == nil, I2, "row %d cannot be read: %v", r.DeviceSeq, err) {
			continue
		}
		ph.rows = append(ph.rows, &row{seq: r.DeviceSeq, body: r.Body, salt: r.Salt, change: change, saw: ph.checkpoint})
	}
	m.askedFor(ph, rows, asked)
}

// askedFor wants every cell that the script asked for in the rows of the commit.
func (m *Model) askedFor(ph *phone, rows []Row, asked []Asked) {
	for _, a := range asked {
		f := m.at(ph.id, a.Record)
		var written []syncengine.CellWrite
		for _, r := range ph.rows[max(0, len(ph.rows)-len(rows)):] {
			if kind, ok := m.schema.Kind(r.change.Kind); ok && r.change.RecordID == a.Record {
				cells, _ := wire.Cells(kind, r.change.Create, r.change.Patch)
				written = append(written, cells...)
			}
		}
		for _, c := range a.Cells {
			f.want(slices.ContainsFunc(written, func(w syncengine.CellWrite) bool {
				return w.Key == c.Key && w.Cleared == c.Cleared && string(w.Data) == string(c.Data)
			}), I2, "the edit of field %d was asked for and is in no row", c.Key.Field)
		}
	}
}

func (m *Model) took(p PhoneID, _ CallID, reply *syncv1.ExchangeResponse) {
	if ph := m.phones[p]; reply.GetCaughtUp() {
		ph.checkpoint = coordinate(reply.GetPosition())
	}
}

func coordinate(c *syncv1.Coordinate) syncengine.Coordinate {
	return syncengine.Coordinate{Epoch: syncengine.Epoch(c.GetEpoch()), Seq: syncengine.Seq(c.GetSeq())}
}

// copied gives the state of a phone as a copy of its files holds it.
func (ph *phone) copied() *phone {
	next := *ph
	next.rows = slices.Clone(ph.rows)
	return &next
}

func (m *Model) saved(p PhoneID, name string) { m.copies[name] = m.phones[p].copied() }

func (m *Model) putBack(p PhoneID, name string) {
	ph := m.copies[name].copied()
	ph.id = p
	m.phones[p] = ph
}

func (m *Model) lost(p PhoneID) { m.phones[p].gone = true }

// phoneIDs lists the phones in order.
func (m *Model) phoneIDs() []PhoneID { return slices.Sorted(maps.Keys(m.phones)) }
