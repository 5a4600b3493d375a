package client_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/syncengine"
)

// plain gives all that the files of a phone hold that does its work at once.
func (p *phone) plain() []byte {
	p.w.t.Helper()
	return p.plainWith(p.key)
}

// doesAtOnce starts a phone again that does at once what it otherwise does at rest.
func (p *phone) doesAtOnce() {
	p.w.t.Helper()
	p.atOnce = true
	p.restart()
}

func (p *phone) plainWith(key []byte) []byte {
	p.w.t.Helper()
	database, err := os.ReadFile(filepath.Join(p.dir, client.DatabaseFile))
	p.w.must(err)
	log, err := os.ReadFile(filepath.Join(p.dir, client.LogFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		p.w.must(err)
	}
	out, err := client.Plain(key, database, log)
	p.w.must(err)
	return out
}

func TestPlain_FindsWhatAPhoneHoldsAndNothingWithAnotherKey(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.doesAtOnce()
	ann.sync()
	ann.add("visit", `{"territory":"`+gridA+`","note":"门口堆放了杂物和旧家具"}`)
	note := []byte("门口堆放了杂物和旧家具")
	if !bytes.Contains(ann.plain(), note) {
		t.Error("the note is not found in the files")
	}
	if n := len(ann.plainWith(make([]byte, client.KeyBytes))); n != 0 {
		t.Errorf("another key opens %d bytes", n)
	}
	if _, err := client.Plain(ann.key[1:], nil, nil); !errors.Is(err, client.ErrKey) {
		t.Errorf("a short key: %v", err)
	}
}

func TestPurge_WhatLeftThePhonesAreaIsInNoPageOfItsFiles(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.doesAtOnce()
	bob := w.phone("白", recordv1.Role_ROLE_POLICE_OFFICER, community)
	bob.sync()
	note := "门口堆放了杂物和旧家具，已口头提醒"
	visit := bob.add("visit", `{"territory":"`+gridA+`","note":"`+note+`"}`)
	bob.sync()
	ann.sync()
	bob.edit(visit, `{"note":"`+note+`第二次"}`)
	bob.sync()
	ann.sync()
	if !bytes.Contains(ann.plain(), []byte(note)) {
		t.Fatal("the phone does not hold the note")
	}
	w.moveUser(ann.user, gridB)
	ann.sync()
	if bytes.Contains(ann.plain(), []byte(note)) {
		t.Error("the note is still in the files after the area was handed over")
	}
	w.settle()
}

func TestPurge_WhatLeftInTheMiddleOfAPullIsInNoPageOfTheFiles(t *testing.T) {
	w := newWorld(t)
	bob := w.phone("白", recordv1.Role_ROLE_POLICE_OFFICER, community)
	bob.sync()
	note := "门口堆放了杂物和旧家具，已口头提醒"
	door := bob.add("premises", `{"address":"民主路3号","territory":"`+gridA+`","name":"`+note+`"}`)
	for range 5 {
		bob.add("visit", `{"territory":"`+gridA+`","note":"一切正常"}`)
	}
	bob.sync()
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.page, ann.tries = 1, 1
	ann.doesAtOnce()
	ann.line.failAfter = ann.line.calls + 9
	if _, err := ann.Sync(t.Context()); err == nil {
		t.Fatal("the pull was not cut off")
	}
	if !bytes.Contains(ann.plain(), []byte(note)) {
		t.Fatal("the phone does not hold the door")
	}
	w.write(mustParse(t, door), recordv1.Kind_KIND_PREMISES, false, &recordv1.Premises{Territory: bytesOf(w.grids[gridB])})
	ann.line.failAfter = 0
	ann.sync()
	if bytes.Contains(ann.plain(), []byte(note)) {
		t.Error("the door is still in the files although it left while the phone pulled")
	}
	w.settle()
}

func bytesOf(id syncengine.ID) []byte { return id[:] }
