package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	client "onedoor/client-sdk"
	"onedoor/internal/command"
	"onedoor/internal/recordjson"
	"onedoor/syncengine"
)

func newCase(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "case ID", Short: "Show how the work on a dispute, hazard or task stands", Args: cobra.ExactArgs(1),
		Long: `Shows a dispute's or hazard's state, deadline and clock, the steps that this
phone's user may take, and the timeline. The deadline is the same on every phone
and at the server, to the minute; provisional names the years whose official days
are not known yet.`,
		Example: "  onedoor-phone --dir ./phone case RECORD_ID --json",
	}
	c.RunE = a.using(func(_ context.Context, p *phone, args []string) error {
		id, err := parseID(args[0])
		if err != nil {
			return err
		}
		return a.printCase(p, id)
	})
	return c
}

// stepFlags are the flags of what a step is asked with.
func stepFlags(c *cobra.Command, in *client.StepInput, until *string) {
	f := c.Flags()
	f.StringVar(&in.Reason, "reason", "", "`TEXT` that says why, for the timeline")
	f.IntVar(&in.Days, "days", 0, "how many `DAYS` a deadline is extended by")
	f.StringVar(until, "until", "", "`TIME` at which a pause ends by itself, such as 2099-03-10T18:00:00+08:00")
}

// readUntil reads the end of a pause.
func readUntil(in *client.StepInput, until string) error {
	if until == "" {
		return nil
	}
	at, err := time.Parse(time.RFC3339, until)
	if err != nil {
		return command.Misused("--until %s is no time such as 2099-03-10T18:00:00+08:00", until)
	}
	in.Until = at.UnixMilli()
	return nil
}

func newStep(a *app) *cobra.Command {
	var in client.StepInput
	var until string
	c := &cobra.Command{
		Use: "step ID STEP", Short: "Take a step of a dispute, hazard or task", Args: cobra.ExactArgs(2),
		Long: `Takes a step, such as accept, triage, agree or close of a dispute, or notify,
rectify or recheck of a hazard, or open, done or return of a task: state, fields,
timeline and tasks in one commit.
case ID lists the steps that are open. What the law or the policy asks of a step is
checked before anything is kept. --fields is a JSON object of record fields that
the step writes, or - for standard input.`,
		Example: `  onedoor-phone --dir ./phone step RECORD_ID triage --fields '{"clinic":"GENERAL"}'
  onedoor-phone --dir ./phone step RECORD_ID extend --days 5 --reason 双方同意`,
	}
	stepFlags(c, &in, &until)
	c.Flags().StringVar(&in.Fields, "fields", "", "`JSON` of fields that the step writes")
	c.RunE = a.using(func(_ context.Context, p *phone, args []string) (err error) {
		id, err := parseID(args[0])
		if err != nil {
			return err
		}
		if err := readUntil(&in, until); err != nil {
			return err
		}
		if in.Fields, err = a.Text(in.Fields); err != nil {
			return err
		}
		if err := p.TakeStep(id, args[1], in); err != nil {
			return err
		}
		return a.printCase(p, id)
	})
	return c
}

func newBegin(a *app) *cobra.Command {
	var in client.StepInput
	var until string
	c := &cobra.Command{
		Use: "begin KIND STEP JSON|-", Short: "Begin a dispute or hazard with its first step", Args: cobra.ExactArgs(3),
		Long: `Makes a dispute by register, accept or resolve, or a hazard by find, fix, notify
or hand-over, from the fields of a JSON object; - reads it from standard input.
resolve is the one form for what is settled on the spot: the consent of each party
and what was agreed; the rest is filled.`,
		Example: `  onedoor-phone --dir ./phone begin dispute resolve '{"title":"楼道堆物","territory":"530702001001001","parties":{"甲方":{"consent":"AGREED"},"乙方":{"consent":"AGREED"}}}'
  onedoor-phone --dir ./phone begin hazard notify '{"premises_id":"DOOR_ID","code":"GAS","deadline":"2099-03-10T18:00:00+08:00"}'`,
	}
	stepFlags(c, &in, &until)
	c.RunE = a.using(func(_ context.Context, p *phone, args []string) (err error) {
		kind, err := parseKind(args[0], kinds)
		if err != nil {
			return err
		}
		if err := readUntil(&in, until); err != nil {
			return err
		}
		if in.Fields, err = a.Text(args[2]); err != nil {
			return err
		}
		id, err := p.BeginCase(kind, args[1], in)
		if err != nil {
			return err
		}
		return a.printCase(p, id)
	})
	return c
}

// printCase prints how a case stands.
func (a *app) printCase(p *phone, id syncengine.ID) error {
	c, err := p.Case(id)
	if err != nil {
		return err
	}
	return a.Print(c.JSON(a.language()), func(w io.Writer) {
		t := command.Table{}
		t.Add("id", c.ID.String())
		t.Add("state", c.State)
		t.Add("deadline", command.Clock(recordjson.Time(c.Deadline)))
		if c.ClockState != "" {
			t.Add("clock", fmt.Sprintf("%s, %s left", c.ClockState, time.Duration(c.LeftSeconds)*time.Second))
		}
		if c.DeliveredAt != 0 {
			t.Add("delivered", command.Clock(recordjson.Time(c.DeliveredAt)), c.DeliveredDevice.String())
		}
		t.Add("steps", strings.Join(c.Steps, " "))
		for _, f := range c.Flags {
			t.Add("lacks", client.Sentence{ZH: f.ZH, EN: f.EN}.In(a.language()))
		}
		if l := c.Repeats; l != nil {
			t.Add("repeats", l.Hazard.String(), command.Clock(recordjson.Time(l.PutRight)))
		}
		for _, l := range c.RepeatedBy {
			t.Add("repeated by", l.Hazard.String(), command.Clock(recordjson.Time(l.Found)))
		}
		for _, p := range c.People {
			t.Add(p.Relation, p.Says().In(a.language()), command.Printable(p.Name))
		}
		for _, e := range c.Timeline {
			t.Add(command.Clock(recordjson.Time(e.At)), e.Says.In(a.language()), command.Printable(e.Text))
		}
		t.Write(w)
	})
}

func newPropose(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "propose ID", Short: "Ask the rules about a dispute, a door or a hazard", Args: cobra.ExactArgs(1),
		Long: `Proposes, with reasons: the clinic of a dispute, the grade of a door from its
hazards, and of a hazard whether it is one that was put right here lately. A person
decides; nothing is written.`,
		Example: "  onedoor-phone --dir ./phone propose RECORD_ID --json",
	}
	c.RunE = a.using(func(_ context.Context, p *phone, args []string) error {
		id, err := parseID(args[0])
		if err != nil {
			return err
		}
		proposal, err := p.Propose(id)
		if err != nil {
			return err
		}
		return a.Print(proposal.JSON(a.language()), func(w io.Writer) {
			fmt.Fprintf(w, "%s: %s\n", proposal.About, cmp.Or(proposal.Value, "-"))
			for _, reason := range proposal.Reasons {
				fmt.Fprintf(w, "  %s\n", reason.In(a.language()))
			}
		})
	})
	return c
}

func newCheck(a *app) *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: "check VISIT pass|return", Short: "Note that a visit of the team was checked", Args: cobra.ExactArgs(2),
		Long: `Notes an officer's check of a visit: it holds (pass), or it goes back to its
author with a reason (return), which makes a task with a due time. checks proposes
visits to check.`,
		Example: `  onedoor-phone --dir ./phone check VISIT_ID pass
  onedoor-phone --dir ./phone check VISIT_ID return --reason 未核对租客人数`,
	}
	c.Flags().StringVar(&reason, "reason", "", "`TEXT` that tells the author what to do; needed with return")
	c.RunE = a.using(func(_ context.Context, p *phone, args []string) error {
		visit, err := parseID(args[0])
		if err != nil {
			return err
		}
		if args[1] != "pass" && args[1] != "return" {
			return command.Misused("%s is neither pass nor return", args[1])
		}
		done, err := p.CheckVisit(visit, args[1] == "pass", reason)
		if err != nil {
			return err
		}
		object := recordjson.Object{}.With("id", done.Check.String()).With("task_id", nil).With("due", recordjson.Time(done.Due))
		if done.Due != 0 {
			object = recordjson.Object{}.With("id", done.Check.String()).With("task_id", done.Task.String()).With("due", recordjson.Time(done.Due))
		}
		return a.Print(object, func(w io.Writer) {
			fmt.Fprintf(w, "checked %s\n", args[0])
			if done.Due != 0 {
				fmt.Fprintf(w, "task %s, due %s\n", done.Task, command.Clock(recordjson.Time(done.Due)))
			}
		})
	})
	return c
}

// checksCount is how many visits are proposed for a check: what an officer looks through in a quarter of an hour.
const checksCount = 5

func newChecks(a *app) *cobra.Command {
	count := checksCount
	c := &cobra.Command{
		Use: "checks", Short: "Propose visits of the team to check", Args: cobra.NoArgs,
		Long: `Proposes visits at the doors that are assigned to this phone's user, one a door:
doors never checked first, then by a draw of the day. Any other visit may be
checked as well.`,
		Example: "  onedoor-phone --dir ./phone checks --count 3 --json",
	}
	c.Flags().IntVar(&count, "count", checksCount, "at most so `MANY`")
	c.RunE = a.using(func(_ context.Context, p *phone, _ []string) error {
		if count < 1 {
			return command.Misused("--count is %d and must be 1 or more", count)
		}
		records, err := p.CheckSample(count)
		return a.printRecords(records, err)
	})
	return c
}

func newAlarms(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "alarms", Short: "List what is due about the cases on the phone", Args: cobra.NoArgs,
		Long: `Lists what the rules ask for now about the disputes and hazards that the phone
holds: deadlines that come near or are over, follow-ups, call-backs, re-checks.
What is due first comes first. It works without a signal.`,
		Example: "  onedoor-phone --dir ./phone alarms --json",
	}
	c.RunE = a.using(func(_ context.Context, p *phone, _ []string) error {
		alarms, err := p.Alarms()
		if err != nil {
			return err
		}
		return a.Print(client.AlarmsObject(alarms, a.language()), func(w io.Writer) {
			t := command.Table{}
			for _, alarm := range alarms {
				t.Add(command.Clock(recordjson.Time(alarm.Due)), alarm.Case.String(), alarm.CaseKind, alarm.Says.In(a.language()))
			}
			t.Write(w)
			fmt.Fprintln(w, command.Count(len(alarms), "alarm"))
		})
	})
	return c
}
