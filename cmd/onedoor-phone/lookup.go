package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"onedoor/internal/command"
)

func newLookUp(a *app) *cobra.Command {
	var door, address, reason string
	c := &cobra.Command{
		Use: "lookup (--door ID | --address TEXT) --reason TEXT", Short: "Look at one door outside of the own area, online", Args: cobra.NoArgs,
		Long: `Shows one door outside of the user's area, for an emergency: by its id or its whole
address, with a reason, only with a connection, and for ten minutes. The officer of
the door's territory is told who looked and why, it is counted (at most 20 doors in 24
hours) and stands in the access ledger. Nothing of it stays on the phone.`,
		Example: `  onedoor-phone --dir ./phone lookup --address 福慧路1号 --reason 煤气泄漏找房主`,
	}
	c.Flags().StringVar(&door, "door", "", "`ID` of the door")
	c.Flags().StringVar(&address, "address", "", "the whole `ADDRESS` of the door, as its record has it")
	c.Flags().StringVar(&reason, "reason", "", "why: `TEXT` of 4 to 200 characters that the officer reads")
	a.line.flags(c)
	command.Required(c, "reason")
	c.MarkFlagsOneRequired("door", "address")
	c.MarkFlagsMutuallyExclusive("door", "address")
	c.RunE = a.using(func(ctx context.Context, p *phone, _ []string) error {
		looked, err := p.LookUp(ctx, door, address, reason)
		if err != nil {
			return err
		}
		object, err := looked.Door.JSON()
		if err != nil {
			return err
		}
		object = object.With("until", command.TimeJSON(looked.Until.UnixMilli()))
		return a.Print(object, func(w io.Writer) {
			t := command.Table{}
			for _, m := range object {
				t.Add(m.Name, valueText(m.Value))
			}
			t.Write(w)
			fmt.Fprintln(w, "shown until then only; the officer of the territory is told")
		})
	})
	return c
}
