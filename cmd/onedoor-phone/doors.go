package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	client "onedoor/client-sdk"
	"onedoor/internal/command"
)

func newDuplicates(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "duplicates", Short: "List doors that may be entered twice", Args: cobra.NoArgs,
		Long: `Lists pairs of doors that may be one: with the same door key, the same address
once blanks, width and kinds of numbers are folded, or an alias. Look at them and
merge them, or leave them.`,
		Example: "  onedoor-phone --dir ./phone duplicates --json",
	}
	c.RunE = a.using(func(_ context.Context, p *phone, _ []string) error {
		pairs, err := p.Duplicates()
		if err != nil {
			return err
		}
		return a.Print(client.DuplicatesObject(pairs, a.language()), func(w io.Writer) {
			t := command.Table{}
			for i := range pairs {
				d := &pairs[i]
				t.Add(d.Door.String(), command.Printable(d.DoorAddress), d.Other.String(), command.Printable(d.OtherAddress), d.Reason.In(a.language()))
			}
			t.Write(w)
			fmt.Fprintln(w, command.Count(len(pairs), "pair"))
		})
	})
	return c
}

func newMerge(a *app) *cobra.Command {
	var into string
	c := &cobra.Command{
		Use: "merge ID --into ID", Short: "Say that a door is the same as another one", Args: cobra.ExactArgs(1),
		Long: `Says that a door is the same as another one, which stands for both: the first
leaves the plan, and its visits, hazards and tasks, also those that come late,
count for the other. Both records stay; unmerge takes it back.`,
		Example: "  onedoor-phone --dir ./phone merge DOOR_ID --into OTHER_ID",
	}
	c.Flags().StringVar(&into, "into", "", "`ID` of the door that stands for both")
	command.Required(c, "into")
	c.RunE = a.using(func(_ context.Context, p *phone, args []string) error {
		door, err := parseID(args[0])
		if err != nil {
			return err
		}
		other, err := parseID(into)
		if err != nil {
			return err
		}
		if err := p.MergeDoor(door, other); err != nil {
			return err
		}
		return a.printID(args[0], "merged ")
	})
	return c
}

func newUnmerge(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "unmerge ID", Short: "Take back that a door is the same as another one", Args: cobra.ExactArgs(1),
		Long:    "Takes back a merge: the door is visited again, and what was written to it counts for it.",
		Example: "  onedoor-phone --dir ./phone unmerge DOOR_ID",
	}
	c.RunE = a.using(func(_ context.Context, p *phone, args []string) error {
		door, err := parseID(args[0])
		if err != nil {
			return err
		}
		if err := p.UnmergeDoor(door); err != nil {
			return err
		}
		return a.printID(args[0], "unmerged ")
	})
	return c
}
