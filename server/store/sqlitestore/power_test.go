package sqlitestore_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"onedoor/internal/sim/disk"
	"onedoor/internal/sim/disk/disktest"
	"onedoor/server/store"
	"onedoor/server/store/sqlitestore"
	"onedoor/server/store/storetest"
	"onedoor/syncengine"
)

// realmOnDisk is where the realms of these tests stand.
const realmOnDisk = "/data/realm.db"

// keptOnDisk is a store on a simulated disk that can be opened again.
type keptOnDisk struct {
	*sqlitestore.Store
	disk *disk.Disk
}

// Reopen closes the store and opens it again.
func (k *keptOnDisk) Reopen() (err error) {
	if err := k.Close(); err != nil {
		return err
	}
	k.Store, err = sqlitestore.Open(context.Background(), realmOnDisk, sqlitestore.Options{Disk: k.disk})
	return err
}

func TestStore_KeepsTheContractOnASimulatedDisk(t *testing.T) {
	storetest.Run(t, func(t testing.TB) store.Store {
		d := disktest.New(t)
		s, err := sqlitestore.Create(context.Background(), realmOnDisk, sqlitestore.Options{Disk: d})
		if err != nil {
			t.Fatal(err)
		}
		return &keptOnDisk{s, d}
	})
}

// TestUpdate_IsThereWholeOrNotAtAllWhereverThePowerGoes tries every step of opening, of one update and of the close,
// with every kind of loss.
func TestUpdate_IsThereWholeOrNotAtAllWhereverThePowerGoes(t *testing.T) {
	opts := sqlitestore.Options{Disk: disktest.New(t)}
	d := opts.Disk.(*disk.Disk)
	s, err := sqlitestore.Create(t.Context(), realmOnDisk, opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(commit(s, 1, 10, 300), s.Close()); err != nil {
		t.Fatal(err)
	}
	before := d.Snapshot("/")
	for _, loss := range disk.Losses {
		t.Run(loss.String(), func(t *testing.T) {
			for n, went := 0, true; went; n++ {
				d.PutBack("/", before)
				d.PowerOffAfter(n, loss, rand.New(rand.NewPCG(uint64(n), 1)))
				acknowledged := updateOnce(t, opts)
				went = d.Off()
				d.PowerOn()
				wantAtLeast(t, opts, acknowledged)
			}
		})
	}
}

// updateOnce writes the changes 11 to 15 and gives the last change that was acknowledged.
func updateOnce(t *testing.T, opts sqlitestore.Options) (acknowledged syncengine.Seq) {
	s, err := sqlitestore.Open(t.Context(), realmOnDisk, opts)
	if err != nil {
		return 10
	}
	defer s.Close() // without power it cannot
	if err := commit(s, 11, 15, 300); err != nil {
		return 10
	}
	return 15
}

// wantAtLeast opens the realm and wants it whole, with what was acknowledged.
func wantAtLeast(t *testing.T, opts sqlitestore.Options, acknowledged syncengine.Seq) {
	t.Helper()
	s, err := sqlitestore.Open(t.Context(), realmOnDisk, opts)
	if err != nil {
		t.Fatal(err)
	}
	n, err := newest(s)
	if err != nil || n != 15 && n != 10 || n < acknowledged {
		t.Errorf("the store is at %d, acknowledged up to %d, error %v", n, acknowledged, err)
	}
	wantNewest(t, s, n)
	mustClose(t, s)
}

// TestCreate_LeavesNoRealmOrAWholeOneWhereverThePowerGoes tries every step of making a realm.
func TestCreate_LeavesNoRealmOrAWholeOneWhereverThePowerGoes(t *testing.T) {
	d := disktest.New(t)
	opts := sqlitestore.Options{Disk: d}
	for _, loss := range disk.Losses {
		for n, went := 0, true; went; n++ {
			d.PutBack("/", nil)
			d.PowerOffAfter(n, loss, rand.New(rand.NewPCG(uint64(n), 2)))
			s, created := sqlitestore.Create(t.Context(), realmOnDisk, opts)
			if created == nil {
				_ = s.Close()
			}
			went = d.Off()
			d.PowerOn()
			again := sqlitestore.Open
			if made, err := d.Exists(realmOnDisk); err != nil {
				t.Fatal(err)
			} else if !made && created != nil {
				again = sqlitestore.Create
			}
			s, err := again(t.Context(), realmOnDisk, opts)
			if err != nil {
				t.Fatalf("%s lost after step %d, made %v: %v", loss, n, created == nil, err)
			}
			wantNewest(t, s, 0)
			mustClose(t, s)
		}
	}
}

func TestUpdate_AFullSimulatedDiskIsSaidAndTheStoreGoesOn(t *testing.T) {
	d := disktest.New(t)
	s, err := sqlitestore.Create(t.Context(), realmOnDisk, sqlitestore.Options{Disk: d})
	if err != nil {
		t.Fatal(err)
	}
	defer mustClose(t, s)
	d.FullAfter(5000)
	if err := commit(s, 1, 10, 300); !errors.Is(err, store.ErrFull) {
		t.Errorf("update: %v", err)
	}
	d.Heal()
	if err := commit(s, 1, 10, 300); err != nil {
		t.Errorf("after space came back: %v", err)
	}
	wantNewest(t, s, 10)
}
