package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/command"
	"onedoor/internal/recordjson"
)

func newVoid(a *app) *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: "void ID", Short: "Say that a door is none any more", Args: cobra.ExactArgs(1),
		Long: `Says that a door is none any more: pulled down, or entered by mistake. A building
takes its rooms with it. They leave the plan, and nothing is deleted: what others
write there without knowing is kept, and they are asked by a task. It lists the
hazards, disputes and tasks that are open there; unvoid takes it back.`,
		Example: "  onedoor-phone --dir ./phone void BUILDING_ID --reason pulled_down",
	}
	c.Flags().StringVar(&reason, "reason", "", "why: pulled_down, mistake or other (`NAME`)")
	c.RunE = a.using(func(_ context.Context, p *phone, args []string) error {
		door, err := parseID(args[0])
		if err != nil {
			return err
		}
		why, ok := recordjson.EnumNumber(recordv1.VoidReason(0).Descriptor(), strings.ToUpper(reason))
		if reason != "" && (!ok || why == 0) {
			return command.Misused("--reason %s: one of pulled_down, mistake, other is needed", reason)
		}
		voided, err := p.VoidDoor(door, recordv1.VoidReason(why))
		if err != nil {
			return err
		}
		return a.printVoided(voided, "void")
	})
	return c
}

func newUnvoid(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "unvoid ID", Short: "Say that a void door stands after all", Args: cobra.ExactArgs(1),
		Long: `Says that a void door stands after all. With a building come back the rooms that
became void with it. What this user was asked about the door is answered by it.`,
		Example: "  onedoor-phone --dir ./phone unvoid DOOR_ID",
	}
	c.RunE = a.using(func(_ context.Context, p *phone, args []string) error {
		door, err := parseID(args[0])
		if err != nil {
			return err
		}
		back, err := p.UnvoidDoor(door)
		if err != nil {
			return err
		}
		return a.printVoided(back, "back")
	})
	return c
}

// printVoided prints which doors became void, or are back, and what is open there.
func (a *app) printVoided(v *client.VoidedDoors, did string) error {
	return a.Print(v.JSON(), func(w io.Writer) {
		t := command.Table{}
		for _, m := range v.Open {
			t.Add(m.Kind, m.ID.String(), m.State, m.Door.String())
		}
		t.Write(w)
		fmt.Fprintf(w, "%d doors %s, %d open matters\n", len(v.Doors), did, len(v.Open))
	})
}
