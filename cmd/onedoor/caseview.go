package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	cases "onedoor/domain/casework"
	"onedoor/internal/casesheet"
	"onedoor/internal/command"
	"onedoor/internal/recordjson"
)

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

// hazardLinkJSON is a hazard that came back, or came back as another one.
type hazardLinkJSON struct {
	ID       string          `json:"id"`
	PutRight json.RawMessage `json:"put_right"`
	Found    json.RawMessage `json:"found"`
}

func hazardLinkOf(l *adminv1.HazardLink) hazardLinkJSON {
	return hazardLinkJSON{idText(l.GetHazardId()), command.TimeJSON(l.GetPutRightMs()), command.TimeJSON(l.GetFoundMs())}
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
	out = out.With("people", peopleJSON(m)).With("timeline", timeline).With("tasks", tasks).With("steps", append([]string{}, m.GetSteps()...))
	if m.GetKind() != recordv1.Kind_KIND_HAZARD {
		out = out.With("brings_in", bringsInOf(m))
	}
	if l := m.GetRepeats(); l != nil {
		out = out.With("repeats", hazardLinkOf(l))
	}
	if len(m.GetRepeatedBy()) > 0 {
		by := make([]hazardLinkJSON, 0, len(m.GetRepeatedBy()))
		for _, l := range m.GetRepeatedBy() {
			by = append(by, hazardLinkOf(l))
		}
		out = out.With("repeated_by", by)
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
	if at := hazardOf(m).GetDoorAddress(); at != "" {
		fmt.Fprintf(w, "at: %s\n", command.Printable(at))
	}
	if l := m.GetRepeats(); l != nil {
		fmt.Fprintf(w, "repeats: %s, put right %s\n", idText(l.GetHazardId()), command.TimeText(l.GetPutRightMs()))
	}
	for _, l := range m.GetRepeatedBy() {
		fmt.Fprintf(w, "came back as: %s, found %s\n", idText(l.GetHazardId()), command.TimeText(l.GetFoundMs()))
	}
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
	writePeople(w, m)
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

// writePeople writes who has to do with a case, by role.
func writePeople(w io.Writer, m *adminv1.Case) {
	t := command.Table{}
	for _, p := range m.GetPeople() {
		role := domain.Role(p.GetRole())
		t.Add(casesheet.Relation(p.GetRelation()), role.LabelZH(), "("+role.LabelEN()+")", p.GetName())
	}
	t.Write(w)
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

// caseTitle names a case in a line: a dispute by its title, a hazard by what is wrong, and where while a department has it.
func caseTitle(m *adminv1.Case) string {
	if m.GetKind() != recordv1.Kind_KIND_HAZARD {
		return disputeOf(m).GetTitle()
	}
	z := hazardOf(m)
	return strings.Join(strings.Fields(short(z.GetCode())+" "+z.GetHandedOverTo()+" "+z.GetDoorAddress()), " ")
}

// flagWords counts what a case lacks.
func flagWords(m *adminv1.Case) string {
	if n := len(m.GetFlags()); n > 0 {
		return fmt.Sprint(n)
	}
	return "-"
}
