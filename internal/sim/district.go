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

// realmCode is the district of every run.
const realmCode = 530702

// place is one territory.
type place struct {
	id, parent syncengine.ID
	code       string
	level      recordv1.TerritoryLevel
}

// places are the district's territories.
type places struct {
	// all are in the order they were made, from the county down.
	all         []place
	communities []place
	grids       []place
}

// settle makes the district, its people and their phones, before anything can go wrong.
func (w *world) settle() error {
	w.places = &places{}
	if err := w.server.store.Store.Update(w.server.ctx, w.founding); err != nil {
		return fmt.Errorf("found the district: %w", err)
	}
	if err := w.server.start(); err != nil {
		return err
	}
	if err := w.publish(); err != nil {
		return err
	}
	w.hire()
	for range w.weather.phones {
		w.equip()
	}
	if err := w.register(diceFor(w.c.Seed, "register", 0)); err != nil {
		return err
	}
	w.connect()
	if err := w.writeRegister(); err != nil {
		return err
	}
	w.server.store.calm = false
	return w.failed
}

// founding writes the realm and its territories.
func (w *world) founding(tx store.Writer) error {
	levels := []string{"county", "street", "community", "grid"}
	county := w.territory(tx, place{code: "530702", level: 3}, levels[0])
	street := w.territory(tx, place{code: "530702001", level: 4, parent: county.id}, levels[1])
	communities := 2 + w.weather.grids/5
	for i := range communities {
		code := fmt.Sprintf("530702001%03d", i+1)
		w.places.communities = append(w.places.communities, w.territory(tx, place{code: code, level: 5, parent: street.id}, levels[2]))
	}
	for i := range w.weather.grids {
		in := w.places.communities[i%communities]
		code := fmt.Sprintf("%s%03d", in.code, i/communities+1)
		w.places.grids = append(w.places.grids, w.territory(tx, place{code: code, level: 6, parent: in.id}, levels[3]))
	}
	if w.failed != nil {
		return w.failed
	}
	return identity.PutRealm(tx, identity.Realm{
		Code: realmCode, Name: "古城区", Created: 1, SchemaVersion: w.server.schema.Engine.Version, Secrets: w.secrets.Fingerprint(),
	})
}

func (w *world) territory(tx store.Writer, p place, level string) place {
	p.id = w.server.newID()
	err := identity.PutTerritory(tx, identity.Territory{ID: p.id, Parent: p.parent, Code: p.code, Name: "名" + p.code, Level: level})
	w.must(err, "make territory "+p.code)
	w.places.all = append(w.places.all, p)
	w.model.Territory(p.id, p.parent)
	w.known.name(p.id, p.code)
	return p
}

// publish writes the records by which phones know the territories.
func (w *world) publish() error {
	var changes []exchange.ServerChange
	for _, p := range w.places.all {
		m := &recordv1.Territory{Code: proto.String(p.code), Name: proto.String("名" + p.code), Level: p.level.Enum()}
		if !p.parent.IsZero() {
			m.ParentId = p.parent[:]
		}
		changes = append(changes, exchange.ServerChange{
			RecordID: p.id, Kind: syncengine.KindNumber(recordv1.Kind_KIND_TERRITORY), Create: true, Fields: m,
		})
	}
	return w.serverWrites(changes)
}

// registered is how many doors the register has before anybody walks.
const registered = 6

// register imports the first doors, as an operator does.
func (w *world) register(d dice) error {
	var changes []exchange.ServerChange
	for i := range registered {
		id, grid := w.server.newID(), pick(d, w.places.grids)
		w.known.made("premises", id)
		changes = append(changes, exchange.ServerChange{
			RecordID: id, Kind: syncengine.KindNumber(recordv1.Kind_KIND_PREMISES), Create: true,
			Fields: &recordv1.Premises{Address: proto.String(fmt.Sprintf("福慧路%d号", i+1)), Territory: grid.id[:]},
		})
	}
	return w.serverWrites(changes)
}

// serverWrites makes changes at the server itself.
func (w *world) serverWrites(changes []exchange.ServerChange) error {
	return w.server.act(model.Act{Writes: changes}, func() error {
		_, err := w.server.service.Write(w.server.ctx, syncengine.ID{}, changes)
		return err
	})
}

// placeOf gives a territory by its id.
func (p *places) placeOf(id syncengine.ID) (place, bool) {
	for _, one := range p.all {
		if one.id == id {
			return one, true
		}
	}
	return place{}, false
}
