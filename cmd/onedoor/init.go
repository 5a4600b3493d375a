package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"onedoor/domain"
	"onedoor/internal/command"
	"onedoor/server"
)

// initJSON is what `init --json` prints.
type initJSON struct {
	Realm       uint32 `json:"realm"`
	Name        string `json:"name"`
	Data        string `json:"data"`
	Territories int    `json:"territories"`
	Skipped     int    `json:"skipped"`
	TokenFile   string `json:"token_file"`
	ContactKey  string `json:"contact_key"`
}

func newInit(a *app) *cobra.Command {
	var data, realm, territory, contactKey, database string
	c := &cobra.Command{
		Use: "init --data DIR --realm CODE", Short: "Make a realm: its folder, keys, territories and operator's token", Args: cobra.NoArgs,
		Long: `Makes DIR with the database, the realm's secret keys and admin.token, the
operator's token (mode 0600). The realm is a county-level unit with a six-digit
code. A folder that holds a realm is refused, and when init fails nothing stays.

Residents' names and numbers are sealed under the contact key, a file of its own
beside DIR (DIR.contact-key, mode 0600) or where --contact-key says. It is in no
backup. Keep a copy of it elsewhere: without it they cannot be read by anybody.

With --store URL the realm is made in a database of the PostgreSQL family, under its
code as a name unless the URL says ?realm=NAME, and DIR holds its keys alone: copy
DIR and the contact key to every server that is to serve it. docs/storage.md tells
which engines there are and what they must be set to.

Territories come from --territory FILE, a CSV with the columns
code,parent_code,level,name and the levels province, prefecture, county, street,
community, grid and microgrid; rows outside the realm's county are skipped and
counted. Without a file the built-in one of 丽江市 (5307…) is used, which goes down
to the communities. More rows may follow with ` + "`onedoor import territory`" + `.`,
		Example: `  onedoor init --data ./realm --realm 530702
  onedoor init --data /var/lib/onedoor/realm --realm 530702 --territory grids.csv --json
  onedoor init --data /var/lib/onedoor/realm --realm 530702 --store 'postgres://onedoor@db/onedoor?sslmode=verify-full'`,
	}
	c.Flags().StringVar(&data, "data", "", "the `DIR` to make")
	c.Flags().StringVar(&realm, "realm", "", "six-digit `CODE` of the county-level unit, such as 530702")
	c.Flags().StringVar(&territory, "territory", "", "CSV `FILE` of territories (default: the built-in one of 5307)")
	contactKeyFlag(c, &contactKey)
	storeFlag(c, &database)
	command.Required(c, "data", "realm")
	c.RunE = command.Running(func(ctx context.Context, _ []string) error {
		code, err := domain.ParseCode(realm)
		if level, _ := code.Level(); err != nil || level != domain.County {
			return command.Misused("--realm %q: a county-level code of six digits is needed, such as 530702", realm)
		}
		return a.init(ctx, server.InitOptions{Dir: data, Store: database, Realm: code, ContactKey: contactKey}, territory)
	})
	return c
}

// storeFlag gives a command the flag that names the database.
func storeFlag(c *cobra.Command, url *string) {
	c.Flags().StringVar(url, "store", "", "`URL` of a database of the PostgreSQL family that holds the realm (default: the SQLite file in DIR)")
}

// contactKeyFlag gives a command the flag that names the contact key.
func contactKeyFlag(c *cobra.Command, file *string) {
	c.Flags().StringVar(file, "contact-key", "", "`FILE` of the contact key (default: beside DIR, DIR"+server.ContactKeySuffix+")")
}

func (a *app) init(ctx context.Context, o server.InitOptions, territory string) (err error) {
	if territory != "" {
		f, err := a.open(territory)
		if err != nil {
			return err
		}
		defer f.Close()
		o.Territories, o.TerritoriesName = f, filepath.Base(territory)
	}
	made, err := server.Init(ctx, o)
	if err != nil {
		return err
	}
	result := initJSON{
		Realm: made.Realm.Code, Name: made.Realm.Name, Data: o.Dir,
		Territories: made.Territories, Skipped: made.Skipped, TokenFile: made.TokenFile, ContactKey: made.ContactKey,
	}
	return a.Print(result, func(w io.Writer) {
		fmt.Fprintf(w, "made realm %06d %s in %s: %d territories, %d rows outside it skipped\n", result.Realm, result.Name, o.Dir, result.Territories, result.Skipped)
		stood := ""
		if made.KeyStood {
			stood = ", which was there before"
		}
		fmt.Fprintf(w, "contact key: %s%s\nkeep a copy of it elsewhere, apart from the folder and its backups: without it no resident's name and number can be read\n", result.ContactKey, stood)
		fmt.Fprintf(w, "operator's token: %s\nnext: onedoor serve --data %s", result.TokenFile, o.Dir)
		if o.Store != "" {
			fmt.Fprint(w, " --store with the same URL")
		}
		fmt.Fprintln(w)
	})
}

// open opens a file that was named on the command line; "-" is standard input.
func (a *app) open(path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(a.In), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the file: %w", err)
	}
	if info, err := f.Stat(); err != nil || info.IsDir() {
		return nil, errors.Join(fmt.Errorf("open the file: %s is a folder: give a file", path), err, f.Close())
	}
	return f, nil
}
