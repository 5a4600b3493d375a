package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/server/backupset"
	"onedoor/server/identity"
	"onedoor/server/sealed"
	"onedoor/server/store"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"
)

// A backup is one file: the database as of one commit, with the realm's secrets in
// a document of their own, so that one without the other cannot be lost.
const (
	bucketBackup = "backup"
	// backupStage is the beginning of the name of the folder in which a backup is
	// made and checked, beside its place.
	backupStage = ".onedoor-backup-"
)

var backupKey = []byte("1")

// ErrNoBackup: the file is not one that Backup made.
var ErrNoBackup = errors.New("not a backup made by `onedoor backup`")

// Progress is told how far a piece of long work has come; it may be nil.
type Progress func(what string, done, total int64)

// of gives the progress of one piece.
func (p Progress) of(what string) func(done, total int64) {
	if p == nil {
		return nil
	}
	return func(done, total int64) { p(what, done, total) }
}

// log gives the progress of reading a log.
func (p Progress) log(what string) func(done, total syncengine.Seq) {
	if p == nil {
		return nil
	}
	return func(done, total syncengine.Seq) { p(what, int64(done), int64(total)) }
}

// BackupOptions say what to back up and where to; Dir and Out are needed.
type BackupOptions struct {
	// Dir is the realm's folder, of a stopped or a running server.
	Dir string
	// Store is the URL of the database that holds the realm; the file in Dir when empty.
	Store string
	// Out is the file to make; it must not be there. With Set the backup is kept there instead.
	Out string
	// Set is where the backup is kept, encrypted where it has recipients; nil for a file of its own.
	Set *backupset.Set
	// ContactKey is the file of the contact key; beside Dir when empty. It is read to check the copy and is not in it.
	ContactKey string
	// Progress is told how far the copy and its check have come.
	Progress Progress
	// Now is the clock; the system's when nil.
	Now func() time.Time
	// dial opens connections to the database server; the system's when nil.
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// realm says which realm is meant.
func (o BackupOptions) realm() Config {
	return Config{Dir: o.Dir, Store: o.Store, ContactKey: o.ContactKey, Dial: o.dial}.filled()
}

// BackupResult says what the backup holds.
type BackupResult struct {
	// Realm is the realm's code.
	Realm uint32
	// At is the newest entry that the backup holds.
	At syncengine.Coordinate
	// Records counts the records, Bytes is the size of the file.
	Records int
	Bytes   int64
	// Made is the time of the backup.
	Made time.Time
	// ContactKey is the path of the contact key, without which the backup's contacts cannot be read; empty where
	// nothing in it is sealed.
	ContactKey string
	// Kept is the backup in its Set.
	Kept backupset.Entry
	// Unregistered is why phones were not told of the backup, which is good
	// nevertheless; nil when they are.
	Unregistered error
}

// Backup copies a realm into one file, opens the copy and checks it as Verify
// does, and only then gives it its name. Afterwards it is written to the list in
// the realm's folder, or the database's, by which servers tell phones what is safe.
// Where it fails no file stays.
func Backup(ctx context.Context, o BackupOptions) (BackupResult, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	realm := o.realm()
	if err := realm.present(); err != nil {
		return BackupResult{}, err
	}
	beside := o.Dir
	if o.Set == nil {
		if err := checkOut(o.Out); err != nil {
			return BackupResult{}, err
		}
		beside = filepath.Dir(o.Out)
	}
	stage, err := os.MkdirTemp(beside, backupStage)
	if err != nil {
		return BackupResult{}, fmt.Errorf("make a backup: %w: give a place that you may write", err)
	}
	defer os.RemoveAll(stage)
	made, tag, err := stageBackup(ctx, o, Config{Dir: stage, ContactKey: realm.contactKey()})
	switch {
	case errors.Is(err, store.ErrDamaged):
		return BackupResult{}, fmt.Errorf("make a backup: %w: run `onedoor verify` on the realm itself", err)
	case err != nil:
		return BackupResult{}, fmt.Errorf("make a backup: %w", err)
	}
	where, err := o.keep(ctx, Config{Dir: stage}.path(DatabaseFile), &made)
	if err != nil {
		return BackupResult{}, err
	}
	made.Unregistered = realm.register(ctx, registered{
		Epoch: uint32(made.At.Epoch), Seq: uint64(made.At.Seq), Tag: tag[:], Made: made.Made.UTC().Format(time.RFC3339),
		File: where, Bytes: made.Bytes,
	})
	return made, nil
}

// keep gives the checked copy its place, and tells which.
func (o BackupOptions) keep(ctx context.Context, copied string, made *BackupResult) (where string, err error) {
	if o.Set == nil {
		return absolute(o.Out), placeBackup(copied, o.Out, made)
	}
	f, err := os.Open(copied)
	if err != nil {
		return "", fmt.Errorf("make a backup: %w", err)
	}
	defer f.Close()
	made.Kept, err = o.Set.Put(ctx, backupset.Entry{
		Realm: made.Realm, Epoch: uint32(made.At.Epoch), Seq: uint64(made.At.Seq), Records: made.Records, Made: made.Made.UTC().Truncate(time.Second), Software: Version(),
	}, f)
	made.Bytes = made.Kept.Bytes
	return made.Kept.Name, err
}

// checkOut refuses a standing file: of two backups under one name only one would be left.
func checkOut(out string) error {
	switch _, err := os.Lstat(out); {
	case err == nil:
		return fmt.Errorf("make a backup: %s is there already: choose another name, and keep at least the last two backups", out)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("make a backup: %w", err)
	}
	return nil
}

// stageBackup makes the copy and checks it.
func stageBackup(ctx context.Context, o BackupOptions, stage Config) (made BackupResult, tag store.Tag, err error) {
	secrets, err := readSecrets(o.Dir)
	if err != nil {
		return made, tag, err
	}
	realm := o.realm()
	if err := realm.copyTo(ctx, stage.path(DatabaseFile), o.Progress); err != nil {
		return made, tag, realm.absent(err)
	}
	made.Made = o.Now()
	if err := packSecrets(ctx, stage, &storedv1.Backup{Secrets: secrets, MadeMs: made.Made.UnixMilli()}); err != nil {
		return made, tag, err
	}
	if _, err := unpackSecrets(ctx, stage); err != nil {
		return made, tag, err
	}
	if made.ContactKey, err = keyNeeded(ctx, stage); err != nil {
		return made, tag, err
	}
	made.Realm, made.Records, tag, made.At, err = checkStage(ctx, stage, o.Progress)
	return made, tag, err
}

// keyNeeded gives the path of the contact key if the copy needs one.
func keyNeeded(ctx context.Context, stage Config) (path string, err error) {
	err = inStore(ctx, stage, func(w store.Writer) error {
		needed, err := sealed.Has(w)
		if needed {
			path = stage.contactKey()
		}
		return err
	})
	return path, err
}

// readSecrets reads the secrets file as it is, once it was found to be whole.
func readSecrets(dir string) ([]byte, error) {
	if _, err := identity.LoadSecrets(dir); err != nil {
		return nil, err
	}
	return os.ReadFile(Config{Dir: dir}.path(SecretsFile))
}

// packSecrets puts into the copy what is needed beside it.
func packSecrets(ctx context.Context, stage Config, m *storedv1.Backup) error {
	body, err := proto.Marshal(m)
	if err != nil {
		return err
	}
	return inStore(ctx, stage, func(w store.Writer) error { return w.PutDocument(bucketBackup, backupKey, body) })
}

// inStore opens the database of a folder, changes it and closes it.
func inStore(ctx context.Context, c Config, f func(store.Writer) error) (err error) {
	st, err := sqlitestore.Open(ctx, c.path(DatabaseFile), sqlitestore.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return st.Update(ctx, f)
}

// unpackSecrets writes the secrets that a backup carries beside it.
func unpackSecrets(ctx context.Context, stage Config) (m *storedv1.Backup, err error) {
	m = &storedv1.Backup{}
	err = inStore(ctx, stage, func(w store.Writer) error {
		body, ok, err := w.Document(bucketBackup, backupKey)
		switch {
		case err != nil:
			return err
		case !ok:
			return ErrNoBackup
		}
		return proto.Unmarshal(body, m)
	})
	if err != nil {
		return nil, err
	}
	return m, os.WriteFile(stage.path(SecretsFile), m.GetSecrets(), 0o600)
}

// checkStage checks the copy as Verify checks a realm.
func checkStage(ctx context.Context, stage Config, p Progress) (realm uint32, records int, tag store.Tag, at syncengine.Coordinate, err error) {
	found, err := VerifyWith(ctx, stage, p.log("checking the copy"))
	if err == nil && !found.OK() {
		err = fmt.Errorf("%w: the copy does not pass the check: %s", store.ErrDamaged, found.Problems[0])
	}
	if err != nil {
		return realm, records, tag, at, err
	}
	err = inStore(ctx, stage, func(w store.Writer) error {
		r, err := identity.GetRealm(w)
		realm, tag, at = r.Code, w.Head().Tag, syncengine.Coordinate{Epoch: w.Head().Epoch, Seq: w.Head().Seq}
		return err
	})
	return realm, found.Records, tag, at, err
}

// placeBackup gives the checked copy its name.
func placeBackup(from, out string, made *BackupResult) error {
	info, err := os.Stat(from)
	if err != nil {
		return fmt.Errorf("make a backup: %w", err)
	}
	made.Bytes = info.Size()
	if err := checkOut(out); err != nil {
		return err
	}
	if err := errors.Join(syncFile(from), os.Rename(from, out)); err != nil {
		return fmt.Errorf("make a backup: %w", err)
	}
	return syncFolder(filepath.Dir(out))
}

// syncFile makes a file's content durable.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// absolute names a file for somebody who stands in another folder.
func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}
