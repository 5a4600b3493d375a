package client_test

import (
	"bytes"
	"errors"
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/sim/disk"
	"onedoor/internal/sim/disk/disktest"
)

// stepsMost bounds the steps that a phone's disk takes in what a test cuts off.
const stepsMost = 2000

// found is a phone on a simulated disk, switched off, with a door that is synced and a visit there.
func found(t *testing.T) (w *world, ann *phone, d *disk.Disk) {
	t.Helper()
	w = newWorld(t)
	d = disktest.New(t)
	w.disk = d
	ann = w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	door := ann.add("premises", `{"address":"`+plantedAddress+`","territory":"`+gridA+`"}`)
	ann.add("visit", `{"premises_ids":["`+door+`"],"outcome":"seen","note":"`+plantedNote+`"}`)
	ann.sync()
	w.must(ann.Close())
	return w, ann, d
}

// diesAtEveryStep has a phone die at each step that its disk takes in what it does, and asks about it when it is on again.
func (p *phone) diesAtEveryStep(d *disk.Disk, does func(), asks func(step int)) {
	p.w.t.Helper()
	files := d.Snapshot("/")
	for step := range stepsMost {
		d.PutBack("/", files)
		p.open()
		d.PowerOffAfter(step, disk.Nothing, nil)
		does()
		died := d.Off()
		if died {
			_ = p.Close()
			d.PowerOn()
			p.open()
		}
		asks(step)
		if !died {
			return
		}
		p.w.must(p.Close())
	}
	p.w.t.Fatal("it takes more steps than the test tries")
}

// leavesNothing wants a phone's files to hold nothing of the door and the visit.
func (p *phone) leavesNothing(d *disk.Disk, step int) {
	p.w.t.Helper()
	if raw := p.onDisk(d); bytes.Contains(raw, []byte(plantedNote)) || bytes.Contains(raw, []byte(plantedAddress)) {
		p.w.t.Fatalf("after it died at step %d its files hold what has left it", step)
	}
}

// A phone is found, opened without a network, and dies while it destroys what it holds. Whoever opens it again finds nothing of it.
func TestDestroy_APhoneThatDiesInItGoesOnWithItWhenItIsOpenedAgain(t *testing.T) {
	w, ann, d := found(t)
	w.later(31 * aDay)
	ann.diesAtEveryStep(d, func() { _ = ann.Barred() }, func(step int) {
		if err := ann.Barred(); !errors.Is(err, client.ErrDestroyed) {
			t.Fatalf("opened after it died at step %d: %v", step, err)
		}
		ann.leavesNothing(d, step)
	})
}

// Its user works elsewhere by now, and the phone dies in the sync by which door and visit leave it. It may not sync again for weeks.
func TestPurge_APhoneThatDiesBeforeItHasOverwrittenDoesSoWhenItIsOpened(t *testing.T) {
	w, ann, d := found(t)
	w.moveUser(ann.user, gridB)
	left := 0
	ann.diesAtEveryStep(d, func() { _, _ = ann.Sync(t.Context()) }, func(step int) {
		list, err := ann.List(client.Query{Kind: "premises"})
		w.must(err)
		if len(list) == 0 {
			left++
			ann.leavesNothing(d, step)
		}
	})
	if left < 2 {
		t.Errorf("the phone died %d times behind the commit by which the door left it: the test wants some", left)
	}
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
