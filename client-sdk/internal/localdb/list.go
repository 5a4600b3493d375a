package localdb

import (
	"fmt"
	"iter"
	"strings"
)

// queryValuesMax bounds the territories and the states of a query: the engine takes 32,766 parameters.
const queryValuesMax = 10_000

// List gives the records that match a query, all of them.
func (tx *Tx) List(q Query) iter.Seq2[Record, error] {
	return each(func() *statement {
		return tx.filter(&q, "SELECT "+recordColumns, orders[q.Order])
	}, tx.scanRecord)
}

// Count counts the records that match a query.
func (tx *Tx) Count(q Query) (int, error) {
	n, err := tx.filter(&q, "SELECT count(*)", "").number()
	return int(n), err
}

// orders are the ORDER BY clauses. The plus keeps the engine from walking all ids in order and testing each record.
var orders = map[Order]string{
	OrderNewest: " ORDER BY +id DESC",
	OrderOldest: " ORDER BY +id",
	OrderDue:    " ORDER BY due = 0, due, +id",
}

// filter binds a query. Lists of values are padded with their last one, so that few texts of the statement exist.
func (tx *Tx) filter(q *Query, selects, order string) *statement {
	if len(q.Territories) > queryValuesMax || len(q.States) > queryValuesMax {
		return &statement{tx: tx, err: fmt.Errorf("query with %d territories and %d states: %w, at most %d of each",
			len(q.Territories), len(q.States), ErrTooMany, queryValuesMax)}
	}
	var where strings.Builder
	where.WriteString(selects + " FROM records WHERE round <= ?")
	add := func(wanted bool, condition string) {
		if wanted {
			where.WriteString(" AND " + condition)
		}
	}
	add(q.Kind != 0, "kind = ?")
	add(len(q.Territories) > 0, "territory IN ("+marks(len(q.Territories))+")")
	add(len(q.States) > 0, "state IN ("+marks(len(q.States))+")")
	add(q.DueTo != 0, "due BETWEEN 1 AND ?")
	add(q.Mine, "mine = 1")
	add(!q.Dead, "dead = 0")
	add(q.Pending, "pending > 0")
	s := tx.statement(where.String() + order).int(tx.db.shown)
	if q.Kind != 0 {
		s.int(int64(q.Kind))
	}
	for i := range padded(len(q.Territories)) {
		s.id(q.Territories[min(i, len(q.Territories)-1)])
	}
	for i := range padded(len(q.States)) {
		s.int(int64(q.States[min(i, len(q.States)-1)]))
	}
	if q.DueTo != 0 {
		s.int(int64(q.DueTo))
	}
	return s
}

// padded gives the power of two at or above n; 0 for 0.
func padded(n int) int {
	p := min(n, 1)
	for p < n {
		p *= 2
	}
	return p
}

// marks gives the parameter marks for n values.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", padded(n)), ",") }
