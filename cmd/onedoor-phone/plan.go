package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	client "onedoor/client-sdk"
	"onedoor/internal/command"
)

func newPlan(a *app) *cobra.Command {
	var q client.PlanQuery
	c := &cobra.Command{
		Use: "plan", Short: "List the doors that are due, in walking order", Args: cobra.NoArgs,
		Long: `Lists all doors that are due on a day, in the order in which they are walked:
compound, building, stair, floor, door. Each line says why, and what came of the
last call. The slot is the part of the day for the doors that fit the shift: what
is urgent first, a door where nobody opened at another time of day. It works
without a signal; plan again after every visit.`,
		Example: `  onedoor-phone --dir ./phone plan
  onedoor-phone --dir ./phone plan --date 2099-03-10 --mine --json`,
	}
	f := c.Flags()
	f.StringVar(&q.Date, "date", "", "the `DAY` to plan, such as 2099-03-10 (default today, Asia/Shanghai)")
	f.StringVar(&q.Grid, "grid", "", "only within the territory with this `CODE`, of any level")
	f.BoolVar(&q.Mine, "mine", false, "only the doors that are assigned to this phone's user")
	c.RunE = a.using(func(_ context.Context, p *phone, _ []string) error {
		plan, err := p.PlanOf(q)
		if err != nil {
			return err
		}
		return a.Print(plan.JSON(a.language()), func(w io.Writer) { a.writePlan(w, plan) })
	})
	return c
}

// writePlan prints a plan for people, the slot first.
func (a *app) writePlan(w io.Writer, plan *client.DayPlan) {
	t := command.Table{}
	fits := 0
	for i := range plan.Due {
		d := &plan.Due[i]
		slot := "-"
		if d.Slot != "" {
			slot = d.Slot
			fits++
		}
		t.Add(slot, d.ID.String(), command.Printable(d.Address), strings.ReplaceAll(d.Reason.In(a.language()), "\n", " "))
	}
	t.Write(w)
	fmt.Fprintf(w, "%s due on %s, %d of them in the shift\n", command.Count(len(plan.Due), "door"), plan.Date, fits)
}
