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

func newJoint(a *app) *cobra.Command {
	var part client.JointPart
	var door, task, outcome string
	c := &cobra.Command{
		Use: "joint [CODE]", Short: "Begin or join a visit that several make together", Args: cobra.MaximumNArgs(1),
		Long: `Without a CODE, begins a visit that several make together and prints the code to
read out: ten digits. The others type it on their own phones, at the same door and
on the same day, and none of them needs a signal. Each writes their own part; when
the phones have synced, all parts stand in one visit. --task joins the visit of a
task that is on the phones of all, without a code.

A code fits its door (--door) or its grid (--grid) and its day, the days beside it
included; --date tells the day to a phone whose clock is wrong. Where the door is
on one phone only, begin by the grid.`,
		Example: `  onedoor-phone --dir ./phone joint --door DOOR_ID --outcome seen --say 查看了电线
  onedoor-phone --dir ./phone joint "482 913 5607" --door DOOR_ID --say 查看了租约
  onedoor-phone --dir ./phone joint --task TASK_ID`,
	}
	f := c.Flags()
	f.StringVar(&door, "door", "", "`ID` of the door at which the visit is made")
	f.StringVar(&part.Grid, "grid", "", "`CODE` of the territory in which it is made, instead of a door")
	f.StringVar(&task, "task", "", "`ID` of the task for which it is made")
	f.StringVar(&part.Contribution, "say", "", "this worker's own `TEXT`")
	f.StringVar(&part.Note, "note", "", "one `TEXT` for the whole visit")
	f.StringVar(&outcome, "outcome", "", "what came of it: seen, nobody, refused or rescheduled (`NAME`)")
	f.StringVar(&part.Date, "date", "", "the `DAY` of the code, such as 2099-03-10 (default today, Asia/Shanghai)")
	c.RunE = a.using(func(_ context.Context, p *phone, args []string) (err error) {
		if part.Outcome, err = parseOutcome(outcome); err != nil {
			return err
		}
		if door != "" {
			if part.Door, err = parseID(door); err != nil {
				return err
			}
		}
		joint, err := takePart(p, args, task, part)
		if err != nil {
			return err
		}
		return a.Print(joint.JSON(), func(w io.Writer) {
			if len(args) == 0 && joint.Code != "" {
				fmt.Fprintf(w, "code: %s\n", joint.Code)
			}
			fmt.Fprintln(w, joint.Visit)
		})
	})
	return c
}

// takePart begins or joins, by what was given.
func takePart(p *phone, args []string, task string, part client.JointPart) (*client.JointVisit, error) {
	switch {
	case task != "" && len(args) > 0:
		return nil, command.Misused("a CODE and --task exclude each other")
	case task != "":
		id, err := parseID(task)
		if err != nil {
			return nil, err
		}
		return p.JoinTask(id, part)
	case len(args) > 0:
		return p.JoinVisit(args[0], part)
	}
	return p.BeginJoint(part)
}

// parseOutcome reads an outcome of a visit, in any case; empty is none.
func parseOutcome(name string) (recordv1.VisitOutcome, error) {
	enum := recordv1.VisitOutcome(0).Descriptor()
	n, ok := recordjson.EnumNumber(enum, strings.ToUpper(name))
	if name != "" && (!ok || n == 0) {
		return 0, command.Misused("outcome %q: one of seen, nobody, refused, rescheduled is needed", name)
	}
	return recordv1.VisitOutcome(n), nil
}
