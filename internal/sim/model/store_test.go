package model_test

import (
	"testing"

	"onedoor/internal/sim/model"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// thefts take something out of the store behind the server's back.
var thefts = []struct {
	name  string
	steal func(tx store.Writer, door store.Record, key syncengine.ScopeKey, phone syncengine.ID) error
	finds model.Invariant
}{
	{"a row by which pages are cut", func(tx store.Writer, door store.Record, key syncengine.ScopeKey, _ syncengine.ID) error {
		return tx.DeleteScope(key, door.Seq, door.ID)
	}, model.I4},
	{"a mark of what is decided", func(tx store.Writer, _ store.Record, _ syncengine.ScopeKey, phone syncengine.ID) error {
		return tx.DeleteDocument("progress", phone[:])
	}, model.I1},
	{"a record's newest state", func(tx store.Writer, door store.Record, _ syncengine.ScopeKey, _ syncengine.ID) error {
		door.Seq--
		return tx.PutRecord(door)
	}, model.I4},
	{"a place on the list of conflicts", func(tx store.Writer, door store.Record, _ syncengine.ScopeKey, _ syncengine.ID) error {
		return tx.DeleteDocument("conflict", door.ID[:])
	}, model.I3},
}

func TestAtRest_WhatIsMissingInTheStoreIsFound(t *testing.T) {
	for _, theft := range thefts {
		t.Run(theft.name, func(t *testing.T) {
			s, a, b := pair(t)
			door := a.syncedDoor(b)
			a.edit(door, rooms(3))
			b.edit(door, rooms(4))
			s.rest()
			s.must(s.store.Update(s.ctx, func(tx store.Writer) error {
				rec, _, err := tx.Record(door)
				if err != nil {
					return err
				}
				return theft.steal(tx, rec, syncengine.TerritoryKey(s.grids[gridA]), a.incarnation())
			}))
			caught(t, s.atRest(), theft.finds)
		})
	}
}
