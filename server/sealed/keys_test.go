package sealed_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"onedoor/server/sealed"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

func random() *rand.ChaCha8 { return rand.NewChaCha8([32]byte{4}) }

func TestKeyFile_IsReadBackAndNeverOverwritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "realm.contact-key")
	made, err := sealed.CreateKey(path, random())
	if err != nil {
		t.Fatal(err)
	}
	read, err := sealed.LoadKey(path)
	if err != nil || read.Name() != made.Name() || len(made.Name()) != 16 {
		t.Errorf("read back %v, %v; want %v", read, err, made)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := sealed.CreateKey(path, random()); !errors.Is(err, sealed.ErrKeyExists) {
		t.Errorf("made again: %v", err)
	}
	if _, err := sealed.CreateKey(filepath.Join(t.TempDir(), "none", "key"), random()); err == nil {
		t.Error("made in a folder that is not there")
	}
}

func TestLoadKey_SaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	file := func(name, body string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(body), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for want, path := range map[error]string{
		sealed.ErrKeyMissing: filepath.Join(dir, "none"), sealed.ErrKeyExposed: file("open", "{}", 0o644), sealed.ErrKeyDamaged: file("damaged", "{}", 0o600),
	} {
		if _, err := sealed.LoadKey(path); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
}

func TestOpen_RefusesAMissingAndAnotherKey(t *testing.T) {
	w := newWorld(t)
	for want, k := range map[error]*sealed.Key{sealed.ErrKeyMissing: nil, sealed.ErrKeyOther: sealed.NewKey([32]byte{7})} {
		if _, err := sealed.Open(t.Context(), w.inner, options(k)); !errors.Is(err, want) {
			t.Errorf("open: %v, want %v", err, want)
		}
		if _, err := sealed.OpenReader(t.Context(), w.inner, options(k)); !errors.Is(err, want) {
			t.Errorf("open for reading: %v, want %v", err, want)
		}
	}
	if _, err := sealed.Open(t.Context(), memstore.New(), options(nil)); !errors.Is(err, sealed.ErrKeyMissing) {
		t.Errorf("a new store without a key: %v", err)
	}
	bare := memstore.New()
	if st, err := sealed.OpenReader(t.Context(), bare, options(nil)); err != nil || st != store.Store(bare) {
		t.Errorf("a store that was never sealed needs a key to be read: %v", err)
	}
	err := w.inner.View(t.Context(), sealed.Check)
	if !errors.Is(err, sealed.ErrKeyMissing) || w.sealed.View(t.Context(), sealed.Check) != nil || bare.View(t.Context(), sealed.Check) != nil {
		t.Errorf("a reader without keys: %v", err)
	}
}

func TestAddKey_SealsWhatIsNewAndLeavesWhatIsOldReadable(t *testing.T) {
	w := newWorld(t)
	first := entry(t, 1, store.EntryApplied, 1, patch(t, plantedName, plantedPhone))
	write(t, w.sealed, first)
	w.must(w.inner.Update(t.Context(), func(tx store.Writer) error {
		n, err := sealed.AddKey(tx, key, random(), 5)
		if n != 2 {
			t.Errorf("the second key has number %d", n)
		}
		return err
	}))
	w.open()
	second := entry(t, 2, store.EntryApplied, 2, patch(t, plantedName, plantedPhone))
	write(t, w.sealed, second)
	numbers := map[syncengine.Seq]byte{}
	w.must(w.inner.View(t.Context(), func(r store.Reader) error {
		return r.Entries(0, func(e store.Entry) bool { numbers[e.Seq] = e.Body[5]; return true })
	}))
	if numbers[1] != 1 || numbers[2] != 2 {
		t.Errorf("sealed under %v", numbers)
	}
	for _, want := range []store.Entry{first, second} {
		if got, err := w.entryAt(want.Seq); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("entry %d: %v", want.Seq, err)
		}
	}
	if got := w.lookup(plantedPhone); !slices.Equal(got, []syncengine.ID{id(1), id(2)}) {
		t.Errorf("found %v", got)
	}
}

func TestRewrap_TheNewContactKeyOpensAndTheOldOneDoesNot(t *testing.T) {
	w := newWorld(t)
	want := entry(t, 1, store.EntryApplied, 1, patch(t, plantedName, plantedPhone))
	write(t, w.sealed, want)
	other := sealed.NewKey([32]byte{7})
	w.must(w.inner.Update(t.Context(), func(tx store.Writer) error {
		n, err := sealed.Rewrap(tx, key, other, random())
		if n != 1 {
			t.Errorf("%d keys were wrapped anew", n)
		}
		return err
	}))
	if _, err := sealed.Open(t.Context(), w.inner, options(key)); !errors.Is(err, sealed.ErrKeyOther) {
		t.Errorf("the old key: %v", err)
	}
	st, err := sealed.Open(t.Context(), w.inner, options(other))
	w.must(err)
	w.sealed = st
	if got, err := w.entryAt(1); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("under the new key: %v", err)
	}
}

// failing is a store in which transactions fail from a number on.
type failing struct {
	*memstore.Store
	left int
}

var errPower = errors.New("no power")

func (f *failing) Update(ctx context.Context, do func(store.Writer) error) error {
	if f.left--; f.left < 0 {
		return errPower
	}
	return f.Store.Update(ctx, do)
}

func TestOpen_SealsWhatOlderSoftwareWroteAlsoWhenItIsCutOff(t *testing.T) {
	done := false
	for cut := 1; !done; cut++ {
		inner := memstore.New()
		var entries []store.Entry
		for n := range 2500 {
			name := ""
			if n%3 == 0 {
				name = plantedName
			}
			entries = append(entries, entry(t, syncengine.Seq(n+1), store.EntryApplied, byte(n%200+1), patch(t, name, name)))
		}
		write(t, inner, entries...)
		f := &failing{inner, cut}
		_, err := sealed.Open(t.Context(), f, options(key))
		done = err == nil
		if !done && !errors.Is(err, errPower) {
			t.Fatal(err)
		}
		if !done {
			if _, err := sealed.OpenReader(t.Context(), inner, options(key)); cut > 1 && !errors.Is(err, sealed.ErrUnfinished) {
				t.Errorf("a store that is half sealed can be read: %v", err)
			}
		}
		w := &world{t: t, inner: inner}
		w.open()
		if raw := w.raw(); bytes.Contains(raw, []byte(plantedName)) || bytes.Count(raw, []byte("12345678")) != 1 {
			t.Fatalf("cut off after %d transactions: a name stands in the open, or the digest", cut)
		}
		for _, want := range entries {
			if got, err := w.entryAt(want.Seq); err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("cut off after %d transactions: entry %d reads %+v, %v", cut, want.Seq, got, err)
			}
		}
	}
}
