package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"onedoor/internal/command"
	"onedoor/server/backupset"
)

// backupKeyJSON is what `keys backup --json` prints.
type backupKeyJSON struct {
	Out       string `json:"out"`
	Recipient string `json:"recipient"`
}

func newKeysBackup(a *app) *cobra.Command {
	var out string
	c := &cobra.Command{
		Use: "backup --out FILE", Short: "Make the pair of keys that backups are encrypted with", Args: cobra.NoArgs,
		Long: `Makes a private key in FILE (mode 0600) and prints the public key to it, an age
recipient. Servers are given the public key alone, with --backup-recipient: they can
make backups and open none. Keep FILE off the servers and in two places, such as two
safes: without it no backup can be opened.`,
		Example: `  onedoor keys backup --out backup.key`,
	}
	c.Flags().StringVar(&out, "out", "", "the `FILE` to make")
	command.Required(c, "out")
	c.RunE = command.Running(func(context.Context, []string) error {
		public, err := backupset.MakeIdentity(out)
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s is there already: choose another name, since backups may need that one", out)
		}
		if err != nil {
			return err
		}
		return a.Print(backupKeyJSON{out, public}, func(w io.Writer) {
			fmt.Fprintf(w, "private key: %s; keep it off the servers, in two places\npublic key:  %s\n", command.Printable(out), public)
		})
	})
	return c
}
