package client

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/domain"
	"onedoor/internal/recordjson"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// Query says which records a list gives. Every filter that is set must hold.
type Query struct {
	// Kind is the kind's name; it must be told.
	Kind string
	// Grid is the code of a territory, of any level: the list takes in all within it.
	Grid string
	// State is the name of a state, such as FOUND, in any case.
	State string
	// Due keeps what is to be done by the end of today (Asia/Shanghai): doors by
	// their cadence, other records by their date.
	Due bool
	// Mine keeps what names this phone's user: as author, assignee or participant.
	Mine bool
	// Deleted includes records shown as deleted.
	Deleted bool
}

// List gives the records that match, all of them, the newest first; with Due,
// what is due first comes first.
func (r *Replica) List(q Query) (out []*Record, err error) {
	read := r.reading
	if q.Due && q.Kind == "premises" {
		read = r.readingTurns
	}
	err = read(func(tx *localdb.Tx, s *state) error {
		kind, lq, err := r.localQuery(tx, &q)
		if err != nil {
			return err
		}
		rows := tx.List(lq)
		if q.Due && kind.Number == kindPremises {
			if rows, err = r.dueDoors(tx, lq); err != nil {
				return err
			}
		}
		out, err = r.records(tx, s, rows)
		return err
	})
	return out, err
}

// records makes records of rows, without those whose sight has ended by itself.
func (r *Replica) records(tx *localdb.Tx, s *state, rows iter.Seq2[localdb.Record, error]) ([]*Record, error) {
	var found []localdb.Record
	for row, err := range rows {
		if err != nil {
			return nil, err
		}
		switch err := r.hides(tx, s, &row); {
		case err == nil:
			found = append(found, row)
		case !errors.Is(err, ErrGrantEnded):
			return nil, err
		}
	}
	out := make([]*Record, len(found))
	for i := range found {
		var err error
		if out[i], err = r.shown(tx, &found[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// localQuery turns names into numbers and ids.
func (r *Replica) localQuery(tx *localdb.Tx, q *Query) (*schema.Kind, localdb.Query, error) {
	kind, ok := r.schema.KindByName(q.Kind)
	if !ok {
		return nil, localdb.Query{}, fmt.Errorf("%q: %w", q.Kind, ErrUnknownKind)
	}
	out := localdb.Query{Kind: kind.Number, Mine: q.Mine, Dead: q.Deleted}
	if q.Grid != "" {
		p, err := r.placesIn(tx)
		if err != nil {
			return nil, out, err
		}
		id, known := p.TerritoryID(q.Grid)
		if !known {
			return nil, out, fmt.Errorf("territory %s: %w", q.Grid, ErrUnknownPlace)
		}
		out.Territories = p.below(id)
	}
	if q.State != "" {
		n, err := stateNumber(kind, q.State)
		if err != nil {
			return nil, out, err
		}
		out.States = []int32{n}
	}
	if q.Due && kind.Number != kindPremises {
		if !hasDue(kind) {
			return nil, out, fmt.Errorf("%s records have no date to be due by: %w", kind.Name, ErrNoFilter)
		}
		out.DueTo, out.Order = endOfDay(r.now()), localdb.OrderDue
		out.States = r.openStates(kind, out.States)
	}
	return kind, out, nil
}

func stateNumber(kind *schema.Kind, name string) (int32, error) {
	for _, f := range kind.Fields {
		if !f.Rules.GetListState() {
			continue
		}
		n, ok := recordjson.EnumNumber(f.Desc.Enum(), name)
		if !ok {
			return 0, fmt.Errorf("%s has no state %s, but %s: %w", kind.Name, name, strings.Join(recordjson.EnumNames(f.Desc.Enum()), ", "), ErrNoFilter)
		}
		return int32(n), nil
	}
	return 0, fmt.Errorf("%s records have no state: %w", kind.Name, ErrNoFilter)
}

func hasDue(kind *schema.Kind) bool {
	for _, f := range kind.Fields {
		if f.Rules.GetDue() {
			return true
		}
	}
	return false
}

// endOfDay gives the last millisecond of the calendar day in Asia/Shanghai.
func endOfDay(now syncengine.UnixMilli) syncengine.UnixMilli {
	const dayMs, shanghaiMs = 24 * 60 * 60_000, 8 * 60 * 60_000
	day := domain.UnixMilli(now).ShanghaiDay()
	return syncengine.UnixMilli(day+1)*dayMs - shanghaiMs - 1
}

// openStates keeps what is finished out of a list of what is due: states from
// which work goes on, and none.
func (r *Replica) openStates(kind *schema.Kind, wanted []int32) []int32 {
	if len(wanted) > 0 {
		return wanted
	}
	done := finished[kind.Number]
	if len(done) == 0 {
		return nil
	}
	out := []int32{0}
	for _, f := range kind.Fields {
		if !f.Rules.GetListState() {
			continue
		}
		for i := range f.Desc.Enum().Values().Len() {
			if n := int32(f.Desc.Enum().Values().Get(i).Number()); n != 0 && !done[n] {
				out = append(out, n)
			}
		}
	}
	return out
}

// Search finds the records whose notes, names or addresses contain a text of at
// least one Chinese character or three other characters, the newest first;
// letter case and character width do not matter. It first brings the index up to
// date with what was edited and pulled, so nothing is missed.
func (r *Replica) Search(text string) (out []*Record, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keepTime()
	if err := r.destroyStale(); err != nil {
		return nil, err
	}
	if err := r.state.barred(r.state.time(r.now())); err != nil {
		return nil, err
	}
	for left := 1; left > 0; {
		err := r.db.Update(func(tx *localdb.Tx) (err error) {
			left, err = tx.IndexQueued(indexChunk, r.searchText)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	err = r.db.View(func(tx *localdb.Tx) error {
		out, err = r.records(tx, &r.state, alive(tx.Search(text, r.searchText)))
		return err
	})
	return out, err
}

// indexChunk is how many records are indexed in one transaction.
const indexChunk = 2000

func alive(rows iter.Seq2[localdb.Record, error]) iter.Seq2[localdb.Record, error] {
	return func(yield func(localdb.Record, error) bool) {
		for row, err := range rows {
			if err == nil && row.Dead {
				continue
			}
			if !yield(row, err) {
				return
			}
		}
	}
}
