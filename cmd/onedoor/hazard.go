package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	cases "onedoor/domain/casework"
	"onedoor/internal/command"
)

func newHazard(a *app) *cobra.Command {
	show := a.caseShow()
	show.Use, show.Short = "show HAZARD", "Show a hazard with its timeline, tasks and possible steps"
	show.Long, show.Example = "Shows what the token's role may read.", "  onedoor hazard show HAZARD_ID --token-file officer.token --json"
	children := []*cobra.Command{a.hazardList(), show}
	for i := range cases.Hazards.Steps {
		children = append(children, a.caseStep(cases.Hazards, &cases.Hazards.Steps[i]))
	}
	return a.reaching(command.Group("hazard", "Work hazards at a desk: severity, hand-over, acknowledgement, re-check",
		`Hazards are found at doors, on phones as a rule. Each command below takes one step,
by the same table as a phone; which step is possible, and for whom, stands in
docs/casework.md, and a step that is not says why and changes nothing. All of them
need the token of a user who works hazards, not the operator's.`, children...))
}

// addHazard gives a hazard's step the flags that fit it.
func (f *stepFlags) addHazard(c *cobra.Command, step *cases.Step) {
	flags := c.Flags()
	if slices.Contains(step.From, 0) {
		flags.StringVar(&f.door, "door", "", "`ID` of the door that it is at")
		flags.StringVar(&f.code, "code", "", "what is wrong, a `CODE` such as gas")
	}
	if slices.Contains(step.Needs, cases.NeedDate) {
		flags.StringVar(&f.due, "deadline", "", "`TIME` (RFC 3339) by when it is to be put right")
	}
	if slices.Contains(step.Needs, cases.NeedDepartment) {
		flags.StringVar(&f.to, "to", "", "`DEPARTMENT` that takes it over, by the name its handlers have")
	}
	if slices.Contains(step.Needs, cases.NeedSeverity) {
		flags.StringVar(&f.severity, "severity", "", "`SEVERITY` as it is ruled: general, serious or major")
	}
}

// hazardExample gives a command line of a hazard's step.
func hazardExample(step *cases.Step) string {
	line := "  onedoor hazard " + step.Name
	if step.From[0] == 0 {
		line += " --door DOOR_ID --code gas"
	} else {
		line += " HAZARD_ID"
	}
	for need, with := range map[string]string{
		cases.NeedDate: " --deadline 2026-06-03T18:00:00+08:00", cases.NeedDepartment: " --to 住建局", cases.NeedSeverity: " --severity major",
	} {
		if slices.Contains(step.Needs, need) {
			line += with
		}
	}
	if step.Reason {
		line += " --reason 不属本部门"
	}
	return line + " --token-file me.token"
}

// hazardFields gathers what is written with a hazard's step.
func (f *stepFlags) hazardFields(client *client) (*recordv1.Hazard, error) {
	out := &recordv1.Hazard{}
	if f.set != "" {
		v, err := client.values()
		if err != nil {
			return nil, err
		}
		if err := f.given(v, kindOf(recordv1.Kind_KIND_HAZARD), out); err != nil {
			return nil, err
		}
	}
	door, err := optionalID("--door", f.door)
	if err != nil {
		return nil, err
	}
	if door != nil {
		out.PremisesId = door
	}
	deadline, err := optionalTime("--deadline", f.due)
	if err != nil {
		return nil, err
	}
	if deadline != 0 {
		out.Deadline = proto.Int64(deadline)
	}
	if f.to != "" {
		out.HandedOverTo = proto.String(f.to)
	}
	return out, f.hazardNames(out)
}

// hazardNames adds what is given by its short name.
func (f *stepFlags) hazardNames(out *recordv1.Hazard) error {
	var code recordv1.HazardCode
	if err := named(recordv1.HazardCode_value, "HAZARD_CODE_", "--code", f.code, &code); err != nil {
		return err
	}
	if code != 0 {
		out.Code = code.Enum()
	}
	var severity recordv1.Severity
	if err := named(recordv1.Severity_value, "SEVERITY_", "--severity", f.severity, &severity); err != nil {
		return err
	}
	if severity != 0 {
		out.SeverityRuled = severity.Enum()
	}
	return nil
}

func (a *app) hazardList() *cobra.Command {
	req := &adminv1.ListCasesRequest{Kind: recordv1.Kind_KIND_HAZARD}
	var state, code, severity string
	c := &cobra.Command{
		Use: "list", Short: "List hazards, what is due first in front", Args: cobra.NoArgs,
		Long: `Inboxes: all (not re-checked and not closed; with --state those of that
state), mine (that the user registered),
overdue, department (handed over to the user's department), flagged (that lack
something).`,
		Example: "  onedoor hazard list --inbox department --token-file department.token",
	}
	f := c.Flags()
	f.StringVar(&req.Inbox, "inbox", "all", "which `INBOX`")
	f.StringVar(&state, "state", "", "only hazards in this `STATE`, such as handed_over")
	f.StringVar(&code, "code", "", "only hazards of this `CODE`, such as gas")
	f.StringVar(&severity, "severity", "", "only hazards of this `SEVERITY`: general, serious or major")
	f.Uint32Var(&req.Limit, "limit", 500, "greatest `NUMBER` of hazards, at most 500")
	f.Uint32Var(&req.Skip, "skip", 0, "leave out the first `NUMBER`")
	c.RunE = a.asking(func(client *client, _ []string) error {
		if err := named(recordv1.HazardState_value, "HAZARD_STATE_", "--state", strings.ToUpper(state), &req.HazardState); err != nil {
			return err
		}
		if err := named(recordv1.HazardCode_value, "HAZARD_CODE_", "--code", code, &req.Code); err != nil {
			return err
		}
		if err := named(recordv1.Severity_value, "SEVERITY_", "--severity", severity, &req.Severity); err != nil {
			return err
		}
		m, err := client.ListCases(client.ctx, req)
		if err != nil {
			return err
		}
		return a.printCases(client, m)
	})
	return c
}
