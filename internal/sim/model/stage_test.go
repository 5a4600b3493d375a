package model_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/sim/model"
	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

// stage is a small district with real phones and a real server that tells a
// model of everything that happens, so that stories can show what it finds.
type stage struct {
	t       *testing.T
	ctx     context.Context
	store   *memstore.Store
	service *exchange.Service
	secrets *identity.Secrets
	random  *rand.ChaCha8
	now     time.Time
	model   *model.Model
	schema  *schema.Schema
	told    syncengine.Seq
	// epoch is the one that the model was last told of.
	epoch syncengine.Epoch
	// write changes what the model is told that the log says, body what a request said:
	// they stand for a server and a phone that write or say something else.
	write func(*store.Entry)
	body  func(*syncv1.ExchangeBody)
	// granted changes what the model is told that phones are granted when they are enrolled.
	granted func(*syncv1.Grants)
	grids   map[string]syncengine.ID
	phones  map[model.PhoneID]*actor
	// erases is what the privacy desk destroys of a record, a visit's note where a story says nothing.
	erases syncengine.Cells
}

// The places of the stories.
const (
	county    = "530702"
	street    = "530702001"
	community = "530702001001"
	gridA     = "530702001001001"
	gridB     = "530702001001002"
)

func newStage(t *testing.T) *stage { return newStageWith(t, schema.Load()) }

// newStageWith begins with a server of another schema.
func newStageWith(t *testing.T, sc *schema.Schema) *stage {
	t.Helper()
	s := &stage{
		t: t, ctx: t.Context(), store: memstore.New(), random: rand.NewChaCha8([32]byte{7}), now: time.UnixMilli(1_780_000_000_000),
		model: model.New(model.Options{Schema: sc}), schema: sc, grids: map[string]syncengine.ID{}, phones: map[model.PhoneID]*actor{},
		erases: syncengine.Cells{Field: noteField},
	}
	var err error
	s.secrets, err = identity.CreateSecrets(t.TempDir(), s.random)
	s.must(err)
	s.must(s.store.Update(s.ctx, func(tx store.Writer) error {
		for i, code := range []string{county, street, community, gridA, gridB} {
			s.territory(tx, code, [...]string{"county", "street", "community", "grid", "grid"}[i])
		}
		return identity.PutRealm(tx, identity.Realm{Code: 530702, Name: "古城区", Created: 1, SchemaVersion: sc.Engine.Version, Secrets: s.secrets.Fingerprint()})
	}))
	s.serve()
	t.Cleanup(func() { s.must(s.service.Close()) })
	return s
}

func (s *stage) serve() {
	var err error
	s.service, err = exchange.Open(s.ctx, s.store, exchange.Options{
		Secrets: s.secrets, Random: s.random, Now: func() time.Time { return s.now }, Schema: s.schema, Inline: true,
	})
	s.must(err)
	s.committed()
}

// restart stops the server and starts it with a schema.
func (s *stage) restart(sc *schema.Schema) {
	s.must(s.service.Close())
	s.later(time.Second)
	s.schema = sc
	s.model.ServerSchema(sc)
	s.serve()
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) later(d time.Duration) { s.now = s.now.Add(d) }

func (s *stage) id() syncengine.ID {
	var r [10]byte
	_, err := s.random.Read(r[:])
	s.must(err)
	return wire.NewRecordID(syncengine.UnixMilli(s.now.UnixMilli()), r)
}

func (s *stage) territory(tx store.Writer, code, level string) {
	id := s.id()
	s.grids[code] = id
	s.must(identity.PutTerritory(tx, identity.Territory{ID: id, Parent: s.parent(code), Code: code, Name: "名" + code, Level: level}))
	s.model.Territory(id, s.parent(code))
}

func (s *stage) parent(code string) syncengine.ID {
	for _, digits := range []int{12, 9, 6} {
		if len(code) > digits {
			return s.grids[code[:digits]]
		}
	}
	return syncengine.ID{}
}

// committed tells the model what the log has gained.
func (s *stage) committed() {
	s.t.Helper()
	s.renewed()
	s.must(s.service.View(s.ctx, func(r store.Reader) error {
		var added []store.Entry
		if err := r.Entries(s.told, func(e store.Entry) bool { added = append(added, e); return true }); err != nil || len(added) == 0 {
			return err
		}
		s.told = r.Head().Seq
		for i := range added {
			if s.write != nil {
				s.write(&added[i])
			}
		}
		s.model.Committed(r.Head(), added)
		return nil
	}))
}

// renewed tells the model where the server has begun an epoch by itself.
func (s *stage) renewed() {
	s.t.Helper()
	s.must(s.service.View(s.ctx, func(r store.Reader) error {
		if e := r.Head().Epoch; s.epoch == 0 || s.epoch == e {
			s.epoch = e
			return nil
		}
		h, err := exchange.History(r)
		s.epoch = h.Epoch
		s.model.EpochBegan(h)
		return err
	}))
}

// user adds a user over a territory.
func (s *stage) user(name string, role recordv1.Role, territory string) syncengine.ID {
	s.t.Helper()
	id := s.id()
	s.must(s.service.Update(s.ctx, func(tx store.Writer) error {
		return identity.PutUser(tx, identity.User{ID: id, Name: name, Role: uint32(role), TerritoryID: s.grids[territory], State: identity.UserActive})
	}))
	s.model.User(id, uint32(role))
	s.refresh(id)
	return id
}

// refresh makes what follows for a user the grants in force.
func (s *stage) refresh(user syncengine.ID) {
	s.t.Helper()
	s.must(s.service.Update(s.ctx, func(tx store.Writer) error {
		_, err := identity.RefreshGrants(tx, user, syncengine.UnixMilli(s.now.UnixMilli()))
		return err
	}))
	s.grantedNow(user)
}

// grantedNow tells the model which grants of a user are in force.
func (s *stage) grantedNow(user syncengine.ID) {
	s.t.Helper()
	s.must(s.service.View(s.ctx, func(r store.Reader) error {
		v, err := identity.CurrentGrants(r, user)
		s.model.Granted(user, v)
		return err
	}))
}

// changeUser alters a user and what they are granted.
func (s *stage) changeUser(user syncengine.ID, change func(*identity.User)) {
	s.t.Helper()
	s.must(s.service.Update(s.ctx, func(tx store.Writer) error {
		u, err := identity.GetUser(tx, user)
		if err != nil {
			return err
		}
		change(&u)
		s.model.User(user, u.Role)
		return identity.PutUser(tx, u)
	}))
	s.refresh(user)
}

// act does something at the server.
func (s *stage) act(a model.Act) error {
	s.model.Acting(a)
	var err error
	switch {
	case a.Release != 0:
		err = s.service.Release(s.ctx, a.Release, a.By, "对的")
	case a.Reject != 0:
		err = s.service.Reject(s.ctx, a.Reject, a.By, "不对")
	case len(a.Erase) > 0:
		_, err = s.service.Erase(s.ctx, a.By, "", []exchange.Erasing{{RecordID: a.Erase[0], Cells: []syncengine.Cells{s.erases}}})
	default:
		_, err = s.service.Write(s.ctx, a.By, a.Writes)
	}
	s.committed()
	s.model.Acted(err)
	return err
}

// moveDoor has the server put a door into another territory.
func (s *stage) moveDoor(door syncengine.ID, territory string) {
	s.t.Helper()
	to := s.grids[territory]
	s.must(s.act(model.Act{Writes: []exchange.ServerChange{{
		RecordID: door, Kind: syncengine.KindNumber(recordv1.Kind_KIND_PREMISES), Fields: &recordv1.Premises{Territory: to[:]},
	}}}))
}

// waiting lists the seqs of quarantined changes.
func (s *stage) waiting() (out []syncengine.Seq) {
	s.t.Helper()
	s.must(s.service.View(s.ctx, func(r store.Reader) error {
		return s.service.ListQuarantine(r, 0, func(q exchange.Quarantined) bool { out = append(out, q.Seq); return true })
	}))
	return out
}

// clean wants that nothing was found until now, at the server and on every phone.
func (s *stage) clean() {
	s.t.Helper()
	for _, v := range s.look() {
		s.t.Error(v)
	}
}

func (s *stage) look() (found []model.Violation) {
	s.t.Helper()
	found = s.model.CheckStep()
	s.must(s.service.View(s.ctx, func(r store.Reader) error {
		found = append(found, s.model.CheckServer(r)...)
		return nil
	}))
	for _, id := range slices.Sorted(maps.Keys(s.phones)) {
		found = append(found, s.model.CheckPhone(id, s.phones[id].Replica)...)
	}
	return found
}

// rest lets every phone sync and wants everything to be in order then.
func (s *stage) rest() {
	s.t.Helper()
	for range 2 {
		for _, id := range slices.Sorted(maps.Keys(s.phones)) {
			s.phones[id].sync()
		}
	}
	for _, v := range s.atRest() {
		s.t.Error(v)
	}
	s.must(s.service.View(s.ctx, func(r store.Reader) error {
		v, err := exchange.Verify(r, s.schema, nil)
		if err == nil && len(v.Problems) > 0 {
			s.t.Errorf("verify: %v", v.Problems)
		}
		return err
	}))
}

func (s *stage) atRest() (found []model.Violation) {
	s.must(s.service.View(s.ctx, func(r store.Reader) error {
		screens := map[model.PhoneID]model.Screen{}
		for id, p := range s.phones {
			screens[id] = p.Replica
		}
		found = s.model.AtRest(r, screens)
		return nil
	}))
	return found
}
