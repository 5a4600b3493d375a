package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/command"
	"onedoor/internal/recordjson"
	"onedoor/internal/schema"
)

func newLookUp(a *app) *cobra.Command {
	var door, address, reason string
	c := &cobra.Command{
		Use: "lookup (--door ID | --address TEXT) --reason TEXT", Short: "Look at one door outside of the own area", Args: cobra.NoArgs,
		Long: `Shows one door outside of the area of the token's user, for an emergency: by its id
or its whole address, with a reason, for ten minutes. The officer of the door's
territory is told who looked and why, it is counted (at most 20 doors in 24 hours) and
stands in the access ledger. Grid workers, police officers and community staff may.`,
		Example: `  onedoor lookup --address 福慧路1号 --reason 煤气泄漏找房主 --token-file officer.token`,
	}
	c.Flags().StringVar(&door, "door", "", "`ID` of the door")
	c.Flags().StringVar(&address, "address", "", "the whole `ADDRESS` of the door, as its record has it")
	c.Flags().StringVar(&reason, "reason", "", "why: `TEXT` of 4 to 200 characters that the officer reads")
	command.Required(c, "reason")
	c.MarkFlagsOneRequired("door", "address")
	c.MarkFlagsMutuallyExclusive("door", "address")
	c.RunE = a.asking(func(client *client, _ []string) error {
		req := &adminv1.LookUpRequest{Address: address, Reason: reason}
		var err error
		if door != "" {
			if req.DoorId, err = parseID("door", door); err != nil {
				return err
			}
		}
		values, err := client.values()
		if err != nil {
			return err
		}
		m, err := client.LookUp(client.ctx, req)
		if err != nil {
			return err
		}
		kind, _ := schema.Load().KindByName("premises")
		fields, err := recordjson.EncodeFields(kind, m.GetFields(), values.places)
		if err != nil {
			return err
		}
		object := append(recordjson.Object{}.With("id", idText(m.GetDoorId())).With("kind", kind.Name), fields...)
		object = object.With("until", command.TimeJSON(m.GetUntilMs()))
		return a.Print(object, func(w io.Writer) {
			t := command.Table{}
			for _, one := range object {
				t.Add(one.Name, valueText(one.Value))
			}
			t.Write(w)
			fmt.Fprintln(w, "shown until then only; the officer of the territory is told")
		})
	})
	return a.reaching(c)
}
