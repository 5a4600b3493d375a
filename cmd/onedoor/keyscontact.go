package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"onedoor/internal/command"
	"onedoor/server"
)

// contactKeyJSON is what `keys contact --json` prints.
type contactKeyJSON struct {
	Out string `json:"out"`
}

func newKeysContact(a *app) *cobra.Command {
	var out string
	c := &cobra.Command{
		Use: "contact --out FILE", Short: "Make a contact key before there is a realm", Args: cobra.NoArgs,
		Long: `Makes a contact key in FILE (mode 0600), for init --contact-key FILE. init makes one
by itself; make it before where the realm will live in a place from which no file is
fetched easily, such as a volume of a cluster, and hand it there as a secret. Keep a
copy apart from the realm and its backups: without it no resident's name and number
can be read.`,
		Example: `  onedoor keys contact --out contact-key`,
	}
	c.Flags().StringVar(&out, "out", "", "the `FILE` to make")
	command.Required(c, "out")
	c.RunE = command.Running(func(context.Context, []string) error {
		if err := server.MakeContactKey(out); err != nil {
			return err
		}
		return a.Print(contactKeyJSON{out}, func(w io.Writer) {
			fmt.Fprintf(w, "contact key: %s; keep a copy of it elsewhere, apart from the realm and its backups\n", command.Printable(out))
		})
	})
	return c
}
