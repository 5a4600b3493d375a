package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/command"
)

func newDoor(a *app) *cobra.Command {
	return a.reaching(command.Group("door", "Say that doors are none any more, or stand after all",
		`A door that is void leaves the plans; its records stay. What phones write to it
without knowing is kept, and its author is asked.`,
		a.doorVoid(), a.doorUnvoid()))
}

// openJSON is something about a door that is not done.
type openJSON struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	Door string `json:"door"`
}

// voidReasons are the words of --reason.
var voidReasons = map[string]recordv1.VoidReason{
	"": 0, "pulled_down": recordv1.VoidReason_VOID_REASON_PULLED_DOWN, "mistake": recordv1.VoidReason_VOID_REASON_MISTAKE,
	"other": recordv1.VoidReason_VOID_REASON_OTHER,
}

func (a *app) doorVoid() *cobra.Command {
	var reason string
	var dry bool
	c := &cobra.Command{
		Use: "void ID", Short: "Say that a door is none any more", Args: cobra.ExactArgs(1),
		Long: `Says that a door is none any more: pulled down, or entered by mistake. A building
takes the rooms in its territory with it. Nothing is deleted, and unvoid takes it
back. It lists what is open about the doors; who works on an open case is told by a
task. --dry-run only tells. For operators, and for users who may write the door.`,
		Example: "  onedoor door void BUILDING_ID --reason pulled_down --dry-run --json",
	}
	c.Flags().StringVar(&reason, "reason", "", "why: pulled_down, mistake or other (`NAME`)")
	c.Flags().BoolVar(&dry, "dry-run", false, "only tell what would be done")
	c.RunE = a.asking(func(client *client, args []string) error {
		why, ok := voidReasons[reason]
		if !ok {
			return command.Misused("--reason %s: one of pulled_down, mistake, other is needed", reason)
		}
		did := "void"
		if dry {
			did = "would be void"
		}
		return a.voidDoor(client, args[0], &adminv1.VoidDoorRequest{Reason: why, DryRun: dry}, did)
	})
	return c
}

func (a *app) doorUnvoid() *cobra.Command {
	var dry bool
	c := &cobra.Command{
		Use: "unvoid ID", Short: "Say that a void door stands after all", Args: cobra.ExactArgs(1),
		Long: `Says that a void door stands after all. With a building come back the rooms that
became void with it, and no others.`,
		Example: "  onedoor door unvoid BUILDING_ID --json",
	}
	c.Flags().BoolVar(&dry, "dry-run", false, "only tell what would be done")
	c.RunE = a.asking(func(client *client, args []string) error {
		did := "back"
		if dry {
			did = "would be back"
		}
		return a.voidDoor(client, args[0], &adminv1.VoidDoorRequest{TakeBack: true, DryRun: dry}, did)
	})
	return c
}

// voidDoor makes the call and prints what came of it.
func (a *app) voidDoor(client *client, door string, req *adminv1.VoidDoorRequest, did string) (err error) {
	if req.DoorId, err = parseID("door", door); err != nil {
		return err
	}
	m, err := client.VoidDoor(client.ctx, req)
	if err != nil {
		return err
	}
	result := struct {
		ID    string     `json:"id"`
		Doors []string   `json:"doors"`
		Open  []openJSON `json:"open"`
	}{ID: idText(req.GetDoorId()), Doors: idTexts(m.GetDoorIds()), Open: []openJSON{}}
	for _, o := range m.GetOpen() {
		result.Open = append(result.Open, openJSON{ID: idText(o.GetRecordId()), Kind: o.GetRecordKind(), Door: idText(o.GetDoorId())})
	}
	return a.Print(result, func(w io.Writer) {
		t := command.Table{}
		for _, o := range result.Open {
			t.Add(o.Kind, o.ID, o.Door)
		}
		t.Write(w)
		fmt.Fprintf(w, "%d doors %s, %d open matters\n", len(result.Doors), did, len(result.Open))
	})
}
