package accessledger

import (
	"errors"
	"maps"
	"slices"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// Filter says which entries are wanted; what is zero matches everything.
type Filter struct {
	// Since and Until bound the time: at or after Since, before Until.
	Since, Until syncengine.UnixMilli
	// User and Device acted, or are whom the act is about.
	User, Device syncengine.ID
	// Record was seen or acted on.
	Record syncengine.ID
	// Actions are those wanted.
	Actions []Action
	// After leaves out the entries up to a number.
	After uint64
}

// Walk calls f for the entries that a filter lets through, in their order, until
// f returns false. There is no index: a walk reads every entry above After.
func Walk(r store.Reader, filter Filter, f func(Entry) bool) error {
	var failed error
	err := r.Documents(bucketEntries, key(filter.After+1), nil, func(d store.Document) bool {
		var e Entry
		if e, failed = decode(d.Value); failed != nil {
			return false
		}
		return !filter.matches(&e) || f(e)
	})
	return errors.Join(err, failed)
}

// WalkBack is Walk from the newest entry back, below a number; 0 means from the newest of all.
func WalkBack(r store.Reader, filter Filter, before uint64, f func(Entry) bool) error {
	last := before - 1 // The greatest number of all where before is 0.
	for last > filter.After {
		d, ok, err := r.LastDocument(bucketEntries, key(last))
		if err != nil || !ok {
			return err
		}
		e, err := decode(d.Value)
		if err != nil || e.Number <= filter.After || filter.matches(&e) && !f(e) {
			return err
		}
		last = e.Number - 1
	}
	return nil
}

func (f *Filter) matches(e *Entry) bool {
	return e.At >= f.Since && (f.Until == 0 || e.At < f.Until) &&
		(len(f.Actions) == 0 || slices.Contains(f.Actions, e.Action)) &&
		(f.User.IsZero() || e.Actor.User == f.User || slices.Contains(e.Users, f.User)) &&
		(f.Device.IsZero() || e.Actor.Device == f.Device || slices.Contains(e.Devices, f.Device)) &&
		(f.Record.IsZero() || slices.ContainsFunc(e.Records, func(t Touched) bool { return slices.Contains(t.IDs, f.Record) }))
}

// Exposure is one record of which an actor has seen or written sealed fields.
type Exposure struct {
	Record syncengine.ID
	Kind   syncengine.KindNumber
	// Fields are ascending.
	Fields []syncengine.FieldNumber
	// First and Last bound the time.
	First, Last syncengine.UnixMilli
	// Times counts the entries that tell of it.
	Times int
	// Written tells that the actor wrote a sealed field.
	Written bool
}

// Exposures gathers what actors have seen of each record. Make it with NewExposures.
type Exposures struct{ of map[syncengine.ID]*Exposure }

// NewExposures begins a list.
func NewExposures() *Exposures { return &Exposures{of: map[syncengine.ID]*Exposure{}} }

// Read adds what the entries tell of actors that are wanted, between two times.
func (x *Exposures) Read(r store.Reader, since, until syncengine.UnixMilli, wanted func(Actor) bool) error {
	return Walk(r, Filter{Since: since, Until: until}, func(e Entry) bool {
		if !e.Action.Reads() || !wanted(e.Actor) {
			return true
		}
		for _, t := range e.Records {
			if len(t.Fields) == 0 {
				continue // Named without a value, as where a number was looked up.
			}
			for _, id := range t.IDs {
				x.add(id, t.Kind, t.Fields, e.At).Times++
			}
		}
		return true
	})
}

// Wrote adds that an actor wrote sealed fields of a record itself.
func (x *Exposures) Wrote(record syncengine.ID, kind syncengine.KindNumber, fields []syncengine.FieldNumber, at syncengine.UnixMilli) {
	x.add(record, kind, fields, at).Written = true
}

func (x *Exposures) add(record syncengine.ID, kind syncengine.KindNumber, fields []syncengine.FieldNumber, at syncengine.UnixMilli) *Exposure {
	e, ok := x.of[record]
	if !ok {
		e = &Exposure{Record: record, Kind: kind, First: at, Last: at}
		x.of[record] = e
	}
	e.First, e.Last = min(e.First, at), max(e.Last, at)
	for _, f := range fields {
		if i, found := slices.BinarySearch(e.Fields, f); !found {
			e.Fields = slices.Insert(e.Fields, i, f)
		}
	}
	return e
}

// List gives the records by id.
func (x *Exposures) List() []Exposure {
	out := make([]Exposure, 0, len(x.of))
	for _, id := range slices.SortedFunc(maps.Keys(x.of), compareIDs) {
		out = append(out, *x.of[id])
	}
	return out
}
