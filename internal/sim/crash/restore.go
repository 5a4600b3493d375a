package crash

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"onedoor/server"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"
)

// backUp copies the database of a server that rests, before a cycle.
func (r *run) backUp(n int) error {
	content, err := os.ReadFile(r.database())
	if err != nil {
		return err
	}
	return os.WriteFile(r.backup(n), content, 0o600)
}

func (r *run) database() string { return filepath.Join(r.host.dir, server.DatabaseFile) }

// backup is the path of the backup from before a cycle.
func (r *run) backup(n int) string { return filepath.Join(r.o.Dir, fmt.Sprintf("backup-%d.db", n)) }

// restore puts a backup in the place of the database of a server that rests. A new epoch begins: here, or, where the file
// is only copied back, when the first phone shows the server what has happened.
func (r *run) restore(n int, kind Kind) error {
	// Where the history that is thrown away can be read, its forks are handed on.
	known, err := forks(r.ctx, r.database())
	if err != nil && !errors.Is(err, store.ErrDamaged) {
		return err
	}
	if kind == OlderRestore {
		n = max(0, n-olderBy)
	}
	if err := r.copyBack(n); err != nil {
		return err
	}
	if kind == CopiedBack {
		r.epoch++
		return nil
	}
	return r.beginEpoch(append(known, r.known...))
}

// copyBack puts the file of a backup in the place of the database.
func (r *run) copyBack(n int) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(r.database() + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	content, err := os.ReadFile(r.backup(n))
	if err != nil {
		return err
	}
	return os.WriteFile(r.database(), content, 0o600)
}

// beginEpoch begins a new epoch in the database of a server that rests.
func (r *run) beginEpoch(known []syncengine.Fork) error {
	st, err := sqlitestore.Open(r.ctx, r.database(), sqlitestore.Options{})
	if err != nil {
		return err
	}
	history, err := exchange.BeginEpoch(r.ctx, st, exchange.Renewal{Known: known, Now: syncengine.UnixMilli(time.Now().UnixMilli())})
	r.epoch, r.known = history.Epoch, history.Forks
	return errors.Join(err, st.Close())
}

// forks reads the epochs of a database.
func forks(ctx context.Context, path string) (forks []syncengine.Fork, err error) {
	st, err := sqlitestore.OpenReader(ctx, path)
	if err != nil {
		return nil, err
	}
	err = st.View(ctx, func(r store.Reader) error {
		h, err := exchange.History(r)
		forks = h.Forks
		return err
	})
	return forks, errors.Join(err, st.Close())
}

// cutLog cuts the write-ahead log of a killed server in the middle.
func (r *run) cutLog() error {
	log := r.database() + "-wal"
	info, err := os.Stat(log)
	if err != nil {
		return err
	}
	return os.Truncate(log, info.Size()/2)
}

// damage spoils the database of a server that rests, and wants that to be noticed: by serve, in a sentence that says what
// to do, or, where the beginning of the file is whole, by verify.
func (r *run) damage(kind Kind, random *rand.Rand) error {
	info, err := os.Stat(r.database())
	if err != nil {
		return err
	}
	pages := info.Size() / pageBytes
	if kind == Cut {
		err = os.Truncate(r.database(), random.Int64N(pages)*pageBytes)
	} else {
		err = overwrite(r.database(), random.Int64N(pages)*pageBytes*int64(random.IntN(2)))
	}
	if err != nil {
		return err
	}
	said, err := refusal(r.ctx, r.o.Self, r.host.dir)
	if err != nil || said != "" {
		r.trace("the server says: %s", said)
		return err
	}
	found, err := server.Verify(r.ctx, r.host.dir, nil)
	if err == nil && found.OK() {
		err = fmt.Errorf("a damaged database file (%s) is served, and verify finds nothing", kind)
	}
	return err
}

// pageBytes is the size of the database's pages.
const pageBytes = 8 << 10

// overwrite writes a page of something else at a place of a file, as a mistaken copy does.
func overwrite(path string, at int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	line := []byte("<html><body>502 Bad Gateway</body></html>\n")
	_, err = f.WriteAt(bytes.Repeat(line, pageBytes/len(line)), at)
	return errors.Join(err, f.Close())
}
