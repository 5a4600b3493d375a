package sim

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/schema"
	"onedoor/internal/sim/model"
	"onedoor/server/exchange"
	"onedoor/syncengine"
)

// Doors become void and are taken back, on phones that know little of each other and at the desk. What follows for others the
// server writes by itself.

// buildings are few, so that several doors are rooms of one.
var buildings = []string{"1栋", "2栋"}

// room makes one in three doors a room of a building, which takes its rooms with it.
func (p *phone) room(d dice, m *recordv1.Premises) {
	if p.w.weather.often[Voided] == 0 || !d.oneIn(3) {
		return
	}
	m.Building = proto.String(pick(d, buildings))
	if d.IntN(3) > 0 {
		m.Door = proto.String(fmt.Sprintf("%d01", 1+d.IntN(4)))
	} else {
		m.KindOfPremises = recordv1.KindOfPremises_KIND_OF_PREMISES_BUILDING.Enum()
	}
}

func (p *phone) voidDoor(d dice) {
	door, ok := p.seen(d, "premises")
	if !ok {
		return
	}
	reason := recordv1.VoidReason(d.IntN(4))
	m := &recordv1.Premises{Status: recordv1.PremisesStatus_PREMISES_STATUS_VOID.Enum()}
	if reason != 0 {
		m.VoidReason = reason.Enum()
	}
	p.w.strike(Voided)
	p.turn(door, "voids", m, func() (*client.VoidedDoors, error) { return p.replica.VoidDoor(door, reason) })
}

// unvoidDoor takes back a door that is void on the phone.
func (p *phone) unvoidDoor(d dice) {
	list, err := p.replica.List(client.Query{Kind: "premises", State: "VOID"})
	if !p.w.must(err, "list the void doors of "+p.name) || len(list) == 0 {
		return
	}
	door := pick(d, list).ID
	m := &recordv1.Premises{Status: recordv1.PremisesStatus_PREMISES_STATUS_ACTIVE.Enum()}
	p.turn(door, "takes back", m, func() (*client.VoidedDoors, error) { return p.replica.UnvoidDoor(door) })
}

// turn commits that a door is void, or is back, with what goes with it.
func (p *phone) turn(door syncengine.ID, how string, m *recordv1.Premises, do func() (*client.VoidedDoors, error)) {
	asked := []model.Asked{p.askedFor(&edit{id: door, message: m})}
	p.commit(how+" "+p.w.known.of(door), asked, func() error {
		_, err := do()
		return err
	})
}

// voidAtDesk has the operator void a door, or take it back.
func (w *world) voidAtDesk(d dice) {
	doors := w.known.byKind["premises"]
	if len(doors) == 0 {
		return
	}
	door := pick(d, doors)
	c := exchange.ServerChange{RecordID: door, Kind: syncengine.KindNumber(recordv1.Kind_KIND_PREMISES)}
	how := "voids"
	if d.oneIn(2) {
		how = "takes back"
		c.Fields = &recordv1.Premises{Status: recordv1.PremisesStatus_PREMISES_STATUS_ACTIVE.Enum()}
		kind, _ := schema.Load().Kind(c.Kind)
		reason, _ := kind.FieldByName("void_reason")
		c.Cleared = []syncengine.FieldNumber{reason.Engine.Number}
	} else {
		c.Fields = &recordv1.Premises{
			Status: recordv1.PremisesStatus_PREMISES_STATUS_VOID.Enum(), VoidReason: recordv1.VoidReason_VOID_REASON_PULLED_DOWN.Enum(),
		}
	}
	w.strike(Voided)
	w.operate(how+" "+w.known.of(door), func() error { return w.serverWrites([]exchange.ServerChange{c}) })
}
