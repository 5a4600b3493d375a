package sealedfile_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"onedoor/internal/privatefile"
	"onedoor/internal/sealedfile"
)

var (
	name = [sealedfile.NameBytes]byte{7}
	key  = bytes.Repeat([]byte{9}, sealedfile.KeyBytes)
)

// write makes a file that holds so many bytes, and gives them.
func write(t *testing.T, path string, size int) []byte {
	t.Helper()
	body := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(size)}).Read(body)
	w, err := sealedfile.Create(path, name, key)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < size; at += 100_001 {
		if _, err := w.Write(body[at:min(size, at+100_001)]); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Finish(), w.Keep()); err != nil {
		t.Fatal(err)
	}
	return body
}

func read(path string, key []byte) ([]byte, error) {
	f, err := sealedfile.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in, err := f.Unseal(key)
	if err != nil || f.Name != name {
		return nil, errors.Join(err, errors.New("another name"))
	}
	return io.ReadAll(in)
}

func TestFile_GivesWhatWasWritten(t *testing.T) {
	for _, size := range []int{0, 1, 256 << 10, 256<<10 + 1, 1 << 20} {
		path := filepath.Join(t.TempDir(), "file")
		body := write(t, path, size)
		if got, err := read(path, key); err != nil || !bytes.Equal(got, body) {
			t.Errorf("of %d bytes: %d, %v", size, len(got), err)
		}
		raw, err := os.ReadFile(path)
		if err != nil || size > 100 && bytes.Contains(raw, body[:32]) {
			t.Errorf("of %d bytes: the file holds them in the open, %v", size, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != privatefile.Mode {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
	}
}

func TestFile_ThatIsNotWhatWasWrittenIsDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, 600_000)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(whole)
	flipped[300_000] ^= 1
	for what, body := range map[string][]byte{
		"a changed byte": flipped, "the end cut off": whole[:len(whole)-1], "the last chunk cut off": whole[:32+2*(4+256<<10+16)],
		"something behind it": append(bytes.Clone(whole), 1), "no header": whole[:20], "nothing": {},
	} {
		if err := os.WriteFile(path, body, privatefile.Mode); err != nil {
			t.Fatal(err)
		}
		if _, err := read(path, key); !errors.Is(err, sealedfile.ErrDamaged) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := os.WriteFile(path, whole, privatefile.Mode); err != nil {
		t.Fatal(err)
	}
	if _, err := read(path, bytes.Repeat([]byte{8}, sealedfile.KeyBytes)); !errors.Is(err, sealedfile.ErrDamaged) {
		t.Errorf("another key: %v", err)
	}
}

func TestFile_ThatOthersMayReadIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, 10)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	var exposed *privatefile.Exposed
	if _, err := read(path, key); !errors.As(err, &exposed) {
		t.Errorf("%v", err)
	}
}

func TestWriter_LeavesWhatStandsUntilItIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	body := write(t, path, 10)
	w, err := sealedfile.Create(path, name, key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	if got, err := read(path, key); err != nil || !bytes.Equal(got, body) {
		t.Errorf("while another is written: %q, %v", got, err)
	}
	if err := w.Discard(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + ".new"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something is left: %v", err)
	}
}
