package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"onedoor/internal/command"
	"onedoor/server"
	"onedoor/server/backupset"
	"onedoor/server/store/sqlitestore"
)

// restoreJSON is what `restore --json` prints.
type restoreJSON struct {
	Realm     uint32    `json:"realm"`
	Epoch     uint32    `json:"epoch"`
	Seq       uint64    `json:"seq"`
	Made      string    `json:"backup_made"`
	Ledger    int       `json:"ledger_entries"`
	Lost      *lostJSON `json:"lost"`
	TokenFile string    `json:"token_file"`
	Replaced  string    `json:"replaced,omitempty"`
	// ContactKey is the file of the contact key; empty where nothing is sealed.
	ContactKey string `json:"contact_key,omitempty"`
}

// lostJSON counts what was made at the server since the backup; null where nobody can tell.
type lostJSON struct {
	Users       int `json:"users"`
	Devices     int `json:"devices"`
	Territories int `json:"territories"`
	Writes      int `json:"writes"`
	Decisions   int `json:"decisions"`
}

func newRestore(a *app) *cobra.Command {
	var o server.RestoreOptions
	var replace, name, identity string
	c := &cobra.Command{
		Use: "restore --from (FILE | URL) --data DIR [--store URL]", Short: "Make a realm of a backup, in a new epoch that phones heal", Args: cobra.NoArgs,
		Long: `Makes the realm in DIR from FILE, which ` + "`onedoor backup`" + ` made: copies it, checks it
as verify does, begins a new epoch and mints a new operator's token. Then serve
it. Phones that come back bring what they have handed in since the backup, with
the values that stood before, in whatever order they come.

What was made at the server itself since the backup is lost: users, join codes,
territories, assignments, imports, decisions about quarantined changes. Restore
says how much, as far as it can be told. With --ledger DIR, the folder that
serve --ledger was given (of several servers all of theirs), people, devices, grants, tokens and territories stand
again as they stood last, and what was revoked stays revoked.

Residents' names and numbers are sealed under the contact key of the time of the
backup, which is not in FILE: give it with --contact-key, unless it lies beside DIR.

FILE may be the URL of a folder or bucket that ` + "`backup --to`" + ` or ` + "`serve --backup-to`" + ` keeps
backups in: the newest is taken, or the one that --backup names, compared with its
manifest and opened with the private key of --identity.

With --store the realm is made in a database, under its code as a name unless the URL
says ?realm=NAME, and DIR gets its keys. It is there whole or not at all. Any backup can
be restored to either. A database that has the realm is refused; with --replace CODE,
and no server running, a copy of the realm that stands there is put into a folder in
DIR first, and it is replaced in one transaction.

A DIR that holds a realm is refused. With --replace CODE, the code of that realm,
its files are moved into a folder of their own beside the new ones; stop its
server first. Never copy a database file back by hand: this command is how phones
learn that it happened.`,
		Example: `  onedoor restore --from monday.backup --data ./restored
  onedoor restore --from monday.backup --data /var/lib/onedoor/realm --replace 530702 --ledger /mnt/ledger --json
  onedoor restore --from s3://onedoor-backups?region=cn-north-1 --identity backup.key --data ./restored
  onedoor restore --from monday.backup --data /var/lib/onedoor/realm --store 'postgres://onedoor@db/onedoor?sslmode=verify-full'`,
	}
	c.Flags().StringVar(&o.From, "from", "", "the backup `FILE`, or file:///FOLDER or s3://BUCKET?region=R that holds backups")
	c.Flags().StringVar(&name, "backup", "", "`NAME` of the backup in a folder or bucket (default: the newest)")
	c.Flags().StringVar(&identity, "identity", "", "`FILE` with the private key that opens it, of onedoor keys backup")
	c.Flags().StringVar(&o.Dir, "data", "", "the `DIR` to make the realm in")
	c.Flags().StringSliceVar(&o.Ledger, "ledger", nil, "replay the side ledger in `DIR`; of several servers give all of their folders")
	storeFlag(c, &o.Store)
	contactKeyFlag(c, &o.ContactKey)
	c.Flags().StringVar(&replace, "replace", "", "six-digit `CODE` of the realm in DIR that may be moved aside")
	command.Required(c, "from", "data")
	c.RunE = command.Running(func(ctx context.Context, _ []string) error {
		if replace != "" {
			code, err := strconv.ParseUint(replace, 10, 32)
			if err != nil || len(replace) != 6 {
				return command.Misused("--replace %q: the six-digit code of the realm in DIR is needed, such as 530702", replace)
			}
			o.Replace = uint32(code)
		}
		if strings.Contains(o.From, "://") {
			return a.restoreFrom(ctx, o, backupset.Place{URL: o.From}, name, identity)
		}
		if name != "" || identity != "" {
			return command.Misused("--backup and --identity go with a URL in --from")
		}
		return a.restore(ctx, o)
	})
	return c
}

// restoreFrom restores from a folder or a bucket with backups.
func (a *app) restoreFrom(ctx context.Context, o server.RestoreOptions, from backupset.Place, name, identity string) (err error) {
	if identity != "" {
		if o.Identities, err = backupset.ReadIdentities(identity); err != nil {
			return err
		}
	}
	set, err := backupset.Open(ctx, from)
	if err != nil {
		return err
	}
	o.Set, o.From = set, name
	return errors.Join(a.restore(ctx, o), set.Close())
}

func (a *app) restore(ctx context.Context, o server.RestoreOptions) error {
	var finish func()
	o.Progress, finish = a.work()
	made, err := server.Restore(ctx, o)
	finish()
	if errors.Is(err, sqlitestore.ErrInUse) {
		return fmt.Errorf("%s is being served: stop the server first", o.Dir)
	}
	if err != nil {
		return err
	}
	result := restoreJSON{
		Realm: made.Realm, Epoch: uint32(made.Epoch), Seq: uint64(made.After), Made: timeOf(made.Made), TokenFile: made.TokenFile, Replaced: made.Replaced,
		Ledger: made.Replayed, ContactKey: made.ContactKey,
	}
	if l := made.Lost; l != nil {
		result.Lost = &lostJSON{l.Users, l.Devices, l.Territories, l.Writes, l.Decisions}
	}
	return a.Print(result, func(w io.Writer) { result.tell(w, o) })
}

// tell says in words what stands now and what is lost.
func (r restoreJSON) tell(w io.Writer, o server.RestoreOptions) {
	where, serve := command.Printable(o.Dir), "onedoor serve --data "+command.Printable(o.Dir)
	if o.Store != "" {
		where, serve = "the database", serve+" --store with the same URL"
	}
	fmt.Fprintf(w, "restored realm %06d in %s as of %s: entry %d, and epoch %d begins\n", r.Realm, where, r.Made, r.Seq, r.Epoch)
	if r.Replaced != "" {
		fmt.Fprintf(w, "the realm that stood there is in %s\n", command.Printable(r.Replaced))
	}
	fmt.Fprintln(w, "phones bring back what they have handed in since then; let each sync once")
	if r.Ledger > 0 {
		fmt.Fprintf(w, "the side ledger had %d entries that the backup lacks: people, devices, grants and tokens stand as they stood last\n", r.Ledger)
	}
	fmt.Fprintln(w, r.lost())
	if r.ContactKey != "" {
		fmt.Fprintf(w, "contact key: %s\n", command.Printable(r.ContactKey))
	}
	fmt.Fprintf(w, "operator's token: %s\nnext: %s\n", command.Printable(r.TokenFile), serve)
}

// lost says what no phone can bring back.
func (r restoreJSON) lost() string {
	codes := ", and join codes"
	if r.Ledger > 0 {
		codes = "" // They stand in the ledger.
	}
	if r.Lost == nil {
		return fmt.Sprintf("lost: whatever was made at the server itself since %s (users, join codes, territories, assignments, imports, decisions) and is not in a side ledger: make it again", r.Made)
	}
	return fmt.Sprintf("lost, since it was made at the server itself: users %d, devices %d, territories %d, changes of records %d, decisions %d%s: make them again",
		r.Lost.Users, r.Lost.Devices, r.Lost.Territories, r.Lost.Writes, r.Lost.Decisions, codes)
}
