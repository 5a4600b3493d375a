package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
	realm, err := f.make(ctx, o.Realm, areas)
	if err != nil {
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

// make makes the realm, or finds that an init which was ended had made it.
func (f *founding) make(ctx context.Context, code domain.Code, areas []territoryfile.Area) (realm identity.Realm, err error) {
	if f.left {
		if realm, f.whole, err = f.takeUp(ctx); err != nil || f.whole {
			return realm, err
		}
	}
	if err := f.checkFree(); err != nil {
		return realm, err
	}
	if realm, err = f.found(ctx, code, areas); err != nil {
		return realm, fmt.Errorf("make realm %s: %w", code, err)
	}
	return realm, f.moveUp(ctx)
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
	// held is the hold on the stage, left tells that an init which was ended had made it.
	held io.Closer
	left bool
	// may says whether the realm in the database that it takes the place of may go; nil takes no realm's place. progress is told of
	// bringing it there.
	may      func(store.Reader) error
	progress Progress
	// whole is set when everything has been moved to its place, doubt when nobody can tell: then all stays for the next one.
	whole, doubt bool
}

// openFounding makes the folders, or refuses.
func openFounding(c Config) (*founding, error) {
	f := &founding{config: c, stage: c}
	f.stage.Dir, f.stage.Store = filepath.Join(c.Dir, stageFolder), ""
	return f, f.takeStage("init")
}

// takeStage makes the folder and the stage in it, where nobody is at work.
func (f *founding) takeStage(work string) (err error) {
	if err := f.makeFolders(f.config.Dir); err != nil {
		f.clear()
		return unusable(f.config.Dir, err)
	}
	f.held, f.left, err = takeStage(f.stage.Dir)
	if errors.Is(err, errAtWork) {
		return fmt.Errorf("%s: another %s is running there: wait for it", f.config.Dir, work)
	}
	if err != nil {
		f.clear()
		return unusable(f.config.Dir, err)
	}
	return nil
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
	if f.doubt {
		_ = f.held.Close()
		return
	}
	_ = os.RemoveAll(f.stage.Dir) // What cannot be removed is seen to by the next one.
	if f.held != nil {
		_ = f.held.Close() // Its file is gone.
	}
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
	st, err := sqlitestore.Create(ctx, f.stage.path(DatabaseFile), sqlitestore.Options{})
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

// moveUp puts everything in its place, what holds the records last: with it the realm is there. Before it is brought into a
// database the keys are durable.
func (f *founding) moveUp(ctx context.Context) (err error) {
	names := []string{SecretsFile, TokenFile}
	if !f.config.elsewhere() {
		names = append(names, DatabaseFile)
	}
	if placed, err := f.place(names); err != nil {
		f.takeDown(placed) // The error that is reported says what to do.
		return unusable(f.config.Dir, err)
	}
	if f.config.elsewhere() {
		err = f.settled(ctx, errors.Join(syncFolder(f.config.Dir), f.publish(ctx)))
	}
	if err != nil {
		f.takeDown(names)
		return err
	}
	f.whole = true
	return syncFolder(f.config.Dir)
}

// place moves files out of the stage, each to be read by whom the folder belongs to.
func (f *founding) place(names []string) (placed []string, err error) {
	if err := inherit(append(slices.Clone(f.made), f.madeKey)...); err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := os.Rename(f.stage.path(name), f.config.path(name)); err != nil {
			return placed, err
		}
		placed = append(placed, name)
		if err := inherit(f.config.path(name)); err != nil {
			return placed, err
		}
	}
	return placed, nil
}

// takeDown removes what was put in its place, unless it is in doubt whether the realm is in its database.
func (f *founding) takeDown(names []string) {
	if f.doubt {
		return
	}
	for _, name := range names {
		_ = os.Remove(f.config.path(name)) // The next one refuses what is left.
	}
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
