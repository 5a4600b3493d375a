package story_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/pgtest"
	"onedoor/internal/schema"
	"onedoor/server"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/store/pgstore"
	"onedoor/server/tenure"
	"onedoor/syncengine"
)

// Software of two versions: the newer one brings a field. What differs is the schema that each server and each app is given; the
// rest of the build is one.
var (
	newer = schema.Load().Introducing("premises", "headcount")
	older = newer.At(newer.Engine.Version - 1)
)

// renewEvery has servers say often that they are there: what is tested is what happens, not how long it takes in service.
const renewEvery = 100 * time.Millisecond

// foundedBy makes a realm in a database as the older software does.
func foundedBy(t *testing.T, software *schema.Schema) *district {
	t.Helper()
	d := founded(t, pgtest.Database(t))
	st, err := pgstore.Open(t.Context(), pgstore.Options{URL: d.store})
	d.must(err)
	d.must(st.Update(t.Context(), func(w store.Writer) error {
		realm, err := identity.GetRealm(w)
		if err != nil {
			return err
		}
		realm.SchemaVersion = software.Engine.Version
		return identity.PutRealm(w, realm)
	}))
	d.must(st.Close())
	return d
}

// goesBy gives the record schema that the realm has.
func (d *district) goesBy() (version uint32) {
	d.t.Helper()
	st, err := pgstore.OpenReader(d.t.Context(), pgstore.Options{URL: d.store})
	d.must(err)
	defer st.Close()
	d.must(st.View(d.t.Context(), func(r store.Reader) error {
		realm, err := identity.GetRealm(r)
		version = realm.SchemaVersion
		return err
	}))
	return version
}

// fleet is a realm's servers, each at an address of its own that it keeps.
type fleet struct {
	d         *district
	servers   []*running
	addresses []string
}

// set starts servers of a version.
func (d *district) set(many int, software *schema.Schema) *fleet {
	d.t.Helper()
	f := &fleet{d: d}
	for range many {
		r := d.serveWith(server.Config{Schema: software, RenewEvery: renewEvery})
		f.servers, f.addresses = append(f.servers, r), append(f.addresses, r.Addr().String())
	}
	return f
}

// replace stops a server in order and starts one of a version in its place.
func (f *fleet) replace(i int, software *schema.Schema) {
	f.d.t.Helper()
	f.servers[i].halt(f.d)
	f.servers[i] = f.d.serveWith(server.Config{Schema: software, RenewEvery: renewEvery, Listen: f.addresses[i]})
}

// worker is a phone that knows every server, with an app of some version, and tries a call once more and never twice.
type worker struct {
	phone
	made, syncs int
	slowest     time.Duration
}

func (f *fleet) worker(software *schema.Schema) *worker {
	f.d.t.Helper()
	d := f.d
	d.phones++
	ctx, admin := d.operator(f.servers[0])
	user, err := admin.AddUser(ctx, &adminv1.AddUserRequest{Name: "网格员" + string(rune('甲'+d.phones)), Role: recordv1.Role_ROLE_GRID_WORKER, TerritoryCode: "530702001001"})
	d.must(err)
	code, err := admin.CreateJoinCode(ctx, &adminv1.CreateJoinCodeRequest{UserId: user.GetUserId()})
	d.must(err)
	const oneRetry = 2
	seed := [32]byte{byte(d.phones)}
	w := &worker{}
	w.d = d
	w.Replica, err = client.Open(d.t.TempDir(), bytes.Repeat(seed[:1], client.KeyBytes), client.Options{
		Random: rand.NewChaCha8(seed), Tries: oneRetry, Schema: software,
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	d.must(err)
	d.t.Cleanup(func() { d.must(w.Close()) })
	first := d.phones % len(f.addresses)
	d.must(w.Enrol(d.t.Context(), strings.Join(append(f.addresses[first:len(f.addresses):len(f.addresses)], f.addresses[:first]...), ","), code.GetCode()))
	w.synced()
	return w
}

// door makes a door, with what the app knows of it, and syncs.
func (w *worker) door(software *schema.Schema) error {
	text := fmt.Sprintf(`{"address":"新华路%d-%d号","territory":"530702001001","rooms":3`, w.d.phones, w.made)
	if software == newer {
		text += `,"headcount":7`
	}
	if _, err := w.AddJSON("premises", text+"}"); err != nil {
		return err
	}
	w.made++
	return w.sync()
}

func (w *worker) sync() error {
	began := time.Now()
	_, err := w.Sync(context.Background())
	w.slowest = max(w.slowest, time.Since(began))
	w.syncs++
	return err
}

// begin has phones work, those of the newer version with the newer field.
func begin(all map[*worker]*schema.Schema) *pgtest.Load {
	var phones []func() error
	for w, software := range all {
		phones = append(phones, func() error { return w.door(software) })
	}
	return pgtest.Begin(phones...)
}

// passed wants that no sync failed beyond its retry.
func passed(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("a sync failed beyond its retry: %v", err)
	}
}

func TestUpgrade_ServersOfTwoVersionsServeOneRealmUnderLoadAndNoSyncFailsBeyondARetry(t *testing.T) {
	d := foundedBy(t, older)
	f := d.set(3, older)
	phones := map[*worker]*schema.Schema{f.worker(older): older, f.worker(older): older, f.worker(newer): newer, f.worker(newer): newer}
	l := begin(phones)
	replace := func(i int, software *schema.Schema) { // One that is gone is met before the next one goes.
		t.Helper()
		f.replace(i, software)
		passed(t, l.Pass())
	}
	passed(t, l.Pass())
	replace(0, newer)
	replace(1, newer)
	replace(1, older) // The way back is open while any server is older.
	if v := d.goesBy(); v != older.Engine.Version {
		t.Errorf("beside an older server the realm goes by schema %d", v)
	}
	if found := d.verified(); len(found.Epochs) > 0 {
		t.Errorf("epochs %+v", found.Epochs)
	}
	replace(2, newer)
	replace(1, newer)
	for d.goesBy() != newer.Engine.Version { // Nobody has to say so.
	}
	passed(t, l.Pass())
	passed(t, l.End())

	made, syncs, slowest := 0, 0, time.Duration(0)
	for w := range phones {
		made, syncs, slowest = made+w.made, syncs+w.syncs, max(slowest, w.slowest)
	}
	t.Logf("%d doors in %d syncs by 4 phones over 5 replacements of 3 servers: none failed beyond a retry, the slowest took %v", made, syncs, slowest)
	d.converged(phones, made)
	_, err := server.Open(t.Context(), server.Config{Dir: d.dir, Store: d.store, Listen: "127.0.0.1:0", Schema: older})
	if !errors.Is(err, store.ErrNewer) {
		t.Errorf("an older server starts on a realm that was lifted: %v", err)
	}
}

// direct is a store to which servers of a realm say that they are there.
type direct struct{ *pgstore.Store }

func (s direct) Put(ctx context.Context, f func(store.Writer) error) error { return s.Update(ctx, f) }

// leftBehind puts into the list of servers what one of some version leaves there that is killed.
func (d *district) leftBehind(software *schema.Schema) {
	d.t.Helper()
	st, err := pgstore.Open(d.t.Context(), pgstore.Options{URL: d.store})
	d.must(err)
	_, err = tenure.NewRoster(syncengine.ID{1}, software.Engine.Version, renewEvery).Renew(d.t.Context(), direct{st}, time.Now())
	d.must(err)
	d.must(st.Close())
}

func TestUpgrade_AnOlderServerThatWasKilledIsWaitedForAndNoLonger(t *testing.T) {
	d := foundedBy(t, older)
	f := d.set(1, older)
	w := f.worker(newer)
	d.must(w.door(newer))
	f.servers[0].halt(d)
	d.leftBehind(older)
	f.servers[0] = d.serveWith(server.Config{Schema: newer, RenewEvery: time.Hour, Listen: f.addresses[0]}) // It has not waited yet.
	if v := d.goesBy(); v != older.Engine.Version {
		t.Errorf("with an older server in the list the realm goes by schema %d at once", v)
	}
	d.must(w.door(newer))
	f.replace(0, newer)
	for d.goesBy() != newer.Engine.Version {
		d.must(w.door(newer))
	}
	d.converged(map[*worker]*schema.Schema{w: newer}, w.made)
}

// converged wants every door on every phone, with what the phone's app knows of it, and a realm in which a check finds nothing.
func (d *district) converged(phones map[*worker]*schema.Schema, made int) {
	d.t.Helper()
	headcounts := 0
	for w, software := range phones {
		if software == newer {
			headcounts += w.made
		}
	}
	for range 2 {
		for w := range phones {
			w.synced()
		}
	}
	for w, software := range phones {
		text, err := w.ListJSON(&client.Query{Kind: "premises"})
		d.must(err)
		if got := strings.Count(text, "新华路"); got != made {
			d.t.Errorf("a phone shows %d doors of %d", got, made)
		}
		if got := strings.Count(text, `"headcount":7`); software == newer && got != headcounts {
			d.t.Errorf("a phone of the newer version shows %d headcounts of %d", got, headcounts)
		}
	}
	if found := d.verified(); found.Records < made || found.Epoch != 1 {
		d.t.Errorf("the log has %d records in epoch %d, the phones made %d", found.Records, found.Epoch, made)
	}
}
