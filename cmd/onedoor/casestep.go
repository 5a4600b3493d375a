package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	cases "onedoor/domain/casework"
	"onedoor/internal/command"
	"onedoor/internal/recordjson"
	"onedoor/internal/schema"
)

// stepFlags are what a step is asked with.
type stepFlags struct {
	set, text, clinic, mediator, with, until, forUser, due, territory, title, to string
	door, code, severity                                                         string
	days                                                                         uint32
	told                                                                         bool
}

// caseStep makes the command of one step.
func (a *app) caseStep(table cases.Table, step *cases.Step) *cobra.Command {
	makes := slices.Contains(step.From, 0)
	use, args := step.Name+" CASE", cobra.ExactArgs(1)
	if makes {
		use, args = step.Name+" [CASE]", cobra.MaximumNArgs(1)
	}
	if len(step.From) == 1 && makes {
		use, args = step.Name, cobra.NoArgs
	}
	c := &cobra.Command{Use: use, Short: strings.ToUpper(step.EN[:1]) + step.EN[1:] + " (" + step.ZH + ")", Args: args, Long: stepLong(table, step), Example: stepExample(step)}
	if table.Name == cases.Hazards.Name {
		c.Example = hazardExample(step)
	}
	f := &stepFlags{}
	f.add(c, table, step)
	c.RunE = a.asking(func(client *client, args []string) error {
		req, err := f.request(client, table, step, args)
		if err != nil {
			return err
		}
		m, err := client.TakeStep(client.ctx, req)
		if err != nil {
			return err
		}
		return a.printCase(client, m.GetCase())
	})
	return c
}

// stepLong tells who may take a step, from where, and by which rule.
func stepLong(table cases.Table, step *cases.Step) string {
	var b strings.Builder
	var from []string
	for _, state := range step.From {
		if state == 0 {
			from = append(from, "a case that it makes")
			continue
		}
		_, en := table.StateWords(state)
		from = append(from, en)
	}
	fmt.Fprintf(&b, "Possible from: %s.\n", strings.Join(from, ", "))
	if step.To != 0 {
		_, en := table.StateWords(step.To)
		fmt.Fprintf(&b, "Leads to: %s.\n", en)
	}
	if step.Reason {
		b.WriteString("Needs --reason.\n")
	}
	if step.Source != "" {
		fmt.Fprintf(&b, "By: %s.\n", step.Source)
	}
	b.WriteString("Prints the case as it stands after the step.")
	return b.String()
}

// stepExample gives a command line of the step.
func stepExample(step *cases.Step) string {
	line := "  onedoor case " + step.Name
	if step.From[0] == 0 && len(step.From) == 1 {
		line += " --title 邻里噪音纠纷 --territory 530702001001"
	} else {
		line += " 01890a5d-ac96-774b-bcce-b302099a8057"
	}
	if step.Reason {
		line += " --reason 等鉴定结果"
	}
	switch step.Event {
	case cases.EventTriaged:
		line += " --clinic specialist"
	case cases.EventAssigned:
		line += " --mediator USER_ID"
	case cases.EventJoined:
		line += " --with USER_ID,USER_ID"
	case cases.EventExtended:
		line += " --days 5"
	case cases.EventPaused:
		line += " --until 2026-06-03T17:00:00+08:00"
	}
	return line + " --token-file me.token"
}

// add gives a step's command the flags that fit it.
func (f *stepFlags) add(c *cobra.Command, table cases.Table, step *cases.Step) {
	flags := c.Flags()
	flags.StringVar(&f.set, "set", "", "`JSON` of further fields, as docs/cli.md writes records")
	flags.StringVar(&f.text, "reason", "", "`TEXT` that says why, or what happened")
	if table.Name == cases.Hazards.Name {
		f.addHazard(c, step)
		return
	}
	if slices.Contains(step.From, 0) {
		flags.StringVar(&f.title, "title", "", "`TEXT` that names the case, without a person's name")
		flags.StringVar(&f.territory, "territory", "", "`CODE` of the territory that it is in")
	}
	switch step.Event {
	case cases.EventTriaged:
		flags.StringVar(&f.clinic, "clinic", "", "`CLINIC`: general, specialist, special or community")
	case cases.EventAssigned, cases.EventJoined:
		flags.StringVar(&f.mediator, "mediator", "", "`USER` who works it")
		flags.StringVar(&f.with, "with", "", "`USERS` who take part, with commas between them")
	case cases.EventTransferred:
		flags.StringVar(&f.to, "to", "", "`DEPARTMENT` that takes it on, by the name its handlers have")
	case cases.EventExtended:
		flags.Uint32Var(&f.days, "days", 0, "`DAYS` that the deadline is extended by")
	case cases.EventPaused:
		flags.StringVar(&f.until, "until", "", "`TIME` (RFC 3339) at which the pause ends by itself")
	case cases.EventFailed, cases.EventRefused, cases.EventClosed:
		flags.BoolVar(&f.told, "remedies-told", false, "the parties were told the other ways now")
	case cases.EventSupervised:
		flags.StringVar(&f.forUser, "for", "", "`USER` who is to answer; whoever works the case when left out")
		flags.StringVar(&f.due, "due", "", "`TIME` (RFC 3339) by when; the end of the day after next when left out")
	}
}

// request makes the message of a step.
func (f *stepFlags) request(client *client, table cases.Table, step *cases.Step, args []string) (*adminv1.TakeStepRequest, error) {
	req := &adminv1.TakeStepRequest{Step: step.Name, Text: f.text, Days: f.days, RemediesTold: f.told}
	var err error
	if len(args) > 0 {
		if req.CaseId, err = parseID("case", args[0]); err != nil {
			return nil, err
		}
	}
	if req.ForUserId, err = optionalID("--for", f.forUser); err != nil {
		return nil, err
	}
	if req.UntilMs, err = optionalTime("--until", f.until); err != nil {
		return nil, err
	}
	if req.DueMs, err = optionalTime("--due", f.due); err != nil {
		return nil, err
	}
	var fields proto.Message
	if table.Name == cases.Hazards.Name {
		req.Kind = recordv1.Kind_KIND_HAZARD
		fields, err = f.hazardFields(client)
	} else {
		fields, err = f.fields(client)
	}
	if err != nil {
		return nil, err
	}
	req.Fields, err = proto.Marshal(fields)
	return req, err
}

// given reads the fields of --set into a record message.
func (f *stepFlags) given(v values, kind *schema.Kind, into proto.Message) error {
	text := f.set
	if text == "" {
		text = "{}"
	}
	patch, err := recordjson.Decode(kind, []byte(text), v.places)
	if err != nil {
		return command.Misused("--set: %v", err)
	}
	if len(patch.Cleared) > 0 || patch.Message == nil {
		return command.Misused("--set: a step writes fields and clears none")
	}
	proto.Merge(into, patch.Message)
	return nil
}

// fields gathers what is written with the step.
func (f *stepFlags) fields(client *client) (*recordv1.Dispute, error) {
	out := &recordv1.Dispute{}
	if f.set != "" || f.territory != "" {
		values, err := client.values()
		if err != nil {
			return nil, err
		}
		if err := f.given(values, disputeKind(), out); err != nil {
			return nil, err
		}
		if f.territory != "" {
			id, ok := values.places.TerritoryID(f.territory)
			if !ok {
				return nil, command.Misused("--territory: no territory has the code %s", f.territory)
			}
			out.Territory = id[:]
		}
	}
	if f.title != "" {
		out.Title = proto.String(f.title)
	}
	if f.to != "" {
		out.Departments = append(out.Departments, f.to)
	}
	return out, f.people(out)
}

// people adds clinic, mediator and those who take part.
func (f *stepFlags) people(out *recordv1.Dispute) error {
	if f.clinic != "" {
		number, ok := recordv1.Clinic_value["CLINIC_"+strings.ToUpper(f.clinic)]
		if !ok || number == 0 {
			return command.Misused("--clinic %q: give general, specialist, special or community", f.clinic)
		}
		out.Clinic = recordv1.Clinic(number).Enum()
	}
	id, err := optionalID("--mediator", f.mediator)
	if err != nil {
		return err
	}
	if id != nil {
		out.Mediator = id
	}
	if f.with == "" {
		return nil
	}
	ids, err := parseIDs("--with", strings.Split(f.with, ","))
	out.Participants = append(out.Participants, ids...)
	return err
}

// optionalTime reads a time that may be left out.
func optionalTime(what, text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return 0, command.Misused("%s %q: a time is written as 2026-05-29T17:00:00+08:00", what, text)
	}
	return at.UnixMilli(), nil
}
