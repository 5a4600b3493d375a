package report

import "onedoor/syncengine"

// roster holds units by the ids of their records, and side by side for those who count them all.
type roster[T any] struct {
	at    map[syncengine.ID]int
	ids   []syncengine.ID
	units []T
}

func newRoster[T any]() roster[T] { return roster[T]{at: map[syncengine.ID]int{}} }

// find gives the unit of a record.
func (r *roster[T]) find(id syncengine.ID) (unit T, ok bool) {
	n, ok := r.at[id]
	if ok {
		unit = r.units[n]
	}
	return unit, ok
}

// put holds a unit of a record that has none.
func (r *roster[T]) put(id syncengine.ID, unit T) {
	r.at[id] = len(r.units)
	r.ids, r.units = append(r.ids, id), append(r.units, unit)
}

// drop lets a record's unit go.
func (r *roster[T]) drop(id syncengine.ID) {
	n, ok := r.at[id]
	if !ok {
		return
	}
	last := len(r.units) - 1
	r.ids[n], r.units[n] = r.ids[last], r.units[last]
	r.at[r.ids[n]] = n
	delete(r.at, id)
	var none T
	r.units[last] = none
	r.ids, r.units = r.ids[:last], r.units[:last]
}
