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
	// Delivered is when it reached a phone, DoneReason why a rule's task was done without anybody.
	Delivered  json.RawMessage `json:"delivered,omitempty"`
	DoneReason string          `json:"done_reason,omitempty"`
}

func caseTaskOf(t *adminv1.CaseTask) caseTaskJSON {
	out := caseTaskJSON{
		ID: idText(t.GetId()), What: t.GetWhat(), Due: command.TimeJSON(t.GetDueMs()), Why: t.GetWhy(), State: short(t.GetState()),
		For: idText(t.GetUserId()), Name: t.GetUserName(), DoneReason: t.GetDoneReason(),
	}
	if t.GetDeliveredMs() != 0 {
		out.Delivered = command.TimeJSON(t.GetDeliveredMs())
	}
	return out
}

// proposalJSON is the clinic that a rule proposes.
type proposalJSON struct {
	Clinic    string   `json:"clinic"`
	ReasonsZH []string `json:"reasons_zh"`
	ReasonsEN []string `json:"reasons_en"`
}

// caseFields writes the record's fields, with the deadline that counts in place of the stored one.
func caseFields(v values, m *adminv1.Case) (recordjson.Object, error) {
	kind := kindOf(m.GetKind())
	fields, err := recordjson.EncodeFields(kind, m.GetFields(), v.places)
	if err != nil {
		return nil, err
	}
	out := recordjson.Object{}.With(recordjson.NameID, idText(m.GetId())).With(recordjson.NameKind, kind.Name)
	for _, member := range fields {
		if member.Name != "deadline" || m.GetKind() == recordv1.Kind_KIND_HAZARD {
			out = append(out, member)
		}
	}
	if _, told := out.Get("state"); !told {
		_, _, state := stateOf(m)
		out = out.With("state", strings.ToUpper(state))
	}
	out = out.With("flags", flagsOf(m))
	if m.GetKind() == recordv1.Kind_KIND_HAZARD {
		return out, nil // Its deadline is the one that its notice gives, and no clock runs.
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

// flagJSON says what a case lacks.
type flagJSON struct {
	Rule  string `json:"rule"`
	Field string `json:"field"`
	ZH    string `json:"zh"`
	EN    string `json:"en"`
}

// caseRoleJSON is a role that the policy brings in.
type caseRoleJSON struct {
	Role   string `json:"role"`
	Joined bool   `json:"joined"`
}

func bringsInOf(m *adminv1.Case) []caseRoleJSON {
	out := make([]caseRoleJSON, 0, len(m.GetBringsIn()))
	for _, r := range m.GetBringsIn() {
		out = append(out, caseRoleJSON{short(r.GetRole()), r.GetJoined()})
	}
	return out
}

func flagsOf(m *adminv1.Case) []flagJSON {
	out := make([]flagJSON, 0, len(m.GetFlags()))
	for _, f := range m.GetFlags() {
		out = append(out, flagJSON{f.GetRule(), f.GetField(), f.GetZh(), f.GetEn()})
	}
	return out
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
		tasks = append(tasks, caseTaskOf(t))
	}
	out = out.With("timeline", timeline).With("tasks", tasks).With("steps", append([]string{}, m.GetSteps()...))
	if m.GetKind() != recordv1.Kind_KIND_HAZARD {
		out = out.With("brings_in", bringsInOf(m))
	}
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
	table, state, _ := stateOf(m)
	zh, en := table.StateWords(state)
	title, due := caseTitle(m), clockWords(m.GetTiming())
	if at := hazardOf(m).GetDeadline(); at != 0 {
		due = ", to be put right by " + command.TimeText(at)
	}
	fmt.Fprintf(w, "%s  %s\n%s (%s)%s\n", idText(m.GetId()), command.Printable(title), zh, en, due)
	for _, f := range m.GetFlags() {
		fmt.Fprintf(w, "lacks: %s\n", command.Printable(f.GetZh()))
	}
	if p := m.GetProposal(); p != nil && disputeOf(m).GetClinic() == 0 {
		fmt.Fprintf(w, "proposed clinic: %s: %s\n", short(p.GetClinic()), strings.Join(p.GetReasonsZh(), "；"))
	}
	for _, r := range m.GetBringsIn() {
		if !r.GetJoined() {
			fmt.Fprintf(w, "the clinic brings in: %s, not there yet\n", short(r.GetRole()))
		}
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
	return a.Print(map[string]any{"cases": list, "total": m.GetTotal()}, func(w io.Writer) {
		t.Write(w)
		if int(m.GetTotal()) > len(list) {
			fmt.Fprintf(w, "%d of %d; --skip and --limit show others\n", len(list), m.GetTotal())
		}
	})
}

// disputeOf and hazardOf read the record of a case; one of another kind is empty.
func disputeOf(m *adminv1.Case) *recordv1.Dispute {
	d := &recordv1.Dispute{}
	if m.GetKind() != recordv1.Kind_KIND_HAZARD {
		_ = proto.Unmarshal(m.GetFields(), d) // It was decoded before; what cannot be is left out.
	}
	return d
}

func hazardOf(m *adminv1.Case) *recordv1.Hazard {
	z := &recordv1.Hazard{}
	if m.GetKind() == recordv1.Kind_KIND_HAZARD {
		_ = proto.Unmarshal(m.GetFields(), z) // It was decoded before; what cannot be is left out.
	}
	return z
}

// caseTitle names a case in a line: a dispute by its title, a hazard by what is wrong.
func caseTitle(m *adminv1.Case) string {
	if m.GetKind() != recordv1.Kind_KIND_HAZARD {
		return disputeOf(m).GetTitle()
	}
	z := hazardOf(m)
	return strings.TrimSpace(short(z.GetCode()) + " " + z.GetHandedOverTo())
}

// flagWords counts what a case lacks.
func flagWords(m *adminv1.Case) string {
	if n := len(m.GetFlags()); n > 0 {
		return fmt.Sprint(n)
	}
	return "-"
}
