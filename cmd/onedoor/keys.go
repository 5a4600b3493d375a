package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"onedoor/internal/command"
	"onedoor/server"
	"onedoor/server/store/sqlitestore"
)

// keysJSON is what `keys rotate --json` prints.
type keysJSON struct {
	DataKey    uint32 `json:"data_key"`
	ContactKey string `json:"contact_key"`
	Rewrapped  int    `json:"rewrapped"`
}

func newKeys(a *app) *cobra.Command {
	return command.Group("keys", "Change the keys that residents' names and numbers are sealed under, make those of backups",
		"Values are sealed under a data key in the database, which the contact key wraps: a file of its own.\nBackups are encrypted with a pair of keys of which servers have the public one.",
		a.keysRotate(), newKeysContact(a), newKeysBackup(a))
}

func (a *app) keysRotate() *cobra.Command {
	var o server.RotateOptions
	c := &cobra.Command{
		Use: "rotate --data DIR", Short: "Make a new data key, and wrap the data keys with another contact key", Args: cobra.NoArgs,
		Long: `Makes a new data key, under which residents' names and numbers are sealed from now
on; what is sealed stays as it is and readable. With --new-contact-key FILE, which
is made where it is not there, all data keys are wrapped with that contact key, and
the old one opens this realm no more. Stop the server first: it takes a moment. Of a
realm in a database all servers are to be stopped: one that runs is noticed, and after
one that was killed it takes half a minute to be sure.

Backups of before need the contact key of their time: keep the old file as long as
you keep them. After a copy of the old file may have got into wrong hands, give a
new one and destroy what it opens: the backups of before.`,
		Example: `  onedoor keys rotate --data ./realm
  onedoor keys rotate --data ./realm --contact-key old.key --new-contact-key new.key`,
	}
	c.Flags().StringVar(&o.Dir, "data", "", "the realm's `DIR`")
	storeFlag(c, &o.Store)
	contactKeyFlag(c, &o.ContactKey)
	c.Flags().StringVar(&o.NewContactKey, "new-contact-key", "", "wrap the data keys with the contact key in this `FILE`")
	command.Required(c, "data")
	c.RunE = command.Running(func(ctx context.Context, _ []string) error { return a.rotateKeys(ctx, o) })
	return c
}

func (a *app) rotateKeys(ctx context.Context, o server.RotateOptions) error {
	made, err := server.RotateKeys(ctx, o)
	if errors.Is(err, sqlitestore.ErrInUse) {
		return fmt.Errorf("%s is being served: stop the server first", o.Dir)
	}
	if err != nil {
		return err
	}
	result := keysJSON{made.DataKey, made.ContactKey, made.Rewrapped}
	return a.Print(result, func(w io.Writer) {
		fmt.Fprintf(w, "data key %d seals what is written from now on\ncontact key: %s\n", result.DataKey, command.Printable(result.ContactKey))
		if result.Rewrapped > 0 {
			fmt.Fprintf(w, "keep a copy of it elsewhere; serve with --contact-key %s, or put it in the place of the old one\n", command.Printable(result.ContactKey))
			fmt.Fprintln(w, "backups of before still need the old contact key: keep it as long as you keep them")
		}
	})
}
