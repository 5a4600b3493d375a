package client_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
)

// plain gives all that a phone's files hold, once it has done what it does at rest.
func (p *phone) plain() []byte {
	p.w.t.Helper()
	p.restart()
	return p.plainWith(p.key)
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
