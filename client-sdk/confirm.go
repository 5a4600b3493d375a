package client

import (
	"onedoor/client-sdk/internal/localdb"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// confirm is the short way for what most changes are: a record that this phone
// made with one change, which was applied. What the author was shown becomes
// base. The change's own bytes say it all, so the record is not read: localdb
// refuses where it is any other than the one the change made. It is fold for a
// record of which nothing else is known, and answers false where fold is needed.
func (t *taking) confirm(id syncengine.ID, own []confirmed, rebased bool) (bool, error) {
	if t.rewound || rebased || len(own) != 1 || !t.foldsIn(id, &own[0]) {
		return false, nil
	}
	c := &own[0]
	kind, known := t.r.schema.Kind(c.row.Kind)
	if !known || !t.made.Read(kind, c.row.Body) {
		return false, nil
	}
	row := localdb.Record{ID: id, Kind: kind.Number, Seq: syncengine.Seq(c.outcome.GetSeq())}
	if err := t.placeAs(&row, kind, t.madeRecord(kind, id)); err != nil {
		return false, err
	}
	if whole, err := t.readsAll(&row, kind); err != nil || !whole {
		return false, err
	}
	var err error
	if row.Territory, err = territoryUnder(t.tx, &row); err != nil || row.Territory.IsZero() {
		return false, err
	}
	write := c.write(t.s, t.made.Time, rankOf(t.r.schema, t.s.rights.own))
	row.Base = t.made.Stored(&write)
	delete(t.parents, id)
	return t.tx.ConfirmRecord(&row)
}

// readsAll reports that the phone may read all that was made, under the keys of its row.
func (t *taking) readsAll(row *localdb.Record, kind *schema.Kind) (bool, error) {
	classes, err := t.readable(row)
	for _, w := range t.made.Cells {
		class, known := kind.Engine.Class(w.Key.Field)
		if known && !classes.Has(class) {
			return false, err
		}
	}
	return classes != 0, err
}

// placing is as much of a record as placing looks at, in memory that many share.
type placing struct {
	record syncengine.Record
	write  syncengine.Write
	values []syncengine.Value
}

// madeRecord gives as much of the record that was read last as placing looks at.
// It is good until the next one is asked for.
func (t *taking) madeRecord(kind *schema.Kind, id syncengine.ID) *syncengine.Record {
	p := &t.placing
	p.write.Dot.Incarnation = t.s.self.Incarnation
	p.record.ID, p.record.Kind, p.record.Cells, p.values = id, kind.Number, p.record.Cells[:0], p.values[:0]
	p.add(syncengine.LifeWrite(false))
	for _, w := range t.made.Cells {
		if f, known := kind.Field(w.Key.Field); known && f.Engine.Scope != syncengine.NoScope {
			p.add(w)
		}
	}
	return &p.record
}

func (p *placing) add(w syncengine.CellWrite) {
	p.values = append(p.values, syncengine.Value{Write: &p.write, Data: w.Data})
	values := p.values[len(p.values)-1:]
	p.record.Cells = append(p.record.Cells, syncengine.Cell{Key: w.Key, Values: values[:1:1]})
}
