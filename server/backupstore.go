package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/server/store/pgstore"
	"onedoor/server/store/sqlitestore"
	"onedoor/server/store/whole"
	"onedoor/syncengine"
)

// A backup of a realm in a database is the same file as that of a realm in one: a copy of one snapshot, compared with it byte
// for byte. So it can be restored to either. Its line in the list stands in the database, where every server reads it.

// bucketBackups holds what BackupsFile holds for a realm in a file: the newest verified backup.
const bucketBackups = "backups"

var newestKey = []byte("newest")

// copyTo makes a copy of the realm in a new file.
func (c Config) copyTo(ctx context.Context, path string, p Progress) error {
	if !c.elsewhere() {
		return sqlitestore.Copy(ctx, c.path(DatabaseFile), path, p.of("copying"))
	}
	st, err := pgstore.OpenReader(ctx, c.database())
	if err != nil {
		return err
	}
	return errors.Join(copyOut(ctx, st, path, p), st.Close())
}

// copyOut copies a store into a new file and compares. Where it fails the caller throws the folder away.
func copyOut(ctx context.Context, st store.Store, path string, p Progress) (err error) {
	to, err := sqlitestore.Create(ctx, path, sqlitestore.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	return st.View(ctx, func(r store.Reader) error {
		all, ok := r.(store.Whole)
		if !ok {
			return errors.New("the store gives no copy of itself")
		}
		_, err := whole.Copy(ctx, to, all, p.of("copying"))
		return err
	})
}

// register writes a verified backup down where the realm's servers look for it.
func (c Config) register(ctx context.Context, b registered) (err error) {
	if !c.elsewhere() {
		return register(c.Dir, b)
	}
	st, err := pgstore.Open(ctx, c.database())
	if err == nil {
		err = errors.Join(st.Update(ctx, func(w store.Writer) error { return putNewest(w, b) }), st.Close())
	}
	if err != nil {
		return fmt.Errorf("list the backup: %w", err)
	}
	return nil
}

// putNewest notes a backup in the store, unless a newer one is noted there.
func putNewest(w store.Writer, b registered) error {
	standing, ok, err := notedBackup(w)
	if err != nil || ok && standing.Made > b.Made && standing.Epoch >= b.Epoch {
		return err
	}
	body, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return w.PutDocument(bucketBackups, newestKey, body)
}

// notedBackup reads the backup that is noted in a store; ok is false when there is none.
func notedBackup(r store.Reader) (b registered, ok bool, err error) {
	body, ok, err := r.Document(bucketBackups, newestKey)
	if err != nil || !ok {
		return b, false, err
	}
	if err := json.Unmarshal(body, &b); err != nil || len(b.Tag) != len(store.Tag{}) {
		return b, false, fmt.Errorf("%w: the newest backup's line", store.ErrDamaged)
	}
	return b, true, nil
}

// newestOf gives the newest verified backup of the realm: of those in the folder's list, and for a realm in a database of the
// one that is noted there. A list in the folder is of before it was brought there, or of no realm in a database.
func (c Config) newestOf(r store.Reader) (b registered, ok bool, err error) {
	b, ok, err = newestBackup(c.Dir)
	if err != nil || !c.elsewhere() {
		return b, ok, err
	}
	noted, has, err := notedBackup(r)
	if has && (!ok || noted.Made >= b.Made) {
		return noted, true, err
	}
	return b, ok, err
}

// readNoted tells phones of a backup that is noted in the store, if it is one of this very log.
func (h *hosted) readNoted(ctx context.Context) error {
	return h.realm.View(ctx, func(r store.Reader) error {
		b, ok, err := notedBackup(r)
		if err != nil || !ok {
			return err
		}
		return h.tellBackup(r, b)
	})
}

// tellBackup tells phones how far a backup reaches, where it is one of this log and epoch.
func (h *hosted) tellBackup(r store.Reader, b registered) error {
	at := syncengine.Coordinate{Epoch: syncengine.Epoch(b.Epoch), Seq: syncengine.Seq(b.Seq)}
	fits, err := exchange.Holds(r, at, store.Tag(b.Tag))
	if err == nil && fits && at.Epoch == r.Head().Epoch {
		h.realm.SetBackedUp(at)
	}
	return err
}

// lastBackup tells when the newest verified backup was made.
func (c Config) lastBackup(r store.Reader) (made time.Time, ok bool, err error) {
	b, ok, err := c.newestOf(r)
	if err != nil || !ok {
		return made, false, err
	}
	made, err = time.Parse(time.RFC3339, b.Made)
	return made, err == nil, err
}

// present finds the realm before a copy of it is begun.
func (c Config) present() error {
	if err := checkFolder(c.Dir); err != nil || c.elsewhere() {
		return err
	}
	if _, err := os.Stat(c.path(DatabaseFile)); err != nil {
		return absent(c.Dir, err)
	}
	return nil
}
