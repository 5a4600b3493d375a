package exchange_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/exchange"
	"onedoor/syncengine"
)

// The keys of a door are remembered between groups, and forgotten when it moves.
func TestPlace_AVisitToAMovedDoorFollowsItWhereItIsNow(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.community))
	p.sync()
	door := p.create(kindPremises, door(w.gridA, "福慧路1号"))
	p.sync()
	visit := func() []syncengine.ScopeKey {
		id := p.create(kindVisit, &recordv1.Visit{PremisesIds: [][]byte{door[:]}, Note: proto.String("看过")})
		p.sync()
		return w.record(id).CurrentKeys()
	}
	move := func(to syncengine.ID) {
		_, err := w.service.Write(w.ctx, syncengine.ID{}, []exchange.ServerChange{{
			RecordID: door, Kind: kindPremises, Fields: &recordv1.Premises{Territory: to[:]},
		}})
		w.must(err)
	}
	for _, grid := range []syncengine.ID{w.gridA, w.gridB, w.gridA} {
		move(grid)
		for range 2 {
			keys := visit()
			if len(keys) != 2 || keys[0] != syncengine.RecordKey(door) || keys[1] != syncengine.TerritoryKey(grid) {
				t.Fatalf("a visit to a door of grid %v is under %x", grid, keys)
			}
		}
	}
	w.verify()
}
