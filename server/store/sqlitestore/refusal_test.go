package sqlitestore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"onedoor/server/store"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"
)

func TestUpdate_AFullDiskWritesNothingAndTheStoreGoesOn(t *testing.T) {
	s, path := create(t)
	mustClose(t, s)
	start(t, "fill the disk", path).end()
	s = open(t, path)
	defer mustClose(t, s)
	n, err := newest(s)
	if err != nil {
		t.Fatal(err)
	}
	wantNewest(t, s, n)
}

// fillTheDisk lets the operating system refuse to make a file longer than a
// limit, fills the store up to it, and lifts the limit again.
func fillTheDisk(path string) error {
	signal.Ignore(syscall.SIGXFSZ) // It would end the process before the write can fail.
	s, err := sqlitestore.Open(context.Background(), path, sqlitestore.Options{})
	if err != nil {
		return err
	}
	if err := limitFiles(1 << 20); err != nil {
		return err
	}
	last, err := fill(s)
	if err != nil {
		return err
	}
	if err := refused(s, last, 3); err != nil {
		return err
	}
	if err := limitFiles(1 << 30); err != nil {
		return err
	}
	if err := commit(s, last+1, last+100, 20_000); err != nil {
		return fmt.Errorf("after space came back: %w", err)
	}
	if n, err := newest(s); n != last+100 || err != nil {
		return fmt.Errorf("after space came back the store is at %d of %d: %w", n, last+100, err)
	}
	if left, err := filepath.Glob(path + ".probe"); len(left) > 0 || err != nil {
		return fmt.Errorf("files left behind: %q, %w", left, err)
	}
	return s.Close()
}

// limitFiles sets how long a file may become.
func limitFiles(bytes uint64) error {
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: 1 << 40})
}

// fill commits until the disk refuses and gives the last change that was acknowledged.
func fill(s store.Store) (last syncengine.Seq, err error) {
	const changesMax = 10_000 // Far more than the limits of these tests hold.
	for last < changesMax {
		if err := commit(s, last+1, last+5, 2000); errors.Is(err, store.ErrFull) {
			return last, nil
		} else if err != nil {
			return last, fmt.Errorf("the full disk gave another error: %w", err)
		}
		last += 5
	}
	return last, errors.New("the disk never filled up")
}

// refused checks that a full store refuses each update and still reads.
func refused(s store.Store, last syncengine.Seq, times int) error {
	for range times {
		if err := commit(s, last+1, last+100, 20_000); !errors.Is(err, store.ErrFull) {
			return fmt.Errorf("an update on a full disk: %w", err)
		}
		if n, err := newest(s); n != last || err != nil {
			return fmt.Errorf("a full store is at %d, acknowledged was %d: %w", n, last, err)
		}
	}
	return nil
}

func TestUpdate_AFullDatabaseIsFullEvenWhenTheErrorIsDropped(t *testing.T) {
	s, _ := create(t)
	defer mustClose(t, s)
	if _, err := s.AskWriter("PRAGMA max_page_count = 60"); err != nil {
		t.Fatal(err)
	}
	last, err := fill(s)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(context.Background(), func(w store.Writer) error {
		for seq := last + 1; seq < last+100; seq++ {
			_ = change(w, seq, 2000) // SQLite has rolled back by itself: what follows must not commit alone.
		}
		_ = w.PutDocument("last", nil, []byte("alone"))
		return nil
	})
	if !errors.Is(err, store.ErrFull) {
		t.Errorf("update: %v", err)
	}
	wantNewest(t, s, last)
	if _, err := s.AskWriter("PRAGMA max_page_count = 100000"); err != nil {
		t.Fatal(err)
	}
	if err := commit(s, last+1, last+100, 2000); err != nil {
		t.Errorf("after space came back: %v", err)
	}
	wantNewest(t, s, last+100)
}

func TestOpen_SaysThatAFolderOrFileCannotBeWritten(t *testing.T) {
	path := written(t)
	// The child gives up root's rights, which ignore permissions, and must still reach the folder.
	for dir := filepath.Dir(path); strings.HasPrefix(dir, filepath.Clean(os.TempDir())+"/"); dir = filepath.Dir(dir) {
		chmod(t, dir, 0o755)
	}
	chmod(t, path, 0o444)
	t.Run("folder", func(t *testing.T) {
		chmod(t, filepath.Dir(path), 0o555)
		start(t, "write without the right to do so", path).end()
	})
	t.Run("file", func(t *testing.T) {
		chmod(t, path+".lock", 0o666)
		chmod(t, filepath.Dir(path), 0o777)
		start(t, "write without the right to do so", path).end()
	})
	chmod(t, path, 0o644)
	s := open(t, path)
	defer mustClose(t, s)
	wantNewest(t, s, 200)
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// nobody is a user without rights.
const nobody = 65534

func writeWithoutRight(path string) error {
	if os.Getuid() == 0 {
		if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody)); err != nil {
			return fmt.Errorf("give up root's rights: %w", err)
		}
	}
	if _, err := sqlitestore.Open(context.Background(), path, sqlitestore.Options{}); !errors.Is(err, store.ErrReadOnly) {
		return fmt.Errorf("open: %w", err)
	}
	info, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return err
	}
	if info.Mode().Perm() == 0o555 {
		_, err := sqlitestore.Create(context.Background(), filepath.Dir(path)+"/other.db", sqlitestore.Options{})
		if !errors.Is(err, store.ErrReadOnly) {
			return fmt.Errorf("create: %w", err)
		}
	}
	return nil
}
