package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	cases "onedoor/domain/casework"
	"onedoor/internal/command"
	"onedoor/internal/recordjson"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

func newCase(a *app) *cobra.Command {
	children := []*cobra.Command{a.caseList(), a.caseShow(), a.caseExport(), a.caseTask()}
	for i := range cases.Disputes.Steps {
		children = append(children, a.caseStep(cases.Disputes, &cases.Disputes.Steps[i]))
	}
	return a.reaching(command.Group("case", "Work the centre's cases: intake, triage, mediation, archive",
		`Cases are disputes; hazards have commands of their own. Each command below takes one step of a case; which step is
possible, and for whom, stands in docs/casework.md, and a step that is not says why
and changes nothing. All of them need the token of a user who works cases (onedoor
token, or onedoor login), not the operator's.`, children...))
}

// kindOf is the kind of a case's record; unspecified is a dispute's.
func kindOf(number recordv1.Kind) *schema.Kind {
	if number == recordv1.Kind_KIND_UNSPECIFIED {
		number = recordv1.Kind_KIND_DISPUTE
	}
	kind, _ := schema.Load().Kind(syncengine.KindNumber(number))
	return kind
}

// disputeKind is the kind of disputes.
func disputeKind() *schema.Kind { return kindOf(recordv1.Kind_KIND_DISPUTE) }

// stateOf gives the steps of a case's kind, how far the case has come, and that state's name.
func stateOf(m *adminv1.Case) (cases.Table, cases.State, string) {
	if m.GetKind() == recordv1.Kind_KIND_HAZARD {
		return cases.Hazards, cases.State(m.GetHazardState()), short(m.GetHazardState())
	}
	return cases.Disputes, cases.State(m.GetState()), short(m.GetState())
}

func (a *app) caseShow() *cobra.Command {
	c := &cobra.Command{
		Use: "show CASE", Short: "Show a case with its clock, timeline, tasks and possible steps", Args: cobra.ExactArgs(1),
		Long:    "Shows what the token's role may read. Contacts that it shows stand in the access ledger.",
		Example: "  onedoor case show 01890a5d-ac96-774b-bcce-b302099a8057 --token-file lead.token --json",
	}
	c.RunE = a.asking(func(client *client, args []string) error {
		id, err := parseID("case", args[0])
		if err != nil {
			return err
		}
		m, err := client.ShowCase(client.ctx, &adminv1.ShowCaseRequest{CaseId: id})
		if err != nil {
			return err
		}
		return a.printCase(client, m.GetCase())
	})
	return c
}

func (a *app) caseList() *cobra.Command {
	var inbox, state, clinic string
	var limit, skip uint32
	c := &cobra.Command{
		Use: "list", Short: "List an inbox, what is due first in front", Args: cobra.NoArgs,
		Long: `Inboxes: all (not archived), desk (to be accepted or declined), dispatch (waiting
for a clinic or for somebody), mine (that the user registered, mediates or takes
part in), overdue, follow-up (agreements to be performed, cases to be called back),
department (disputes routed to the user's department and hazards handed over to it),
flagged (disputes and hazards that lack something). Lists show no contacts.`,
		Example: "  onedoor case list --inbox dispatch --token-file dispatcher.token",
	}
	f := c.Flags()
	f.StringVar(&inbox, "inbox", "all", "which `INBOX`")
	f.StringVar(&state, "state", "", "only cases in this `STATE`, such as handling")
	f.StringVar(&clinic, "clinic", "", "only cases of this `CLINIC`")
	f.Uint32Var(&limit, "limit", 500, "greatest `NUMBER` of cases, at most 500")
	f.Uint32Var(&skip, "skip", 0, "leave out the first `NUMBER`")
	c.RunE = a.asking(func(client *client, _ []string) error {
		req := &adminv1.ListCasesRequest{Inbox: inbox, Limit: limit, Skip: skip}
		if err := named(recordv1.DisputeState_value, "DISPUTE_STATE_", "--state", state, &req.State); err != nil {
			return err
		}
		if err := named(recordv1.Clinic_value, "CLINIC_", "--clinic", clinic, &req.Clinic); err != nil {
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

// named reads an enum's value by its short name; an empty text leaves it unset.
func named[E ~int32](names map[string]int32, prefix, flag, text string, out *E) error {
	if text == "" {
		return nil
	}
	number, ok := names[prefix+strings.ToUpper(text)]
	if !ok || number == 0 {
		return command.Misused("%s %q is not known: see docs/casework.md", flag, text)
	}
	*out = E(number)
	return nil
}

func (a *app) printCases(client *client, m *adminv1.ListCasesResponse) error {
	v, err := client.values()
	if err != nil {
		return err
	}
	list := make([]recordjson.Object, 0, len(m.GetCases()))
	t := command.Table{}
	t.Add("ID", "TITLE", "STATE", "CLINIC", "DUE", "CLOCK", "LACKS")
	for _, one := range m.GetCases() {
		object, err := caseFields(v, one)
		if err != nil {
			return err
		}
		list = append(list, object)
		_, _, state := stateOf(one)
		due, clock := "-", "-"
		if timing := one.GetTiming(); timing != nil {
			due, clock = command.TimeText(timing.GetDeadlineMs()), timing.GetClock()
		} else if at := hazardOf(one).GetDeadline(); at != 0 {
			due = command.TimeText(at)
		}
		t.Add(idText(one.GetId()), orDash(caseTitle(one)), state, orDash(short(disputeOf(one).GetClinic())), due, clock, flagWords(one))
	}
	return a.Print(map[string]any{"cases": list, "total": m.GetTotal(), "more_than_total": m.GetMoreThanTotal()}, func(w io.Writer) {
		t.Write(w)
		of := fmt.Sprint(m.GetTotal())
		if m.GetMoreThanTotal() {
			of = "more than " + of
		}
		if len(m.GetNextPageToken()) > 0 {
			fmt.Fprintf(w, "%d of %s; --skip and --limit show others\n", len(list), of)
		}
	})
}
