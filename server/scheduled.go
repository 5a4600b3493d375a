package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"onedoor/server/backupset"
	"onedoor/server/store"
)

const (
	// backupEveryDefault is how often a backup is made: what was made at the server itself since the last one is lost with it.
	backupEveryDefault = 24 * time.Hour
	// backupEveryLeast bounds how often: each reads the whole file, and the write-ahead log grows meanwhile.
	backupEveryLeast = 10 * time.Minute
	// backupLook is how often it is looked whether one is due: a machine that slept has missed no timer.
	backupLook = time.Minute
	// backupAgain is how long after one that failed the next is tried.
	backupAgain = 15 * time.Minute
)

// backupEvery is how often a backup is made.
func (c Config) backupEvery() time.Duration {
	if c.BackupEvery == 0 {
		return backupEveryDefault
	}
	return c.BackupEvery
}

// keepBackedUp makes a backup whenever the newest one, whoever made it, is old enough, until ctx ends.
func (h *hosted) keepBackedUp(ctx context.Context) {
	if h.config.Backups.URL == "" {
		return
	}
	h.clearStages()
	for {
		pause := backupLook
		if h.post.Held() && h.backupDue(ctx) {
			err := h.backUp(ctx)
			if ctx.Err() != nil {
				return
			}
			h.observed.Backup(err)
			if err != nil {
				h.config.Log.Error("no backup was made; it is tried again in a while", "in", backupAgain, "error", err)
				pause = backupAgain
			}
		}
		if wait(ctx, pause) != nil {
			return
		}
	}
}

// clearStages takes away what a crash left of backups under way. Only this server makes them in the realm's folder.
func (h *hosted) clearStages() {
	left, _ := filepath.Glob(h.config.path(backupStage + "*")) // The pattern is whole.
	for _, stage := range left {
		if err := os.RemoveAll(stage); err != nil {
			h.config.Log.Warn("what is left of an interrupted backup cannot be taken away", "folder", stage, "error", err)
		}
	}
}

// backupDue reports that the newest backup is as old as one may get. A time to come counts as none: a clock was put back.
func (h *hosted) backupDue(ctx context.Context) bool {
	var made time.Time
	ok := false
	err := h.realm.View(ctx, func(r store.Reader) (err error) {
		made, ok, err = h.config.lastBackup(r)
		return err
	})
	if err != nil || !ok {
		return true
	}
	age := h.config.Now().Sub(made)
	return age >= h.config.backupEvery() || age < 0
}

// backUp makes one backup and takes old ones away.
func (h *hosted) backUp(ctx context.Context) error {
	set, err := backupset.OpenToKeep(ctx, h.config.Backups)
	if err != nil {
		return err
	}
	began := h.config.Now()
	made, err := Backup(ctx, BackupOptions{Dir: h.config.Dir, Store: h.config.Store, Set: set, ContactKey: h.config.ContactKey, Now: h.config.Now, dial: h.config.Dial})
	if err == nil {
		h.config.Log.Info("a backup was made and read back", "name", made.Kept.Name, "seq", made.At.Seq, "bytes", made.Bytes, "took", h.config.Now().Sub(began))
		if made.Unregistered != nil {
			h.config.Log.Warn("phones are not told of the backup and keep their journals", "error", made.Unregistered)
		}
		err = h.retainBackups(ctx, set, made.Realm)
	}
	return errors.Join(err, set.Close())
}

func (h *hosted) retainBackups(ctx context.Context, set *backupset.Set, realm uint32) error {
	gone, err := set.Retain(ctx, realm, h.config.BackupKeep, h.config.Now())
	if len(gone) > 0 {
		h.config.Log.Info("old backups were taken away", "names", gone)
	}
	if err != nil {
		return fmt.Errorf("a backup was made, and old ones are left: %w", err)
	}
	return nil
}
