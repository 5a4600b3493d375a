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
}

func newInit(a *app) *cobra.Command {
	var data, realm, territory string
	c := &cobra.Command{
		Use: "init --data DIR --realm CODE", Short: "Make a realm: its folder, keys, territories and operator's token", Args: cobra.NoArgs,
		Long: `Makes DIR with the database, the realm's secret keys and admin.token, the
operator's token (mode 0600). The realm is a county-level unit with a six-digit
code. A folder that holds a realm is refused, and when init fails nothing stays.

Territories come from --territory FILE, a CSV with the columns
code,parent_code,level,name and the levels province, prefecture, county, street,
community, grid and microgrid; rows outside the realm's county are skipped and
counted. Without a file the built-in one of 丽江市 (5307…) is used, which goes down
to the communities. More rows may follow with ` + "`onedoor import territory`" + `.`,
		Example: `  onedoor init --data ./realm --realm 530702
  onedoor init --data /var/lib/onedoor --realm 530702 --territory grids.csv --json`,
	}
	c.Flags().StringVar(&data, "data", "", "the `DIR` to make")
	c.Flags().StringVar(&realm, "realm", "", "six-digit `CODE` of the county-level unit, such as 530702")
	c.Flags().StringVar(&territory, "territory", "", "CSV `FILE` of territories (default: the built-in one of 5307)")
	command.Required(c, "data", "realm")
	c.RunE = command.Running(func(ctx context.Context, _ []string) error {
		code, err := domain.ParseCode(realm)
		if level, _ := code.Level(); err != nil || level != domain.County {
			return command.Misused("--realm %q: a county-level code of six digits is needed, such as 530702", realm)
		}
		return a.init(ctx, data, code, territory)
	})
	return c
}

func (a *app) init(ctx context.Context, data string, code domain.Code, territory string) (err error) {
	o := server.InitOptions{Dir: data, Realm: code}
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
		Realm: made.Realm.Code, Name: made.Realm.Name, Data: data,
		Territories: made.Territories, Skipped: made.Skipped, TokenFile: made.TokenFile,
	}
	return a.Print(result, func(w io.Writer) {
		fmt.Fprintf(w, "made realm %06d %s in %s: %d territories, %d rows outside it skipped\n", result.Realm, result.Name, data, result.Territories, result.Skipped)
		fmt.Fprintf(w, "operator's token: %s\nnext: onedoor serve --data %s\n", result.TokenFile, data)
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
