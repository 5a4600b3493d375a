package sim

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/sim/model"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// The operator's desk: moves, grants, roles, decisions on quarantine. What the server refuses is told and changes nothing.

// operate has the operator do something.
func (w *world) operate(what string, do func() error) {
	if w.server.down {
		w.trace.tell(w.now, "operator", "%s: the server is down", what)
		return
	}
	err := do()
	w.trace.tell(w.now, "operator", "%s%s", what, failing(err))
}

// failing writes how something failed; nothing for no error.
func failing(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}

// moveDoor moves a door to a grid, with all that follows it.
func (w *world) moveDoor(d dice) {
	doors := w.known.byKind["premises"]
	if len(doors) == 0 {
		return
	}
	door, to := pick(d, doors), pick(d, w.places.grids)
	w.strike(Moved)
	w.operate(fmt.Sprintf("moves %s to %s", w.known.of(door), to.code), func() error {
		return w.serverWrite(door, recordv1.Kind_KIND_PREMISES, &recordv1.Premises{Territory: to.id[:]})
	})
}

// correct has the operator write a field of a door, as an import does.
func (w *world) correct(d dice) {
	doors := w.known.byKind["premises"]
	if len(doors) == 0 {
		return
	}
	door, rooms := pick(d, doors), uint32(d.IntN(9))
	w.operate(fmt.Sprintf("corrects %s: %d rooms", w.known.of(door), rooms), func() error {
		return w.serverWrite(door, recordv1.Kind_KIND_PREMISES, &recordv1.Premises{Rooms: &rooms})
	})
}

func (w *world) serverWrite(id syncengine.ID, kind recordv1.Kind, m proto.Message) error {
	return w.serverWrites([]exchange.ServerChange{{RecordID: id, Kind: syncengine.KindNumber(kind), Fields: m}})
}

// decide releases or rejects a quarantined change.
func (w *world) decide(d dice) {
	var waiting []exchange.Quarantined
	w.server.view(func(r store.Reader) error {
		return w.server.service.ListQuarantine(r, 0, func(q exchange.Quarantined) bool {
			waiting = append(waiting, q)
			return true
		})
	})
	if len(waiting) == 0 {
		return
	}
	q := pick(d, waiting)
	if d.IntN(3) == 0 {
		w.operate(fmt.Sprintf("rejects the change at %d of %s", q.Seq, w.known.of(q.RecordID)), func() error {
			return w.server.act(model.Act{Reject: q.Seq}, func() error {
				return w.server.service.Reject(w.server.ctx, q.Seq, syncengine.ID{}, "不在本辖区")
			})
		})
		return
	}
	w.operate(fmt.Sprintf("releases the change at %d of %s, %s", q.Seq, w.known.of(q.RecordID), reasonOf(q.Reason)), func() error {
		return w.server.act(model.Act{Release: q.Seq}, func() error {
			return w.server.service.Release(w.server.ctx, q.Seq, syncengine.ID{}, "可以")
		})
	})
}

func reasonOf(r syncv1.QuarantineReason) string {
	const prefix = len("QUARANTINE_REASON_")
	return r.String()[prefix:]
}

// change changes a user and says how.
func (w *world) change(u *user, kind Fault, how string, change func(*user)) {
	w.strike(kind)
	next := *u
	change(&next)
	w.operate(fmt.Sprintf("%s %s", u.name, how), func() error {
		if err := w.write(&next); err != nil {
			return err
		}
		*u = next
		return nil
	})
}

// regrant narrows, widens, moves, withdraws or gives back a user's grants.
func (w *world) regrant(d dice) {
	u := pick(d, w.staff.users)
	at, working := w.places.placeOf(u.home)
	switch {
	case !working && w.weather.often[GivenBack] > 0:
		w.change(u, GivenBack, "gets the grants back", func(u *user) { u.home, u.gone = u.gone, syncengine.ID{} })
	case !working:
	case w.weather.strikes(d, Withdrawn):
		w.change(u, Withdrawn, "loses all grants", func(u *user) { u.home, u.gone = syncengine.ID{}, u.home })
	case at.level < recordv1.TerritoryLevel_TERRITORY_LEVEL_GRID && w.weather.strikes(d, Narrowed):
		to := pick(d, w.places.grids)
		w.change(u, Narrowed, "keeps only "+to.code, func(u *user) { u.home = to.id })
	case at.level == recordv1.TerritoryLevel_TERRITORY_LEVEL_GRID && w.weather.strikes(d, Widened):
		w.change(u, Widened, "gets the whole community", func(u *user) { u.home = at.parent })
	case w.weather.strikes(d, Regranted):
		to := pick(d, w.places.grids)
		w.change(u, Regranted, "now works in "+to.code, func(u *user) { u.home = to.id })
	}
}

// promote gives a user another role.
func (w *world) promote(d dice) {
	u, role := pick(d, w.staff.users), pick(d, raised)
	if role != u.role {
		w.change(u, RoleRaised, "is now "+role.String(), func(u *user) { u.role = role })
	}
}

// distrust revokes a phone's device. One in a run is enough: nothing is given back.
func (w *world) distrust(d dice) {
	p := pick(d, w.phones)
	if w.tally[DeviceGone] > 0 || p.lost || p.incarnation().IsZero() {
		return
	}
	w.strike(DeviceGone)
	if d.oneIn(2) {
		w.strike(WipeOrdered)
		w.revoke(p, true)
		return
	}
	w.revoke(p, false)
}

// revoke ends the trust in a phone's device.
func (w *world) revoke(p *phone, wipe bool) {
	incarnation := p.incarnation()
	w.operate("revokes "+p.name, func() error {
		err := w.server.service.Update(w.server.ctx, func(tx store.Writer) error {
			_, err := identity.EndDevice(tx, incarnation, wipe, &storedv1.DeviceLoss{AtMs: int64(w.unix())})
			return err
		})
		w.server.feelPower()
		if w.server.distrusts(incarnation) {
			w.model.Revoked(incarnation)
			w.revoked = append(w.revoked, incarnation)
		}
		return err
	})
}

// distrusts reports that the server holds a device for revoked, whatever was said to whoever asked for it. One that a restore
// has lost is not known yet.
func (s *server) distrusts(incarnation syncengine.ID) (revoked bool) {
	s.view(func(r store.Reader) error {
		d, err := identity.GetDevice(r, incarnation)
		if errors.Is(err, identity.ErrDeviceUnknown) {
			return nil
		}
		revoked = d.State != identity.DeviceActive
		return err
	})
	return revoked
}
