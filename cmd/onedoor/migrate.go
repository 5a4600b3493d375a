package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"onedoor/internal/command"
	"onedoor/server"
	"onedoor/server/store/sqlitestore"
)

// fromScheme begins what --from names: the folder of a realm in a SQLite file.
const fromScheme = "sqlite:"

// migrateJSON is what `migrate --json` prints.
type migrateJSON struct {
	Realm     uint32 `json:"realm"`
	Name      string `json:"name"`
	Epoch     uint32 `json:"epoch"`
	Seq       uint64 `json:"seq"`
	Records   int64  `json:"records"`
	ScopeRows int64  `json:"scope_rows"`
	Documents int64  `json:"documents"`
	Moved     string `json:"moved"`
}

// distributeJSON is what `migrate --distribute --json` prints.
type distributeJSON struct {
	Distributed []string `json:"distributed"`
}

func newMigrate(a *app) *cobra.Command {
	var from, contactKey, to string
	var distribute bool
	c := &cobra.Command{
		Use: "migrate --from sqlite:DIR --to URL", Short: "Bring a realm from its SQLite file into a database of the PostgreSQL family", Args: cobra.NoArgs,
		Long: `Brings the realm in DIR, on a stopped server, into the database at URL, under its
code as a name unless the URL says ?realm=NAME. Every number and byte stays, so phones
notice nothing: they go on where they stood, with the receipts that they have. The copy
is read back and compared row by row, then checked as verify does; only then it may be
served, and DIR/realm.db is renamed to realm.db.moved, which may be deleted once the
database has a backup of its own. Where anything fails, DIR is as it was and the
database has no such realm: run it again.

DIR keeps the keys. Serve it from then on with --store URL; for several servers, copy
DIR (without realm.db.moved) and the contact key to each.

With --distribute, and no --from, the tables at URL are spread over the nodes of Citus,
by realm, with its own create_distributed_table. It may be done before or after realms
are in them, and again. A database without the extension is refused.`,
		Example: `  onedoor migrate --from sqlite:/var/lib/onedoor/realm --to 'postgres://onedoor@db/onedoor?sslmode=verify-full'
  onedoor migrate --distribute --to 'postgres://onedoor@coordinator/onedoor?sslmode=verify-full'`,
	}
	c.Flags().StringVar(&from, "from", "", "the realm to bring, `sqlite:DIR`")
	c.Flags().StringVar(&to, "to", "", "`URL` of the database")
	c.Flags().BoolVar(&distribute, "distribute", false, "spread the tables over the nodes of Citus")
	contactKeyFlag(c, &contactKey)
	command.Required(c, "to")
	c.RunE = command.Running(func(ctx context.Context, _ []string) error {
		dir, ok := strings.CutPrefix(from, fromScheme)
		switch {
		case distribute && from == "":
			return a.distribute(ctx, to)
		case distribute:
			return command.Misused("--from and --distribute are two commands: give one of them")
		case !ok || dir == "":
			return command.Misused("--from %q: give %sDIR, the folder of the realm", from, fromScheme)
		}
		return a.migrate(ctx, server.MoveOptions{Dir: dir, To: to, ContactKey: contactKey})
	})
	return c
}

func (a *app) migrate(ctx context.Context, o server.MoveOptions) error {
	var finish func()
	o.Progress, finish = a.work()
	made, err := server.Move(ctx, o)
	finish()
	if errors.Is(err, sqlitestore.ErrInUse) {
		return fmt.Errorf("%s is being served: stop the server first", o.Dir)
	}
	if err != nil {
		return err
	}
	result := migrateJSON{
		Realm: made.Realm, Name: made.Name, Epoch: uint32(made.At.Epoch), Seq: uint64(made.At.Seq),
		Records: made.Records, ScopeRows: made.ScopeRows, Documents: made.Documents, Moved: made.Moved,
	}
	return a.Print(result, func(w io.Writer) {
		fmt.Fprintf(w, "realm %06d lies in the database as %q: %d entries of epoch %d, %d records, compared and checked\n",
			result.Realm, result.Name, result.Seq, result.Epoch, result.Records)
		fmt.Fprintf(w, "its file is %s now: delete it once the database has a backup of its own\n", command.Printable(result.Moved))
		fmt.Fprintf(w, "next: onedoor serve --data %s --store with the same URL\n", command.Printable(o.Dir))
	})
}

func (a *app) distribute(ctx context.Context, url string) error {
	spread, err := server.Distribute(ctx, url)
	if err != nil {
		return err
	}
	result := distributeJSON{append([]string{}, spread...)}
	return a.Print(result, func(w io.Writer) {
		if len(result.Distributed) == 0 {
			fmt.Fprintln(w, "all tables were distributed before")
		}
		for _, table := range result.Distributed {
			fmt.Fprintf(w, "%s is distributed by realm\n", table)
		}
	})
}
