package sim

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/sim/model"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// What takes a record from people who held it: the centre seals a case, recuses somebody from it, routes it; the
// operator hands doors over. The auditor wants every phone to lose what it may not hold any more, and searches replies
// and files for the words of it.

// department is the one department whose handlers cases are routed to.
const department = "住房和城乡建设局"

// sealCase has the centre seal a case for one of the users, or open it again. Its description is a word that stands
// nowhere else.
func (w *world) sealCase(d dice) {
	id, ok := w.someCase(d)
	if !ok {
		return
	}
	if d.oneIn(4) {
		w.operate("opens "+w.known.of(id)+" again", func() error {
			return w.serverWrite(id, recordv1.Kind_KIND_DISPUTE, &recordv1.Dispute{Sealed: proto.Bool(false)})
		})
		return
	}
	w.strike(Sealed)
	someone, secret := pick(d, w.staff.users), "封存的案情 "+id.String()
	w.model.Secret(id, secret)
	w.operate(fmt.Sprintf("seals %s for %s", w.known.of(id), someone.name), func() error {
		return w.serverWrite(id, recordv1.Kind_KIND_DISPUTE, &recordv1.Dispute{
			Sealed: proto.Bool(true), Mediator: someone.id[:], Description: &secret,
		})
	})
}

// recuse has the centre recuse a user from a case.
func (w *world) recuse(d dice) {
	id, ok := w.someCase(d)
	if !ok {
		return
	}
	w.strike(Recused)
	someone := pick(d, w.staff.users)
	secret := "回避的案情 " + id.String()
	w.model.Secret(id, secret)
	w.operate(fmt.Sprintf("recuses %s from %s", someone.name, w.known.of(id)), func() error {
		return w.serverWrite(id, recordv1.Kind_KIND_DISPUTE, &recordv1.Dispute{Recused: [][]byte{someone.id[:]}, Evaluation: &secret})
	})
}

// route has the centre route a case to the department, or before the district.
func (w *world) route(d dice) {
	id, ok := w.someCase(d)
	if !ok {
		return
	}
	m := &recordv1.Dispute{Departments: []string{department}}
	if d.oneIn(3) {
		m = &recordv1.Dispute{Clinic: some[recordv1.Clinic](d, 4)}
	}
	w.operate("routes "+w.known.of(id), func() error { return w.serverWrite(id, recordv1.Kind_KIND_DISPUTE, m) })
}

func (w *world) someCase(d dice) (id syncengine.ID, ok bool) {
	cases := w.known.byKind["dispute"]
	if len(cases) == 0 {
		return id, false
	}
	return pick(d, cases), true
}

// handOver has the operator give a door to another worker, with whom its open work goes.
func (w *world) handOver(d dice) {
	doors, to := w.known.byKind["premises"], pick(d, w.staff.users)
	if len(doors) == 0 || !carriesDoors[to.role] {
		return
	}
	door := pick(d, doors)
	change := exchange.ServerChange{
		RecordID: door, Kind: syncengine.KindNumber(recordv1.Kind_KIND_PREMISES), Fields: &recordv1.Premises{Worker: to.id[:]},
	}
	w.strike(HandedOver)
	w.operate(fmt.Sprintf("hands %s over to %s", w.known.of(door), to.name), func() error {
		w.writing = true
		defer func() { w.writing = false }()
		err := w.server.act(model.Act{Writes: []exchange.ServerChange{change}}, func() error {
			return w.server.service.UpdateAndWrite(w.server.ctx, syncengine.ID{}, func(tx store.Writer) ([]exchange.ServerChange, error) {
				at := identity.Door{ID: door, Territory: w.standsIn(tx, door)}
				return []exchange.ServerChange{change}, identity.AssignDoors(tx, identity.SlotWorker, to.id, []identity.Door{at}, w.unix())
			})
		})
		if err == nil {
			for _, u := range w.staff.users {
				w.tellGrants(u)
			}
		}
		return err
	})
}

// carriesDoors are the roles that a door may be given to.
var carriesDoors = map[recordv1.Role]bool{
	recordv1.Role_ROLE_HELPER: true, recordv1.Role_ROLE_GRID_WORKER: true, recordv1.Role_ROLE_COMMUNITY_STAFF: true,
}

// standsIn gives the territory that a door stands in at the server; zero for none.
func (w *world) standsIn(r store.Reader, door syncengine.ID) (territory syncengine.ID) {
	rec, err := w.server.service.Record(r, door)
	if err != nil || rec == nil {
		return territory
	}
	for _, key := range rec.CurrentKeys() {
		if key.IsTerritory() {
			territory = key.ID()
		}
	}
	return territory
}
