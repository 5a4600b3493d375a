package sqlitestore_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"onedoor/server/store/sqlitestore"
)

func TestUpdate_ACrashInsideItLeavesNothingOfIt(t *testing.T) {
	for _, role := range []string{"wait inside an update", "wait inside a spilled update"} {
		t.Run(role, func(t *testing.T) {
			s, path := create(t)
			mustClose(t, s)
			c := start(t, role, path)
			c.until("inside")
			if role == "wait inside a spilled update" {
				// The cache is too small for the update, so part of it is in the file already.
				if info, err := os.Stat(path + "-wal"); err != nil || info.Size() < 1<<20 {
					t.Fatalf("the update did not spill: %v, %v", info, err)
				}
			}
			c.kill()
			s = open(t, path)
			defer mustClose(t, s)
			wantNewest(t, s, 5)
			if err := commit(s, 6, 7, 100); err != nil {
				t.Error(err)
			}
			wantNewest(t, s, 7)
		})
	}
}

func TestUpdate_WhatWasAcknowledgedOutlivesACrash(t *testing.T) {
	for _, after := range []int{1, 20, 150} {
		t.Run(fmt.Sprintf("after update %d", after), func(t *testing.T) {
			s, path := create(t)
			mustClose(t, s)
			c := start(t, "commit until killed", path)
			c.until(fmt.Sprintf("committed %d", 3*after))
			acknowledged := c.kill()
			s = open(t, path)
			defer mustClose(t, s)
			n, err := newest(s)
			// One more update may have been committed and not yet reported.
			if err != nil || n%3 != 0 || n < acknowledged || n > acknowledged+3 {
				t.Errorf("acknowledged up to %d, found %d, error %v", acknowledged, n, err)
			}
			wantNewest(t, s, n)
		})
	}
}

func TestOpen_RefusesASecondWriterInAnotherProcess(t *testing.T) {
	path := written(t)
	s := open(t, path)
	start(t, "try to write", path).end()
	if err := commit(s, 201, 201, 10); err != nil {
		t.Errorf("the first writer after the second was refused: %v", err)
	}
	mustClose(t, s)
	s = open(t, path)
	defer mustClose(t, s)
	wantNewest(t, s, 201)
}

func TestOpenReader_ReadsBesideAWriterOfAnotherProcess(t *testing.T) {
	path := written(t)
	c := start(t, "hold the write lock", path)
	c.until("open")
	r, err := sqlitestore.OpenReader(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	wantNewest(t, r, 210)
	c.end()
	wantNewest(t, r, 220)
	mustClose(t, r)
	s := open(t, path)
	defer mustClose(t, s)
	wantNewest(t, s, 220)
}
