package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
)

// caseTask takes a step of a task for somebody at a desk.
func (a *app) caseTask() *cobra.Command {
	req := &adminv1.TakeTaskStepRequest{}
	c := &cobra.Command{
		Use: "task TASK STEP", Short: "Open, do or send back a task", Args: cobra.ExactArgs(2),
		Long: `Takes a step of a task for somebody without a phone: open (by whom it is for),
done, return with a reason, or make-again of one that came back. case show lists
the tasks of a case.`,
		Example: "  onedoor case task TASK_ID done --token-file mediator.token\n  onedoor case task TASK_ID return --reason 当事人不在本地 --token-file mediator.token",
	}
	c.Flags().StringVar(&req.Text, "reason", "", "`TEXT` that says why it comes back undone")
	c.RunE = a.asking(func(client *client, args []string) (err error) {
		if req.TaskId, err = parseID("task", args[0]); err != nil {
			return err
		}
		req.Step = args[1]
		m, err := client.TakeTaskStep(client.ctx, req)
		if err != nil {
			return err
		}
		task := caseTaskOf(m.GetTask())
		return a.Print(task, func(w io.Writer) { fmt.Fprintf(w, "%s is %s\n", task.ID, task.State) })
	})
	return c
}
