package server

import (
	"context"
	"errors"
	"fmt"

	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"
)

// Lost counts what was made at the server itself since a backup, which no phone
// can bring back.
type Lost struct {
	// Users, Devices and Territories are those that the backup does not know.
	Users, Devices, Territories int
	// Writes counts changes of records made at the server: imports, assignments, moves.
	Writes int
	// Decisions counts quarantined changes that a person released or rejected.
	Decisions int
}

// oldRealm is what can be told of a realm that a backup takes the place of.
type oldRealm struct {
	forks    []syncengine.Fork
	doubtful []syncengine.Epoch
	// read is false where the realm is damaged.
	read                        bool
	users, devices, territories map[syncengine.ID]bool
	// writes and decisions hold the seqs of the server's own entries.
	writes, decisions []syncengine.Seq
}

// readOld reads the realm that stands in a folder. It refuses one that is being
// served, and one of another district.
func readOld(ctx context.Context, c Config, code uint32) (old *oldRealm, err error) {
	st, err := c.openFile(ctx)
	if errors.Is(err, sqlitestore.ErrInUse) {
		return nil, err
	}
	if err != nil {
		return &oldRealm{}, nil // What cannot be read is moved aside as it is.
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return readOldIn(ctx, st, c.Dir, code)
}

// readOldIn reads the realm that stands in a store; where names that for people.
func readOldIn(ctx context.Context, st store.Store, where string, code uint32) (old *oldRealm, err error) {
	old = &oldRealm{}
	err = st.View(ctx, func(r store.Reader) error {
		realm, err := identity.GetRealm(r)
		if err == nil && realm.Code != code {
			return fmt.Errorf("%s holds realm %06d %s, --replace names %06d", where, realm.Code, realm.Name, code)
		}
		if err != nil || old.take(r) != nil {
			*old = oldRealm{}
		}
		return nil
	})
	return old, err
}

func (o *oldRealm) take(r store.Reader) error {
	history, err := exchange.History(r)
	if err != nil {
		return err
	}
	o.forks = history.Forks
	if o.doubtful, err = exchange.Doubtful(r); err != nil {
		return err
	}
	if o.users, o.devices, o.territories, err = people(r); err != nil {
		return err
	}
	o.writes, o.decisions, err = exchange.ServerEntries(r)
	o.read = err == nil
	return err
}

// people lists who and what identity knows.
func people(r store.Reader) (users, devices, territories map[syncengine.ID]bool, err error) {
	users, devices, territories = map[syncengine.ID]bool{}, map[syncengine.ID]bool{}, map[syncengine.ID]bool{}
	us, err := identity.Users(r)
	for _, u := range us {
		users[u.ID] = true
	}
	ds, e := identity.Devices(r)
	for _, d := range ds {
		devices[d.Incarnation] = true
	}
	ts, f := identity.Territories(r)
	for _, t := range ts {
		territories[t.ID] = true
	}
	return users, devices, territories, errors.Join(err, e, f)
}

// renewal is what the old realm knew of the epochs; nothing without one.
func (o *oldRealm) renewal() exchange.Renewal {
	if o == nil {
		return exchange.Renewal{}
	}
	return exchange.Renewal{Known: o.forks, Doubtful: o.doubtful}
}

// lostBeside counts what the old realm has and a backup up to a seq has not.
func (o *oldRealm) lostBeside(r store.Reader, after syncengine.Seq) (*Lost, error) {
	if o == nil || !o.read {
		return nil, nil
	}
	users, devices, territories, err := people(r)
	if err != nil {
		return nil, err
	}
	return &Lost{
		Users: missing(o.users, users), Devices: missing(o.devices, devices), Territories: missing(o.territories, territories),
		Writes: above(o.writes, after), Decisions: above(o.decisions, after),
	}, nil
}

func missing(of, in map[syncengine.ID]bool) (n int) {
	for id := range of {
		if !in[id] {
			n++
		}
	}
	return n
}

func above(seqs []syncengine.Seq, after syncengine.Seq) (n int) {
	for _, seq := range seqs {
		if seq > after {
			n++
		}
	}
	return n
}
