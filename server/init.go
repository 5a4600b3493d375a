package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"onedoor/domain"
	"onedoor/internal/privatefile"
	"onedoor/internal/schema"
	"onedoor/internal/territoryfile"
	"onedoor/server/accessledger"
	"onedoor/server/adminrpc"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/sealed"
	"onedoor/server/store"
	"onedoor/server/store/pgstore"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"
)

// stageFolder is where Init makes what it then moves into the realm's folder.
const stageFolder = ".onedoor-init"

// folderMode lets the server's user alone into the realm's folder.
const folderMode fs.FileMode = 0o700

// InitOptions say which realm to make; Dir and Realm are needed.
type InitOptions struct {
	// Dir is the folder to make. It may be there; it must hold no realm.
	Dir string
	// Realm is the six-digit code of the county-level unit.
	Realm domain.Code
	// Territories is a territory file that has the realm's county; nil means the
	// embedded file of 丽江市. TerritoriesName names it in errors.
	Territories     io.Reader
	TerritoriesName string
	// Store is the URL of the database to make the realm in, under its code as a name unless the URL names another; a
	// SQLite file in Dir when empty.
	Store string
	// ContactKey is the file of the contact key; beside Dir when empty. A key that is there is used.
	ContactKey string
	// Now is the clock and Random the source of keys, ids and the token; the system's when nil.
	Now    func() time.Time
	Random io.Reader
}

// InitResult says what Init made.
type InitResult struct {
	// Realm is the new realm.
	Realm identity.Realm
	// Territories counts those that stand now, Skipped the file's rows outside the realm.
	Territories, Skipped int
	// TokenFile is the path of the operator's token.
	TokenFile string
	// ContactKey is the path of the contact key, KeyStood tells that it was there before.
	ContactKey string
	KeyStood   bool
}

// Init makes a realm: database, secrets, territories and the operator's token.
// When it fails, nothing of it stays behind. The error is identity.ErrInitialised
// where a realm stands, territoryfile.ErrRealmAbsent where the file has no such
// county, csvfile's where the file is wrong, or one of the stores'.
func Init(ctx context.Context, o InitOptions) (InitResult, error) {
	areas, skipped, err := o.areas()
	if err != nil {
		return InitResult{}, err
	}
	f, err := openFounding(Config{Dir: o.Dir, Store: o.Store, ContactKey: o.ContactKey, Now: o.Now, Random: o.Random}.filled())
	if err != nil {
		return InitResult{}, err
	}
	defer f.clear()
	defer f.dropUnfinished(ctx)
	realm, err := f.found(ctx, o.Realm, areas)
	if err != nil {
		return InitResult{}, fmt.Errorf("make realm %s: %w", o.Realm, err)
	}
	if err := f.moveUp(); err != nil {
		return InitResult{}, err
	}
	return InitResult{
		Realm: realm, Territories: len(areas), Skipped: skipped, TokenFile: f.config.path(TokenFile),
		ContactKey: f.config.contactKey(), KeyStood: f.madeKey == "",
	}, nil
}

// areas reads the territories and cuts them to the realm.
func (o InitOptions) areas() ([]territoryfile.Area, int, error) {
	name := o.TerritoriesName
	read := func() ([]territoryfile.Area, error) {
		return territoryfile.Read(o.Territories, territoryfile.Options{File: name})
	}
	if o.Territories == nil {
		name, read = "the built-in file of "+territoryfile.EmbeddedFile, territoryfile.Embedded
	}
	areas, err := read()
	if err != nil {
		return nil, 0, fmt.Errorf("read the territories: %w", err)
	}
	kept, skipped, err := territoryfile.Cut(areas, o.Realm)
	if errors.Is(err, territoryfile.ErrRealmAbsent) {
		err = fmt.Errorf("%w: %s has none of that code; give a territory file that has it", err, name)
	}
	return kept, skipped, err
}

// founding is a realm in the making.
type founding struct {
	config Config
	// stage is the folder in which it is made.
	stage Config
	// made lists the folders that were not there before, the outermost first.
	made []string
	// madeKey is the path of a contact key that was not there before; empty for none.
	madeKey string
	// madeRealm is the realm that was made in a database server; nil for none.
	madeRealm *pgstore.Options
	// whole is set when everything has been moved to its place.
	whole bool
}

// openFounding makes the folders, or refuses.
func openFounding(c Config) (*founding, error) {
	f := &founding{config: c, stage: c}
	f.stage.Dir = filepath.Join(c.Dir, stageFolder)
	if err := f.checkFree(); err != nil {
		return nil, err
	}
	if err := f.makeFolders(c.Dir); err != nil {
		f.clear()
		return nil, unusable(c.Dir, err)
	}
	err := os.Mkdir(f.stage.Dir, folderMode)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s: another init is running there, or one was interrupted: remove %s and run it again", c.Dir, f.stage.Dir)
	}
	if err != nil {
		f.clear()
		return nil, unusable(c.Dir, err)
	}
	return f, nil
}

// checkFree refuses a folder with any of a realm's files: where only some of
// them are left, the others may still come back from a backup.
func (f *founding) checkFree() error {
	for _, name := range []string{DatabaseFile, SecretsFile, TokenFile} {
		if _, err := os.Lstat(f.config.path(name)); err == nil {
			return fmt.Errorf("%s has a %s: %w: choose another folder", f.config.Dir, name, identity.ErrInitialised)
		}
	}
	return nil
}

// makeFolders makes a folder and those above it, and remembers which.
func (f *founding) makeFolders(dir string) error {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		return errors.New("it is a file")
	}
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := f.makeFolders(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, folderMode); err != nil {
		return err
	}
	f.made = append(f.made, dir)
	return nil
}

func unusable(dir string, err error) error {
	return fmt.Errorf("%s cannot hold a realm: %w: give a folder on a local disk that you may write", dir, err)
}

// clear takes away what was not finished.
func (f *founding) clear() {
	_ = os.RemoveAll(f.stage.Dir) // What cannot be removed is named by the next init.
	if f.whole {
		return
	}
	if f.madeKey != "" {
		_ = os.Remove(f.madeKey) // Nothing is sealed under it.
	}
	for i := len(f.made) - 1; i >= 0; i-- {
		_ = os.Remove(f.made[i]) // One that is not empty any more is somebody else's.
	}
}

// found makes the realm's files in the stage.
func (f *founding) found(ctx context.Context, code domain.Code, areas []territoryfile.Area) (realm identity.Realm, err error) {
	secrets, err := identity.CreateSecrets(f.stage.Dir, f.stage.Random)
	if err != nil {
		return realm, err
	}
	st, err := f.createStore(ctx, code)
	if err != nil {
		return realm, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	realm = identity.Realm{
		Code: number(code), Name: nameOf(areas, code), Created: syncengine.UnixMilli(f.stage.Now().UnixMilli()),
		SchemaVersion: schema.Version, Secrets: secrets.Fingerprint(),
	}
	if err := st.Update(ctx, func(w store.Writer) error { return identity.PutRealm(w, realm) }); err != nil {
		return realm, err
	}
	key, made, err := f.config.keyOf(ctx, st)
	if err != nil {
		return realm, err
	}
	if made {
		f.madeKey = f.config.contactKey()
	}
	opened, err := sealed.Open(ctx, st, f.config.sealing(key))
	if err != nil {
		return realm, err
	}
	return realm, f.people(ctx, opened, secrets, areas)
}

// createStore makes the realm's database, or its place in one.
func (f *founding) createStore(ctx context.Context, code domain.Code) (store.Store, error) {
	if !f.config.elsewhere() {
		return sqlitestore.Create(ctx, f.stage.path(DatabaseFile), sqlitestore.Options{})
	}
	o := f.config.database().Named(string(code))
	st, err := pgstore.Create(ctx, o)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%w: %w: name another with ?%s= in the URL, or serve that one with the keys of its own folder", identity.ErrInitialised, err, pgstore.RealmParameter)
	}
	if err != nil {
		return nil, err
	}
	f.madeRealm = &o
	return st, nil
}

// dropUnfinished takes a realm out of its database server again where it did not become whole.
func (f *founding) dropUnfinished(ctx context.Context) {
	if f.madeRealm != nil && !f.whole {
		// What cannot be removed is named by the next init.
		_ = pgstore.Drop(context.WithoutCancel(ctx), *f.madeRealm)
	}
}

// people makes what the new realm is worked with: its territories and the
// operator's token.
func (f *founding) people(ctx context.Context, st store.Store, secrets *identity.Secrets, areas []territoryfile.Area) (err error) {
	service, err := exchange.Open(ctx, st, exchange.Options{Secrets: secrets, Random: f.stage.Random, Now: f.stage.Now})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.Close()) }()
	admin := adminrpc.New(service, adminrpc.Options{Now: f.stage.Now, Random: f.stage.Random})
	if _, err := admin.PlantTerritories(ctx, syncengine.ID{}, areas, false); err != nil {
		return fmt.Errorf("territories: %w", err)
	}
	var token string
	err = service.Update(ctx, func(w store.Writer) (err error) {
		now := syncengine.UnixMilli(f.stage.Now().UnixMilli())
		token, _, err = identity.MintToken(w, syncengine.ID{}, now, f.stage.Random)
		return errors.Join(err, noteToken(w, now))
	})
	if err != nil {
		return err
	}
	return WriteToken(f.stage.path(TokenFile), token)
}

// noteToken tells the access ledger that the operator's own token was made.
func noteToken(w store.Writer, now syncengine.UnixMilli) error {
	_, err := accessledger.Append(w, accessledger.Entry{At: now, Action: accessledger.TokenMint, Actor: accessledger.Actor{Operator: true}})
	return err
}

// moveUp puts the files in their place, the database last: with it the folder
// is a realm.
func (f *founding) moveUp() error {
	var moved []string
	names := []string{SecretsFile, TokenFile}
	if !f.config.elsewhere() {
		names = append(names, DatabaseFile)
	}
	for _, name := range names {
		if err := os.Rename(f.stage.path(name), f.config.path(name)); err != nil {
			for _, path := range moved {
				_ = os.Remove(path) // The error that is reported says what to do.
			}
			return unusable(f.config.Dir, err)
		}
		moved = append(moved, f.config.path(name))
	}
	f.whole = true
	return syncFolder(f.config.Dir)
}

// syncFolder makes the names in a folder durable.
func syncFolder(dir string) error {
	if err := privatefile.SyncFolder(dir); err != nil {
		return fmt.Errorf("make the new files durable: %w", err)
	}
	return nil
}

// number reads a county's code; it has six digits, which Cut has seen to.
func number(code domain.Code) (n uint32) {
	for _, digit := range []byte(code) {
		n = n*10 + uint32(digit-'0')
	}
	return n
}

func nameOf(areas []territoryfile.Area, code domain.Code) string {
	for _, a := range areas {
		if a.Code == code {
			return a.Name
		}
	}
	return string(code)
}
