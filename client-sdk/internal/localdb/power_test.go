package localdb_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/internal/sim/disk"
	"onedoor/internal/sim/disk/disktest"
)

// onDisk opens the phone's database on a simulated disk.
func onDisk(d *disk.Disk) (*localdb.DB, error) { return localdb.Open("/phone/phone.db", key, d) }

// commitWork is one transaction of the kind that kills cut, numbered n, and the move of the log into the file.
func commitWork(db *localdb.DB, n int) error {
	err := db.Update(func(tx *localdb.Tx) error { return errors.Join(work(tx, n), tx.SetMetaInt("n", int64(n))) })
	if err == nil {
		_ = db.Checkpoint() // the power may be gone by then, which takes nothing back
	}
	return err
}

// powered makes a disk with the first transactions on it.
func powered(t *testing.T, transactions int) *disk.Disk {
	t.Helper()
	d := disktest.New(t)
	db, err := onDisk(d)
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= transactions; n++ {
		if err := commitWork(db, n); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestPower_EachTransactionIsThereWholeOrNotAtAllWhereverThePowerGoes tries every step of opening, of the tenth
// transaction, which switches, of its checkpoint and of the close, with every kind of loss.
func TestPower_EachTransactionIsThereWholeOrNotAtAllWhereverThePowerGoes(t *testing.T) {
	before := powered(t, 9).Snapshot("/")
	for _, loss := range disk.Losses {
		t.Run(loss.String(), func(t *testing.T) {
			d := powered(t, 0)
			for n, went := 0, true; went; n++ {
				d.PutBack("/", before)
				d.PowerOffAfter(n, loss, rand.New(rand.NewPCG(uint64(n), 1)))
				acknowledged := 9
				if db, err := onDisk(d); err == nil {
					if commitWork(db, 10) == nil {
						acknowledged = 10
					}
					_ = db.Close() // without power it cannot
				}
				went = d.Off()
				d.PowerOn()
				wantWork(t, d, acknowledged)
			}
		})
	}
}

// TestPower_ADatabaseBeingMadeIsThereOrCanBeMade tries every step of making one.
func TestPower_ADatabaseBeingMadeIsThereOrCanBeMade(t *testing.T) {
	for _, loss := range disk.Losses {
		for n, went := 0, true; went; n++ {
			d := powered(t, 0)
			d.PutBack("/", nil)
			d.PowerOffAfter(n, loss, rand.New(rand.NewPCG(uint64(n), 2)))
			if db, err := onDisk(d); err == nil {
				_ = db.Close()
			}
			went = d.Off()
			d.PowerOn()
			db, err := onDisk(d)
			if err != nil {
				t.Fatalf("%s lost after step %d: %v", loss, n, err)
			}
			if err := errors.Join(commitWork(db, 1), db.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// wantWork opens the database and wants every transaction whole, and at least those that were acknowledged.
func wantWork(t *testing.T, d *disk.Disk, acknowledged int) {
	t.Helper()
	db, err := onDisk(d)
	if err != nil {
		t.Fatal(err)
	}
	view(t, db, func(tx *localdb.Tx) error { return checkWork(t, tx, acknowledged) })
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
