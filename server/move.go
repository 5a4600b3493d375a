package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/store/pgstore"
	"onedoor/server/store/whole"
	"onedoor/syncengine"
)

// MovedSuffix follows the name of a database file whose realm lies in a database server now. The file is kept: it is the
// realm as it was, until somebody deletes it.
const MovedSuffix = ".moved"

// MoveOptions say which realm goes where; Dir and To are needed.
type MoveOptions struct {
	// Dir is the folder of a realm that is not being served.
	Dir string
	// To is the URL of the database, with the realm's name in it or not.
	To string
	// ContactKey is the file of the contact key; beside Dir when empty. It is read to check the copy, and stays where it is.
	ContactKey string
	// Progress is told how far the copy and its check have come.
	Progress Progress
}

// MoveResult says what lies where now.
type MoveResult struct {
	// Realm is the realm's code, Name its name in the database.
	Realm uint32
	Name  string
	// At is the head of the log that was brought there, as it was.
	At syncengine.Coordinate
	// Imported counts the rows.
	pgstore.Imported
	// Moved is the file that the realm lay in, under its new name.
	Moved string
}

// Move brings a realm from the SQLite file of its folder into a database server: with every number, byte and tag, so that
// epoch, cursors and receipts stay valid and phones notice nothing. The folder keeps the keys. The copy is read back and
// compared, and then checked as Verify does; where anything fails the folder is as it was and the database has no such
// realm. One that was killed when the copy stood there already is taken up by the next, which finds it equal row by row.
func Move(ctx context.Context, o MoveOptions) (out MoveResult, err error) {
	c := Config{Dir: o.Dir, Store: o.To, ContactKey: o.ContactKey}.filled()
	if err := checkFolder(c.Dir); err != nil {
		return out, err
	}
	// Held open to the end: nobody writes what is being copied.
	st, err := c.openFile(ctx)
	if err != nil {
		return out, absent(c.Dir, err)
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	to, stood, err := c.bring(ctx, st, o, &out)
	if err != nil {
		return out, err
	}
	if c.Store, err = to.Address(); err != nil {
		return out, err
	}
	found, err := VerifyWith(ctx, c, o.Progress.log("checking the copy"))
	if err == nil && !found.OK() {
		err = fmt.Errorf("the copy has problems, so it was taken back: %q: run `onedoor verify --data %s` and see to what it finds first", found.Problems, o.Dir)
	}
	switch {
	case err != nil && stood: // Another run brought it there: it is not this one's to take back.
		return out, err
	case err != nil:
		return out, errors.Join(err, pgstore.Drop(context.WithoutCancel(ctx), to))
	}
	out.Moved, err = c.moveAside(st)
	return out, err
}

// bring copies the realm and gives where it lies now; stood says that a run which was killed had brought it there.
func (c Config) bring(ctx context.Context, st store.Store, o MoveOptions, out *MoveResult) (to pgstore.Options, stood bool, err error) {
	err = st.View(ctx, func(r store.Reader) error {
		realm, err := identity.GetRealm(r)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Dir, err)
		}
		from, ok := r.(store.Whole)
		if !ok {
			return fmt.Errorf("%s: its store gives no copy", c.Dir)
		}
		to = c.database().Named(fmt.Sprintf("%06d", realm.Code))
		out.Realm, out.At = realm.Code, syncengine.Coordinate{Epoch: r.Head().Epoch, Seq: r.Head().Seq}
		out.Imported, err = pgstore.Import(ctx, to, from, o.Progress.of("copying"))
		if errors.Is(err, fs.ErrExist) {
			stood = true
			out.Imported, err = c.resume(ctx, to, from)
		}
		return err
	})
	if err == nil {
		out.Name, err = to.RealmName()
	}
	return to, stood, err
}

// resume compares the realm that stands in the database with the one in the folder. Only where nothing at all differs is it the
// copy of a move that was killed: neither has been served since.
func (c Config) resume(ctx context.Context, to pgstore.Options, from store.Whole) (out pgstore.Imported, err error) {
	st, err := pgstore.OpenReader(ctx, to)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	given, err := whole.Read(from, func() {})
	if err != nil {
		return out, err
	}
	return pgstore.Imported{Entries: given[0].Rows, Records: given[1].Rows, ScopeRows: given[2].Rows, Documents: given[3].Rows},
		st.View(ctx, func(r store.Reader) error {
			there, ok := r.(store.Whole)
			if !ok {
				return fmt.Errorf("realm %s: its store gives no copy", st.Realm())
			}
			got, err := whole.Read(there, func() {})
			if err != nil {
				return err
			}
			if a, b := from.Head(), there.Head(); a.Epoch == b.Epoch && a.Seq == b.Seq && a.Tag == b.Tag && given.Differs(got) == "" {
				return nil
			}
			return fmt.Errorf("the database has a realm %s, and it is not what lies in %s: serve it there if the realm was moved before, else name this one otherwise with ?%s= in the URL: %w",
				st.Realm(), c.Dir, pgstore.RealmParameter, fs.ErrExist)
		})
}

// moveAside gives the file that the realm lay in another name, so that nobody serves it any more beside the one in the
// database. Closing it has emptied the write-ahead log into it.
func (c Config) moveAside(st store.Store) (string, error) {
	if err := st.Close(); err != nil {
		return "", err
	}
	from := c.path(DatabaseFile)
	to := from + MovedSuffix
	switch _, err := os.Lstat(to); {
	case err == nil:
		return "", fmt.Errorf("the realm lies in the database now; %s stands in the way of renaming %s: move one of them away before a server starts", to, from)
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	if err := os.Rename(from, to); err != nil {
		return "", fmt.Errorf("the realm lies in the database now, but its file keeps its name: %w: move it away before a server starts", err)
	}
	return to, syncFolder(c.Dir)
}

// Distribute spreads the tables of a database over the nodes of Citus, and gives those that were not spread before.
func Distribute(ctx context.Context, url string) ([]string, error) {
	return pgstore.Distribute(ctx, pgstore.Options{URL: url})
}
