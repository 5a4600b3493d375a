package localdb_test

import (
	"errors"
	"reflect"
	"testing"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/syncengine"
)

// Base keys are remembered, so each way in which a record's base changes must be seen by who asks again.
func TestBaseKeys_AreThoseOfTheBaseAfterEveryWayItChanges(t *testing.T) {
	undone := errors.New("undone")
	var first, second localdb.KeyID
	with := func(n int, keys ...localdb.KeyID) localdb.Record {
		return localdb.Record{ID: id(n), Kind: 2, Seq: 7, Base: []byte("base"), Keys: keys}
	}
	cases := map[string]struct {
		change func(*localdb.DB) error
		want   func() []localdb.KeyID
	}{
		"put under another key": {
			func(db *localdb.DB) error {
				return db.Update(func(tx *localdb.Tx) error { return tx.PutRecord(with(1, second)) })
			},
			func() []localdb.KeyID { return []localdb.KeyID{second} },
		},
		"put, and undone": {
			func(db *localdb.DB) error {
				err := db.Update(func(tx *localdb.Tx) error {
					if err := tx.PutRecord(with(1, second)); err != nil {
						return err
					}
					if keys, ok, err := tx.BaseKeys(id(1)); !ok || err != nil || keys[0] != second {
						t.Errorf("within: %v, %v, %v", keys, ok, err)
					}
					return undone
				})
				if errors.Is(err, undone) {
					return nil
				}
				return err
			},
			func() []localdb.KeyID { return []localdb.KeyID{first} },
		},
		"deleted": {
			func(db *localdb.DB) error {
				return db.Update(func(tx *localdb.Tx) error { return tx.DeleteRecord(id(1)) })
			},
			func() []localdb.KeyID { return nil },
		},
		"dropped from the base": {
			func(db *localdb.DB) error {
				return db.Update(func(tx *localdb.Tx) error { _, err := tx.DropBase(id(1)); return err })
			},
			func() []localdb.KeyID { return nil },
		},
		"staged and switched to": {
			func(db *localdb.DB) error {
				return db.Update(func(tx *localdb.Tx) error {
					if err := tx.StageRecord(with(1, second)); err != nil {
						return err
					}
					_, err := tx.Switch(nil)
					return err
				})
			},
			func() []localdb.KeyID { return []localdb.KeyID{second} },
		},
		"staged as gone and switched to": {
			func(db *localdb.DB) error {
				return db.Update(func(tx *localdb.Tx) error {
					if err := tx.StageGone(id(1)); err != nil {
						return err
					}
					_, err := tx.Switch(nil)
					return err
				})
			},
			func() []localdb.KeyID { return nil },
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			update(t, db, func(tx *localdb.Tx) (err error) {
				if first, err = tx.InternKey(syncengine.TerritoryKey(id(90))); err != nil {
					return err
				}
				if second, err = tx.InternKey(syncengine.TerritoryKey(id(91))); err != nil {
					return err
				}
				return tx.PutRecord(with(1, first))
			})
			ask := func() (keys []localdb.KeyID, ok bool) {
				view(t, db, func(tx *localdb.Tx) (err error) {
					keys, ok, err = tx.BaseKeys(id(1))
					return err
				})
				return keys, ok
			}
			if keys, ok := ask(); !ok || !reflect.DeepEqual(keys, []localdb.KeyID{first}) {
				t.Fatalf("before: %v, %v", keys, ok)
			}
			if err := c.change(db); err != nil {
				t.Fatal(err)
			}
			if keys, ok := ask(); ok != (c.want() != nil) || !reflect.DeepEqual(keys, c.want()) {
				t.Errorf("after: %v, %v, want %v", keys, ok, c.want())
			}
		})
	}
}
