package client_test

import (
	"bytes"
	"errors"
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/sim/disk"
)

// destroyStepsMost bounds the steps that a phone's disk takes to destroy what the phone holds.
const destroyStepsMost = 2000

// A phone is found, opened without a network, and dies while it destroys what it holds: at any step of its disk. Whoever opens it
// again finds nothing of it.
func TestDestroy_APhoneThatDiesInItGoesOnWithItWhenItIsOpenedAgain(t *testing.T) {
	w := newWorld(t)
	d := newDisk(t)
	w.disk = d
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	door := ann.add("premises", `{"address":"`+plantedAddress+`","territory":"`+gridA+`"}`)
	ann.sync()
	ann.add("visit", `{"premises_ids":["`+door+`"],"outcome":"seen","note":"`+plantedNote+`"}`)
	w.must(ann.Close())
	files := d.Snapshot("/")
	w.later(31 * aDay)
	for step := range destroyStepsMost {
		d.PutBack("/", files)
		ann.open()
		d.PowerOffAfter(step, disk.Nothing, nil)
		err := ann.Barred()
		died := d.Off()
		if died {
			_ = ann.Close()
			d.PowerOn()
			ann.open()
			err = ann.Barred()
		}
		if !errors.Is(err, client.ErrDestroyed) {
			t.Fatalf("opened after it died at step %d: %v", step, err)
		}
		if raw := ann.onDisk(d); bytes.Contains(raw, []byte(plantedNote)) || bytes.Contains(raw, []byte(plantedAddress)) {
			t.Fatalf("after it died at step %d its files hold what it has destroyed", step)
		}
		if !died {
			return
		}
		w.must(ann.Close())
	}
	t.Fatal("it takes more steps than the test tries")
}

// onDisk gives what a phone's files on a simulated disk hold, decrypted.
func (p *phone) onDisk(d *disk.Disk) []byte {
	p.w.t.Helper()
	database, err := d.Read(p.dir + "/" + client.DatabaseFile)
	p.w.must(err)
	var log []byte
	if there, _ := d.Exists(p.dir + "/" + client.LogFile); there {
		log, err = d.Read(p.dir + "/" + client.LogFile)
		p.w.must(err)
	}
	out, err := client.Plain(p.key, database, log)
	p.w.must(err)
	return out
}
