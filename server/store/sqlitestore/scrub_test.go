package sqlitestore_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onedoor/server/store"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"
)

// secret is what must not be found: long enough that no two bytes of luck make it.
const secret = "王秀英 13800138000"

// filler draws a text of a length, so that pages fill up, split and merge again.
func filler(r *rand.Rand, n int) string {
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprintf(&b, "%08x", r.Uint32())
	}
	return b.String()
}

func TestScrub_WhatWasWrittenOverIsInNoFile(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { scrubOnce(t, rand.New(rand.NewPCG(seed, 7))) })
	}
}

// scrubOnce writes secrets among other rows, deletes, replaces and rewrites them in
// an order of its own, and looks for them in the bytes of the files.
func scrubOnce(t *testing.T, r *rand.Rand) {
	path := filepath.Join(t.TempDir(), "realm.db")
	s, err := sqlitestore.Create(context.Background(), path, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	write := func(f func(w store.Writer)) {
		t.Helper()
		if err := s.Update(context.Background(), func(w store.Writer) error { f(w); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	id := func(n int) syncengine.ID { return syncengine.ID{byte(n * 37), byte(n >> 8), byte(n)} }
	sizes := []int{10, 200, 900, 3000, 9000, 40_000}
	const rows = 300
	for n := range rows {
		write(func(w store.Writer) {
			body := []byte(filler(r, r.IntN(sizes[r.IntN(len(sizes))]+1)) + secret)
			_ = w.Append(store.Entry{Seq: syncengine.Seq(n + 1), RecordID: id(n), Salt: []byte(secret)[:16], Body: body, Extra: body})
			_ = w.PutRecord(store.Record{ID: id(n), Seq: 1, Body: body})
			_ = w.PutDocument("b", fmt.Append(nil, n), body)
		})
		if k := r.IntN(n + 1); r.IntN(3) == 0 { // Rows grow and shrink before the erasure, as records do.
			write(func(w store.Writer) {
				_ = w.PutRecord(store.Record{ID: id(k), Seq: 2, Body: []byte(secret + filler(r, r.IntN(12_000)))})
			})
		}
	}
	for _, n := range r.Perm(rows) {
		write(func(w store.Writer) {
			body := []byte(filler(r, r.IntN(sizes[r.IntN(len(sizes))]+1)))
			_ = w.RewriteEntry(store.Entry{Seq: syncengine.Seq(n + 1), RecordID: id(n), Body: body})
			_ = w.PutRecord(store.Record{ID: id(n), Seq: 3, Body: body})
			if r.IntN(2) == 0 {
				_ = w.DeleteDocument("b", fmt.Append(nil, n))
			} else {
				_ = w.PutDocument("b", fmt.Append(nil, n), body)
			}
		})
	}
	if err := s.Scrub(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{path, path + "-wal"} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(content, []byte(secret)); n > 0 {
			t.Errorf("%s of %d bytes holds what was erased %d times", filepath.Base(file), len(content), n)
		}
	}
	if problems, err := s.Check(context.Background()); len(problems) > 0 || err != nil {
		t.Errorf("check: %v, %v", problems, err)
	}
}
