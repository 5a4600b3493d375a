package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"onedoor/server/accessledger"
	"onedoor/server/backupset"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/sideledger"
	"onedoor/server/store"
	"onedoor/server/store/sqlitestore"
	"onedoor/server/tenure"
	"onedoor/syncengine"
)

// restoreStage is where Restore makes what it then moves into the realm's folder.
const restoreStage = ".onedoor-restore"

// ErrHoldsRealm: the folder holds a realm, and nobody said that it may be replaced.
var ErrHoldsRealm = errors.New("a realm stands there")

// RestoreOptions say what to restore and where to; From and Dir are needed.
type RestoreOptions struct {
	// From is a file that Backup made. With Set it is the name of a backup there, the newest when empty.
	From string
	// Set is where the backup is kept, Identities are the private keys that open it; nil for a file of its own.
	Set        *backupset.Set
	Identities []age.Identity
	// Dir is the folder to make the realm in.
	Dir string
	// Store is the URL of the database to make the realm in, under its code as a name unless the URL names another; Dir gets
	// its keys then. A SQLite file in Dir when empty.
	Store string
	// Replace is the code of the realm that may be moved aside; 0 refuses a folder
	// that holds one.
	Replace uint32
	// Ledger are the folders of the side ledger, which is replayed; of several servers all of theirs. Empty for none.
	Ledger []string
	// ContactKey is the file of the contact key that the backup's contacts are sealed under; beside Dir when empty.
	ContactKey string
	// Progress is told how far the copy and its check have come.
	Progress Progress
	// Now is the clock and Random the source of the token; the system's when nil.
	Now    func() time.Time
	Random io.Reader
	// pause waits for servers to answer; the system's when nil.
	pause func(context.Context, time.Duration) error
}

// RestoreResult says what stands now and what does not.
type RestoreResult struct {
	// Realm is the realm's code.
	Realm uint32
	// Epoch is the new epoch, After the newest entry that the backup holds.
	Epoch syncengine.Epoch
	After syncengine.Seq
	// Made is the time of the backup: what was made at the server itself since then is lost.
	Made time.Time
	// Replayed counts the ledger's entries that the backup did not have.
	Replayed int
	// Lost counts what of that could be told from the realm that was moved aside; nil when it could not be read.
	Lost *Lost
	// TokenFile is the path of the operator's new token.
	TokenFile string
	// ContactKey is the path of the contact key; empty where nothing in the backup is sealed.
	ContactKey string
	// Replaced is where the files of the realm were moved that stood there; empty for none.
	Replaced string
}

// Restore makes a realm of a backup, in a new epoch: phones bring back what they
// have handed in since. It checks the backup before anything else is touched; a
// realm that stands in the folder is moved aside, never deleted. Where it fails
// the folder is as it was.
func Restore(ctx context.Context, o RestoreOptions) (RestoreResult, error) {
	c := Config{Dir: o.Dir, Store: o.Store, ContactKey: o.ContactKey, Now: o.Now, Random: o.Random, pause: o.pause}.filled()
	r := &restoring{o: o, founding: founding{config: c, stage: c, progress: o.Progress}}
	r.stage.Dir, r.stage.Store, r.stage.ContactKey = filepath.Join(c.Dir, restoreStage), "", c.contactKey()
	if err := r.look(ctx); err != nil {
		return RestoreResult{}, err
	}
	defer r.clear()
	if err := r.prepare(ctx); err != nil {
		return RestoreResult{}, fmt.Errorf("restore %s: %w", cmp.Or(r.kept.Name, o.From), err)
	}
	if err := r.setAside(ctx); err != nil {
		return RestoreResult{}, err
	}
	if err := r.moveUp(ctx); err != nil {
		return RestoreResult{}, errors.Join(err, r.putBack())
	}
	if r.result.ContactKey != "" {
		var err error
		if r.result.ContactKey, err = r.config.keepKey(o.ContactKey); err != nil {
			return r.result, errors.Join(err, r.list())
		}
	}
	return r.result, r.list()
}

// restoring is a realm on its way back.
type restoring struct {
	founding
	o      RestoreOptions
	result RestoreResult
	// old is what could be read of the realm that stands in the folder; nil for none.
	old *oldRealm
	tag store.Tag
	// kept is the backup in its set.
	kept backupset.Entry
}

// look refuses what must not be touched, and makes the stage.
func (r *restoring) look(ctx context.Context) error {
	if err := r.find(ctx); err != nil {
		return err
	}
	if err := r.lookFolder(ctx); err != nil {
		return err
	}
	if err := r.takeStage("restore"); err != nil {
		return err
	}
	if r.left { // A restore that was ended has changed nothing but its stage, or has moved the old realm aside.
		return emptyStage(r.stage.Dir)
	}
	return nil
}

// lookFolder refuses a folder with a realm that nobody said may be moved aside.
func (r *restoring) lookFolder(ctx context.Context) error {
	if r.config.elsewhere() {
		return r.checkKeyFolder()
	}
	err := r.checkFree()
	if err == nil {
		return nil
	}
	if r.o.Replace == 0 {
		return fmt.Errorf("%s: %w: choose another folder, or name the realm that may be moved aside with --replace CODE", r.config.Dir, ErrHoldsRealm)
	}
	r.old, err = readOld(ctx, r.config, r.o.Replace)
	return err
}

// find looks for the backup before anything is touched.
func (r *restoring) find(ctx context.Context) (err error) {
	if r.o.Set != nil {
		if r.kept, err = r.o.Set.Find(ctx, r.o.From, r.o.Replace); err != nil {
			return err
		}
		return nil
	}
	if info, err := os.Stat(r.o.From); err != nil || info.IsDir() {
		return errors.Join(fmt.Errorf("%s is no file: give one that `onedoor backup` made", r.o.From), err)
	}
	return nil
}

// fetch copies the backup into the stage.
func (r *restoring) fetch(ctx context.Context) error {
	if r.o.Set != nil {
		return r.o.Set.Fetch(ctx, r.kept, r.stage.path(DatabaseFile), r.o.Identities)
	}
	return copyFile(r.o.From, r.stage.path(DatabaseFile), r.o.Progress.of("copying"))
}

// databaseHeader begins every SQLite file, and so every backup (https://www.sqlite.org/fileformat.html, 1.3).
const databaseHeader = "SQLite format 3\x00"

// checkDatabase tells a file that never was a backup from one that is damaged: the two are mended in different ways.
func checkDatabase(path string) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	begins := make([]byte, len(databaseHeader))
	if n, err := io.ReadFull(f, begins); err != nil || string(begins[:n]) != databaseHeader {
		return fmt.Errorf("%w: it does not begin as one: give a file that `onedoor backup` made", ErrNoBackup)
	}
	return nil
}

// source names the backup in the list of the new realm.
func (r *restoring) source() string {
	if r.o.Set != nil {
		return r.kept.Name
	}
	return absolute(r.o.From)
}

// prepare makes the realm in the stage: copied, checked, in a new epoch, with a
// token of its own.
func (r *restoring) prepare(ctx context.Context) error {
	if err := r.fetch(ctx); err != nil {
		return err
	}
	if err := checkDatabase(r.stage.path(DatabaseFile)); err != nil {
		return err
	}
	m, err := unpackSecrets(ctx, r.stage)
	if err != nil {
		return err
	}
	if r.config.elsewhere() {
		if err := r.face(ctx); err != nil {
			return err
		}
	}
	code, _, _, at, err := checkStage(ctx, r.stage, r.o.Progress)
	if err != nil {
		return err
	}
	if r.old != nil && code != r.o.Replace {
		return fmt.Errorf("the backup is of realm %06d, --replace names %06d", code, r.o.Replace)
	}
	key, err := keyNeeded(ctx, r.stage)
	if err != nil {
		return err
	}
	r.result = RestoreResult{Realm: code, After: at.Seq, Made: time.UnixMilli(m.GetMadeMs()), ContactKey: key}
	return r.renew(ctx)
}

// renew begins the new epoch and mints the operator's token.
func (r *restoring) renew(ctx context.Context) (err error) {
	st, err := sqlitestore.Open(ctx, r.stage.path(DatabaseFile), sqlitestore.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	now := syncengine.UnixMilli(r.config.Now().UnixMilli())
	known := r.old.renewal()
	if err := r.replay(ctx, st, &known); err != nil {
		return err
	}
	known.Now = now
	h, err := exchange.BeginEpoch(ctx, st, known)
	if err != nil {
		return err
	}
	r.result.Epoch = h.Epoch
	var token string
	err = st.Update(ctx, func(w store.Writer) (err error) {
		if r.result.Lost, err = r.old.lostBeside(w, r.result.After); err != nil {
			return err
		}
		r.tag = w.Head().Tag
		if token, _, err = identity.MintToken(w, syncengine.ID{}, now, r.config.Random); err != nil {
			return err
		}
		// The servers that it lists, and the holders of its posts, are those of when it was made.
		if err := errors.Join(noteRestore(w, now, r.result.Made), tenure.Vacate(w)); err != nil {
			return err
		}
		if r.config.elsewhere() {
			err = errors.Join(w.DeleteDocument(bucketBackups, newestKey), putNewest(w, r.listed()))
		}
		return errors.Join(err, w.DeleteDocument(bucketBackup, backupKey))
	})
	if err != nil {
		return err
	}
	r.result.TokenFile = r.config.path(TokenFile)
	return WriteToken(r.stage.path(TokenFile), token)
}

// noteRestore tells the access ledger of the restore and of the token that it mints.
func noteRestore(w store.Writer, now syncengine.UnixMilli, made time.Time) error {
	restored := accessledger.Entry{
		At: now, Action: accessledger.Restore, Actor: accessledger.Actor{Operator: true}, Reason: "backup of " + made.UTC().Format(time.RFC3339),
	}
	_, err := accessledger.Append(w, restored)
	return errors.Join(err, noteToken(w, now))
}

// replay puts what the side ledger has beyond the backup into the store, and adds
// what it knows of the epochs.
func (r *restoring) replay(ctx context.Context, st store.Store, known *exchange.Renewal) (err error) {
	if len(r.o.Ledger) == 0 {
		return nil
	}
	secrets, err := identity.LoadSecrets(r.stage.Dir)
	if err != nil {
		return err
	}
	l, err := r.ledgers(secrets.LedgerKey())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	forks, err := exchange.LedgerEpochs(l)
	if err != nil {
		return err
	}
	doubtful, err := exchange.LedgerDoubtful(l)
	if err != nil {
		return err
	}
	// What the ledger says of an epoch comes first: of two that tell of one the first is taken.
	known.Known, known.Doubtful = append(forks, known.Known...), append(doubtful, known.Doubtful...)
	return st.Update(ctx, func(w store.Writer) (err error) {
		r.result.Replayed, err = exchange.Replay(w, l)
		return err
	})
}

// ledger is a side ledger that is read.
type ledger interface {
	exchange.Ledger
	io.Closer
}

// ledgers opens the side ledger, or what those of several servers say together.
func (r *restoring) ledgers(key []byte) (ledger, error) {
	if dirs := r.o.Ledger; len(dirs) > 1 || !sideledger.Alone(dirs[0], r.result.Realm) {
		return sideledger.ReadAll(dirs, r.result.Realm, key)
	}
	return sideledger.Read(r.o.Ledger[0], r.result.Realm, key)
}

// list puts the backup at the head of the new realm's list: phones count it as
// the first of the two that they wait for.
func (r *restoring) list() error {
	if r.config.elsewhere() {
		return nil // It stands in the database.
	}
	return register(r.config.Dir, r.listed())
}

// listed is the backup's line in the list.
func (r *restoring) listed() registered {
	return registered{
		Epoch: uint32(r.result.Epoch), Seq: uint64(r.result.After), Tag: r.tag[:],
		Made: r.result.Made.UTC().Format(time.RFC3339), File: r.source(),
	}
}
