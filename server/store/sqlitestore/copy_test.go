package sqlitestore_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"onedoor/server/store"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"
)

func TestCopy_IsOneCommitOfARealmThatIsBeingWritten(t *testing.T) {
	s, path := create(t)
	defer mustClose(t, s)
	if err := commit(s, 1, 50, 2000); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		for seq := syncengine.Seq(51); ; seq++ {
			select {
			case <-stop:
				return
			default:
			}
			if err := commit(s, seq, seq, 2000); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for _, name := range []string{"one.db", "two.db", "three.db"} {
		copied := filepath.Join(t.TempDir(), name)
		if err := sqlitestore.Copy(t.Context(), path, copied, func(_, _ int64) {}); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the copy has mode %v, %v", info.Mode(), err)
		}
		c := open(t, copied)
		n, err := newest(c)
		if n < 50 || err != nil {
			t.Errorf("the copy is at %d, %v", n, err)
		}
		wantNewest(t, c, n)
		mustClose(t, c)
	}
	close(stop)
	writing.Wait()
}

func TestCopy_OfAStoppedRealmIsTheSame(t *testing.T) {
	path := written(t)
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := sqlitestore.Copy(t.Context(), path, copied, nil); err != nil {
		t.Fatal(err)
	}
	c := open(t, copied)
	defer mustClose(t, c)
	wantNewest(t, c, 200)
}

func TestCopy_WritesOverNothingAndLeavesNothing(t *testing.T) {
	path := written(t)
	standing := filepath.Join(t.TempDir(), "standing.db")
	if err := os.WriteFile(standing, []byte("somebody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sqlitestore.Copy(t.Context(), path, standing, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a standing file: %v", err)
	}
	if b, err := os.ReadFile(standing); string(b) != "somebody's" || err != nil {
		t.Errorf("the standing file holds %q, %v", b, err)
	}
	damaged := filepath.Join(t.TempDir(), "realm.db")
	if err := os.WriteFile(damaged, []byte("this is no database at all, only some text of some length"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out.db")
	if err := sqlitestore.Copy(t.Context(), damaged, out, nil); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("of a file that is none: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sqlitestore.Copy(ended, path, out, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
	if _, err := os.Stat(out); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something is left: %v", err)
	}
}
