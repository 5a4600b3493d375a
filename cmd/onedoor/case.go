package main

import (
	"encoding/json"
	"fmt"
	"io"
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
	"onedoor/syncengine"
)

func newCase(a *app) *cobra.Command {
	children := []*cobra.Command{a.caseList(), a.caseShow(), a.caseExport()}
	for i := range cases.Disputes.Steps {
		children = append(children, a.caseStep(&cases.Disputes.Steps[i]))
	}
	return a.reaching(command.Group("case", "Work the centre's cases: intake, triage, mediation, archive",
		`Cases are disputes. Each command below takes one step of a case; which step is
possible, and for whom, stands in docs/casework.md, and a step that is not says why
and changes nothing. All of them need the token of a user who works cases (onedoor
token, or onedoor login), not the operator's.`, children...))
}

// disputeKind is the kind of cases.
func disputeKind() *schema.Kind {
	kind, _ := schema.Load().Kind(syncengine.KindNumber(recordv1.Kind_KIND_DISPUTE))
	return kind
}

// stepFlags are what a step is asked with.
type stepFlags struct {
	set, text, clinic, mediator, with, until, forUser, due, territory, title, to string
	days                                                                         uint32
	told                                                                         bool
}

// caseStep makes the command of one step.
func (a *app) caseStep(step *cases.Step) *cobra.Command {
	makes := slices.Contains(step.From, 0)
	use, args := step.Name+" CASE", cobra.ExactArgs(1)
	if makes {
		use, args = step.Name+" [CASE]", cobra.MaximumNArgs(1)
	}
	if len(step.From) == 1 && makes {
		use, args = step.Name, cobra.NoArgs
	}
	c := &cobra.Command{Use: use, Short: strings.ToUpper(step.EN[:1]) + step.EN[1:] + " (" + step.ZH + ")", Args: args, Long: stepLong(step), Example: stepExample(step)}
	f := &stepFlags{}
	f.add(c, step)
	c.RunE = a.asking(func(client *client, args []string) error {
		req, err := f.request(client, step, args)
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
func stepLong(step *cases.Step) string {
	var b strings.Builder
	var from []string
	for _, state := range step.From {
		if state == 0 {
			from = append(from, "a case that it makes")
			continue
		}
		_, en := cases.Disputes.StateWords(state)
		from = append(from, en)
	}
	fmt.Fprintf(&b, "Possible from: %s.\n", strings.Join(from, ", "))
	if step.To != 0 {
		_, en := cases.Disputes.StateWords(step.To)
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
func (f *stepFlags) add(c *cobra.Command, step *cases.Step) {
	flags := c.Flags()
	flags.StringVar(&f.set, "set", "", "`JSON` of further fields, as docs/cli.md writes records")
	flags.StringVar(&f.text, "reason", "", "`TEXT` that says why, or what happened")
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
func (f *stepFlags) request(client *client, step *cases.Step, args []string) (*adminv1.TakeStepRequest, error) {
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
	fields, err := f.fields(client)
	if err != nil {
		return nil, err
	}
	req.Fields, err = proto.Marshal(fields)
	return req, err
}

// fields gathers what is written with the step.
func (f *stepFlags) fields(client *client) (*recordv1.Dispute, error) {
	out := &recordv1.Dispute{}
	if f.set != "" || f.territory != "" {
		values, err := client.values()
		if err != nil {
			return nil, err
		}
		text := f.set
		if text == "" {
			text = "{}"
		}
		patch, err := recordjson.Decode(disputeKind(), []byte(text), values.places)
		if err != nil {
			return nil, command.Misused("--set: %v", err)
		}
		if len(patch.Cleared) > 0 || patch.Message == nil {
			return nil, command.Misused("--set: a step writes fields and clears none")
		}
		proto.Merge(out, patch.Message)
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

// clockJSON is the clock of a case.
type clockJSON struct {
	State string `json:"state"`
	UsedS int64  `json:"used_s"`
	LeftS int64  `json:"left_s"`
}

// timelineJSON is one entry of a timeline.
type timelineJSON struct {
	ID    string          `json:"id,omitempty"`
	What  string          `json:"what"`
	At    json.RawMessage `json:"at"`
	By    string          `json:"by,omitempty"`
	Name  string          `json:"name,omitempty"`
	Text  string          `json:"text,omitempty"`
	Until json.RawMessage `json:"until,omitempty"`
	Days  uint32          `json:"days,omitempty"`
}

// caseTaskJSON is a task about a case.
type caseTaskJSON struct {
	ID    string          `json:"id"`
	What  string          `json:"what"`
	Due   json.RawMessage `json:"due"`
	Why   string          `json:"why,omitempty"`
	State string          `json:"state"`
	For   string          `json:"for,omitempty"`
	Name  string          `json:"name,omitempty"`
}

// proposalJSON is the clinic that a rule proposes.
type proposalJSON struct {
	Clinic    string   `json:"clinic"`
	ReasonsZH []string `json:"reasons_zh"`
	ReasonsEN []string `json:"reasons_en"`
}

// caseFields writes the record's fields, with the deadline that counts in place of the stored one.
func caseFields(v values, m *adminv1.Case) (recordjson.Object, error) {
	fields, err := recordjson.EncodeFields(disputeKind(), m.GetFields(), v.places)
	if err != nil {
		return nil, err
	}
	out := recordjson.Object{}.With(recordjson.NameID, idText(m.GetId()))
	for _, member := range fields {
		if member.Name != "deadline" {
			out = append(out, member)
		}
	}
	if _, told := out.Get("state"); !told {
		out = out.With("state", strings.ToUpper(short(m.GetState())))
	}
	if t := m.GetTiming(); t != nil {
		out = out.With("deadline", command.TimeJSON(t.GetDeadlineMs())).
			With("clock", clockJSON{t.GetClock(), t.GetUsedS(), t.GetLeftS()}).With("phase", t.GetPhase()).With("term", t.GetTerm())
		if len(t.GetMissingYears()) > 0 {
			out = out.With("provisional_for_want_of", t.GetMissingYears())
		}
	} else {
		out = out.With("deadline", nil).With("clock", nil)
	}
	return out, nil
}

// caseJSON is what `case show --json` prints.
func caseJSON(v values, m *adminv1.Case) (recordjson.Object, error) {
	out, err := caseFields(v, m)
	if err != nil {
		return nil, err
	}
	timeline := make([]timelineJSON, 0, len(m.GetTimeline()))
	for _, e := range m.GetTimeline() {
		line := timelineJSON{
			ID: idText(e.GetId()), What: short(e.GetWhat()), At: command.TimeJSON(e.GetAtMs()), By: idText(e.GetActorId()),
			Name: e.GetActorName(), Text: e.GetText(), Days: e.GetDays(),
		}
		if e.GetUntilMs() != 0 {
			line.Until = command.TimeJSON(e.GetUntilMs())
		}
		timeline = append(timeline, line)
	}
	tasks := make([]caseTaskJSON, 0, len(m.GetTasks()))
	for _, t := range m.GetTasks() {
		tasks = append(tasks, caseTaskJSON{
			idText(t.GetId()), t.GetWhat(), command.TimeJSON(t.GetDueMs()), t.GetWhy(), short(t.GetState()), idText(t.GetUserId()), t.GetUserName(),
		})
	}
	out = out.With("timeline", timeline).With("tasks", tasks).With("steps", append([]string{}, m.GetSteps()...))
	if p := m.GetProposal(); p != nil {
		out = out.With("proposal", proposalJSON{short(p.GetClinic()), p.GetReasonsZh(), p.GetReasonsEn()})
	}
	return out, nil
}

// printCase prints a case as text or JSON.
func (a *app) printCase(client *client, m *adminv1.Case) error {
	v, err := client.values()
	if err != nil {
		return err
	}
	object, err := caseJSON(v, m)
	if err != nil {
		return err
	}
	return a.Print(object, func(w io.Writer) { writeCase(w, m) })
}

// writeCase writes a case for people.
func writeCase(w io.Writer, m *adminv1.Case) {
	d := &recordv1.Dispute{}
	_ = proto.Unmarshal(m.GetFields(), d) // It was decoded before; what cannot be is left out.
	zh, en := cases.Disputes.StateWords(cases.State(m.GetState()))
	fmt.Fprintf(w, "%s  %s\n%s (%s)%s\n", idText(m.GetId()), command.Printable(d.GetTitle()), zh, en, clockWords(m.GetTiming()))
	if p := m.GetProposal(); p != nil && d.GetClinic() == 0 {
		fmt.Fprintf(w, "proposed clinic: %s: %s\n", short(p.GetClinic()), strings.Join(p.GetReasonsZh(), "；"))
	}
	t := command.Table{}
	for _, e := range m.GetTimeline() {
		what, _ := cases.EventKind(e.GetWhat()).Words()
		t.Add(command.TimeText(e.GetAtMs()), what, orDash(e.GetActorName()), e.GetText())
	}
	t.Write(w)
	for _, task := range m.GetTasks() {
		fmt.Fprintf(w, "task %s: %s, due %s, %s\n", idText(task.GetId()), command.Printable(task.GetWhat()), command.TimeText(task.GetDueMs()), short(task.GetState()))
	}
	if len(m.GetSteps()) > 0 {
		fmt.Fprintf(w, "possible now: %s\n", strings.Join(m.GetSteps(), " "))
	}
}

// clockWords says how much time is left.
func clockWords(t *adminv1.CaseTiming) string {
	if t == nil {
		return ""
	}
	left := time.Duration(t.GetLeftS()) * time.Second
	switch t.GetClock() {
	case "overdue":
		return fmt.Sprintf(", overdue since %s (by %s)", command.TimeText(t.GetDeadlineMs()), daysWords(-left))
	case "paused":
		return fmt.Sprintf(", the clock is paused, %s left", daysWords(left))
	case "stopped":
		return ", the clock has stopped"
	}
	return fmt.Sprintf(", due %s (%s left)", command.TimeText(t.GetDeadlineMs()), daysWords(left))
}

func daysWords(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day {
		return fmt.Sprintf("%dd %dh", d/day, d%day/time.Hour)
	}
	return fmt.Sprintf("%dh %dm", d/time.Hour, d%time.Hour/time.Minute)
}

func (a *app) caseList() *cobra.Command {
	var inbox, state, clinic string
	var limit, skip uint32
	c := &cobra.Command{
		Use: "list", Short: "List an inbox, what is due first in front", Args: cobra.NoArgs,
		Long: `Inboxes: all (not archived), desk (to be accepted or declined), dispatch (waiting
for a clinic or for somebody), mine (that the user registered, mediates or takes
part in), overdue, follow-up (agreements to be performed, cases to be called back).
Lists show no contacts.`,
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
	t.Add("ID", "TITLE", "STATE", "CLINIC", "DUE", "CLOCK")
	for _, one := range m.GetCases() {
		object, err := caseFields(v, one)
		if err != nil {
			return err
		}
		list = append(list, object)
		d := &recordv1.Dispute{}
		if err := proto.Unmarshal(one.GetFields(), d); err != nil {
			return err
		}
		due, clock := "-", "-"
		if timing := one.GetTiming(); timing != nil {
			due, clock = command.TimeText(timing.GetDeadlineMs()), timing.GetClock()
		}
		t.Add(idText(one.GetId()), orDash(d.GetTitle()), short(one.GetState()), orDash(short(d.GetClinic())), due, clock)
	}
	return a.Print(map[string]any{"cases": list, "total": m.GetTotal()}, func(w io.Writer) {
		t.Write(w)
		if int(m.GetTotal()) > len(list) {
			fmt.Fprintf(w, "%d of %d; --skip and --limit show others\n", len(list), m.GetTotal())
		}
	})
}
