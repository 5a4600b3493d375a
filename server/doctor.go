package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"onedoor/internal/privatefile"
	"onedoor/internal/schema"
	"onedoor/server/backupset"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/store/pgstore"
)

// Checkup is one thing that was looked at.
type Checkup struct {
	// Realm is the folder's name of one of several realms; empty for what is the machine's, and where there is one realm.
	Realm string `json:"realm,omitempty"`
	// Name says what, as docs/operating.md has it.
	Name string `json:"name"`
	// Found says what was found.
	Found string `json:"found"`
	// Do says what to do about it; empty where nothing is to be done.
	Do string `json:"do,omitempty"`
}

// Doctor looks at a realm's machine: settings, files, disks, clock, certificate, versions, backups, side ledger, database.
// The server may run or be stopped; nothing is changed. Whatever cannot be looked at is a finding.
func Doctor(ctx context.Context, c Config) []Checkup {
	d := &doctor{c: c.filled()}
	for _, look := range []func(context.Context){d.settings, d.software, d.certificate} {
		look(ctx)
	}
	list, err := d.c.each()
	if err != nil {
		return d.found // It was told with the settings.
	}
	answers := d.database(ctx)
	for _, c := range list {
		one := &doctor{c: c}
		looks := []func(context.Context){one.files, one.disks, one.ledger}
		if answers { // A store that is gone was told of once; asking it again takes half a minute of patience each.
			looks = append(looks, one.realm, one.backups)
		}
		for _, look := range looks {
			look(ctx)
		}
		d.take(c.name, one.found)
	}
	return d.found
}

// take takes over what was found of a realm.
func (d *doctor) take(realm string, found []Checkup) {
	for _, x := range found {
		x.Realm = realm
		d.found = append(d.found, x)
	}
}

// NeedsAction reports whether anything is to be done.
func NeedsAction(list []Checkup) bool {
	return slices.ContainsFunc(list, func(x Checkup) bool { return x.Do != "" })
}

type doctor struct {
	c     Config
	found []Checkup
}

func (d *doctor) well(name, format string, args ...any) {
	d.found = append(d.found, Checkup{Name: name, Found: fmt.Sprintf(format, args...)})
}

func (d *doctor) ill(name, do, format string, args ...any) {
	d.found = append(d.found, Checkup{Name: name, Found: fmt.Sprintf(format, args...), Do: do})
}

// advised takes what a running server would advise too; well is what is told where it advises nothing.
func (d *doctor) advised(a *Advice, name, format string, args ...any) {
	if a == nil {
		d.well(name, format, args...)
		return
	}
	d.ill(a.Name, a.Do, "%s", a.Why)
}

func (d *doctor) settings(context.Context) {
	err := d.c.Check()
	if err == nil {
		d.well("settings", "nothing is wrong with them")
		return
	}
	for line := range strings.Lines(err.Error()) {
		d.ill("settings", "correct it: onedoor serve --print-config shows what counts", "%s", strings.TrimSpace(line))
	}
}

func (d *doctor) software(context.Context) {
	d.well("versions", "software %s, record schema %d", Version(), schema.Version)
}

// files looks at who may read what holds keys.
func (d *doctor) files(context.Context) {
	for _, path := range []string{d.c.path(SecretsFile), d.c.path(TokenFile), d.c.contactKey(), d.c.path(DatabaseFile)} {
		d.file(path, privatefile.Mode, privatefile.Check)
	}
	for _, name := range []string{DatabaseFile + walSuffix, DatabaseFile + lockSuffix, BackupsFile, CountFile} {
		path := d.c.path(name)
		if info, err := os.Stat(path); err == nil {
			d.foreign(path, info)
		}
	}
	if d.c.KeyFile != "" {
		d.file(d.c.KeyFile, 0o770, groupMayRead)
	}
}

// groupMayRead lets a file be read by a group, as the key of a certificate is that other programs use too.
func groupMayRead(path string, info fs.FileInfo) error {
	if mode := info.Mode().Perm(); mode&0o007 != 0 {
		return &privatefile.Exposed{Path: path, Mode: mode}
	}
	return nil
}

// file looks at who may read a file, and which of its mode should stay. Whether one that is not there is needed is told by who
// opens the realm.
func (d *doctor) file(path string, stays fs.FileMode, check func(string, fs.FileInfo) error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		d.ill("permissions", "run this as the server's user", "%v", err)
	case d.foreign(path, info):
	case check(path, info) != nil:
		d.ill("permissions", fmt.Sprintf("chmod %04o %s", info.Mode().Perm()&stays, path), "%s can be read by others: mode %04o", path, info.Mode().Perm())
	default:
		d.well("permissions", "%s has mode %04o", path, info.Mode().Perm())
	}
}

// foreign tells of a file that the server may not read, though root, who runs this, may.
func (d *doctor) foreign(path string, info fs.FileInfo) bool {
	server, is := estranged(path, info)
	if is {
		d.ill("permissions", "chown "+server+" "+path, "%s belongs to another user than its folder: the server cannot use it", path)
	}
	return is
}

func (d *doctor) disks(context.Context) {
	places := d.c.places()
	for _, name := range sorted(places) {
		free, size, err := disk(places[name])
		if err != nil {
			d.ill("disk-space", "mount it, or correct the setting", "%v", err)
			continue
		}
		d.advised(diskAdvice(name, free, size), "disk-space", "%s free of %s where the %s lies", bytesText(free), bytesText(size), name)
	}
	if info, err := os.Stat(d.c.path(DatabaseFile + walSuffix)); err == nil {
		d.advised(walAdvice(info.Size()), "wal-large", "the write-ahead log has %s", bytesText(info.Size()))
	}
}

func (d *doctor) certificate(context.Context) {
	if d.c.CertFile == "" {
		return
	}
	ends, err := certificateEnds(d.c.CertFile)
	if err != nil {
		d.ill("certificate", "put it back; a running server goes on with the one it read", "%v", err)
		return
	}
	d.advised(certificateAdvice(d.c.CertFile, ends, d.c.Now()), "certificate", "%s ends on %s", d.c.CertFile, ends.Format(time.DateOnly))
}

// realm opens the realm for reading, and looks at its versions and at the clock.
func (d *doctor) realm(ctx context.Context) {
	st, err := d.c.openStoreReader(ctx)
	if err != nil {
		d.ill("realm", "what the message says; docs/operating.md lists them", "%v", err)
		return
	}
	defer st.Close()
	d.contactKey(ctx, st)
	secrets, err := identity.LoadSecrets(d.c.Dir)
	if err != nil {
		d.ill("realm", "what the message says; the file stands in each backup, and with each server of the realm", "%v", err)
		return
	}
	err = st.View(ctx, func(r store.Reader) error {
		realm, err := identity.GetRealm(r)
		if err == nil {
			err = identity.CheckSecrets(r, secrets)
		}
		if err != nil {
			return err
		}
		d.well("realm", "%06d, epoch %d up to entry %d, record schema %d", realm.Code, r.Head().Epoch, r.Head().Seq, realm.SchemaVersion)
		if err := checkSchema(d.c.Dir, realm.SchemaVersion); err != nil {
			d.ill("versions", "install the newer software again", "%v", err)
		}
		return d.clock(r)
	})
	if err != nil {
		d.ill("realm", "onedoor verify tells more", "%v", err)
	}
}

// contactKey looks whether the key file opens what is sealed: without it the realm is not served.
func (d *doctor) contactKey(ctx context.Context, st store.Store) {
	if _, err := d.c.openedReader(ctx, st); err != nil {
		d.ill("contact-key", "what the message says; --contact-key names a file elsewhere", "%v", err)
		return
	}
	d.well("contact-key", "%s opens residents' names and numbers; keep a copy of it apart", d.c.contactKey())
}

// backups looks at the newest backup, and reads it where it is kept by the server.
func (d *doctor) backups(ctx context.Context) {
	b, ok, err := d.newest(ctx)
	if err != nil {
		d.ill("backup-old", "see that the server's user may read it, run this as that user, and see that the database answers", "%v", err)
		return
	}
	var made time.Time
	if ok {
		made, _ = time.Parse(time.RFC3339, b.Made) // What cannot be read counts as none.
	}
	d.advised(backupAdvice(made, d.c.Now()), "backup-old", "%s of %s, up to entry %d", b.File, b.Made, b.Seq)
	if d.c.Backups.URL != "" && d.c.Backups.Check() == nil {
		d.kept(ctx)
	}
}

// newest reads which backup is the newest one, in the folder's list and in the database.
func (d *doctor) newest(ctx context.Context) (b registered, ok bool, err error) {
	if !d.c.elsewhere() {
		return newestBackup(d.c.Dir)
	}
	st, err := d.c.openStoreReader(ctx)
	if err != nil {
		return b, false, err
	}
	err = st.View(ctx, func(r store.Reader) error {
		b, ok, err = d.c.newestOf(r)
		return err
	})
	return b, ok, errors.Join(err, st.Close())
}

// kept reads the newest backup of the place where the server keeps them.
func (d *doctor) kept(ctx context.Context) {
	const name = "backup-kept"
	set, err := backupset.Open(ctx, d.c.Backups)
	if err != nil {
		d.ill(name, "mend the place for backups", "%v", err)
		return
	}
	defer set.Close()
	list, err := set.List(ctx, 0)
	switch {
	case err != nil:
		d.ill(name, "mend the place for backups, or its credentials", "%v", err)
		return
	case len(list) < backupset.KeepLeast:
		d.ill(name, "phones clear what they have handed in once two backups hold it: make another", "%d backups are kept", len(list))
	}
	if len(list) == 0 {
		return
	}
	if err := set.Compare(ctx, list[0]); err != nil {
		d.ill(name, "make a backup at once, and find out who changed that one", "%v", err)
		return
	}
	d.well(name, "%d backups; %s was read and is what was written", len(list), list[0].Name)
}

func (d *doctor) ledger(context.Context) {
	if d.c.Ledger == "" {
		d.well("side-ledger", "none is kept: a restore will undo revocations made since the backup")
		return
	}
	if err := unix.Access(d.c.Ledger, unix.W_OK|unix.X_OK); err != nil {
		d.ill("side-ledger", "mend its storage, owner or mode", "%s cannot be written: %v", d.c.Ledger, err)
		return
	}
	d.well("side-ledger", "%s can be written", d.c.Ledger)
}

// lossy are values of a database's settings with which it confirms what a loss of power takes back.
var lossy = map[string][]string{"fsync": {"off"}, "synchronous_commit": {"off"}, "full_page_writes": {"off"}}

// database asks the database server what it confirms, and tells whether realms can be asked for: where it does not answer
// they cannot.
func (d *doctor) database(ctx context.Context) (answers bool) {
	if !d.c.elsewhere() {
		return true
	}
	settings, err := pgstore.Settings(ctx, d.c.database())
	if err != nil {
		d.ill("database", "start it, or mend address, name and password in --store; then look again at realm and backups", "%v", err)
		return false
	}
	for _, name := range sorted(lossy) {
		if slices.Contains(lossy[name], settings[name]) {
			d.ill("database", fmt.Sprintf("ALTER SYSTEM SET %s = on, and reload: what is acknowledged must survive", name), "%s is %s", name, settings[name])
		}
	}
	if err := d.databaseClock(ctx); err != nil {
		d.ill("clock", "start it, or mend the line to it", "%v", err)
	}
	d.well("database", "PostgreSQL %s, fsync %s, synchronous_commit %s", settings["server_version"], settings["fsync"], settings["synchronous_commit"])
	return true
}
