package console

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"

	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	cases "onedoor/domain/casework"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// hazardLine is a hazard in a list.
type hazardLine struct {
	*adminv1.Case
	Hazard *recordv1.Hazard
	// Label is the address of its door; its own code where that may not be read.
	Label string
	// Timing is its deadline as a clock shows it; nil for none.
	Timing *adminv1.CaseTiming
}

// hazardsData is what the page of hazards shows.
type hazardsData struct {
	pager
	Tabs                  []inboxTab
	Inbox                 string
	Hazards               []hazardLine
	Total                 *listTotal
	Code, Severity, State int32
	Codes                 list
	Severities            list
	States                list
	Directory             *directory
}

// readsHazards reports a role that reads hazards, by the rules that the call asks.
func (v *visit) readsHazards() bool {
	return v.may("ListCases") && schema.Load().Access.ReadClasses(syncengine.KindNumber(recordv1.Kind_KIND_HAZARD), schema.RolesOf(uint32(v.role()))) != 0
}

// hazardsPage lists hazards, what is due first in front.
func (v *visit) hazardsPage() error {
	d := &hazardsData{Inbox: orElse(v.query("inbox"), "all"), Codes: hazardCodes, Severities: severities, States: hazardStates}
	d.Tabs = v.inboxes(d.Inbox, "all", "department", "mine", "overdue", "flagged")
	d.Code, d.Severity, d.State = int32(queryNumber(v, "code")), int32(queryNumber(v, "severity")), int32(queryNumber(v, "state"))
	out, err := call(v, v.c.o.Admin.ListCases, &adminv1.ListCasesRequest{
		Inbox: d.Inbox, Kind: recordv1.Kind_KIND_HAZARD, Code: recordv1.HazardCode(d.Code), Severity: recordv1.Severity(d.Severity),
		HazardState: recordv1.HazardState(d.State), Limit: casesPerPage, PageToken: v.pageToken(),
	})
	if err != nil {
		return err
	}
	for _, m := range out.GetCases() {
		line, err := v.hazardLine(m)
		if err != nil {
			return err
		}
		d.Hazards = append(d.Hazards, line)
	}
	if d.Directory, err = v.directory(); err != nil {
		return err
	}
	d.Total, d.pager = v.totalOf(out), v.pagerTo(out.GetNextPageToken())
	return v.showPage("hazards", &view{Title: v.lang.pick("隐患", "Hazards"), Section: "/hazards", Data: d, Live: true})
}

// hazardLine reads a hazard of a list.
func (v *visit) hazardLine(m *adminv1.Case) (hazardLine, error) {
	z := &recordv1.Hazard{}
	err := proto.Unmarshal(m.GetFields(), z)
	return hazardLine{Case: m, Hazard: z, Label: v.hazardLabel(m), Timing: v.hazardTiming(z)}, err
}

// hazardLabel says where a hazard is.
func (v *visit) hazardLabel(m *adminv1.Case) string {
	return cmp.Or(m.GetLabel(), v.lang.pick("隐患 ", "hazard ")+shortID(m.GetId()))
}

// hazardTiming makes a clock of a hazard's deadline, which is a day and has no pauses.
func (v *visit) hazardTiming(z *recordv1.Hazard) *adminv1.CaseTiming {
	if z.GetDeadline() == 0 {
		return nil
	}
	out := &adminv1.CaseTiming{DeadlineMs: z.GetDeadline(), Clock: "running", LeftS: (z.GetDeadline() - v.c.o.Now().UnixMilli()) / 1000}
	switch {
	case cases.Hazards.Done(cases.State(z.GetState())):
		out.Clock = "stopped"
	case out.GetLeftS() < 0:
		out.Clock = "overdue"
	}
	return out
}

// hazardAddress is the page of a hazard.
func hazardAddress(id []byte) string { return "/hazards/" + url.PathEscape(idText(id)) }

// hazardData is what the page of a hazard, and that of one of its steps, shows.
type hazardData struct {
	hazardLine
	Facts       []fact
	Main, Steps []stepButton
	Directory   *directory
	Flash       string
	// Step is the step whose form is shown.
	Step          *cases.Step
	StepLabel     string
	Needs         map[string]bool
	SeverityTexts list
}

// showHazard asks for a hazard as its reader may see it.
func (v *visit) showHazard() (*view, *hazardData, error) {
	id, err := v.pathID("id")
	if err != nil {
		return nil, nil, err
	}
	out, err := call(v, v.c.o.Admin.ShowCase, &adminv1.ShowCaseRequest{CaseId: id})
	if err != nil {
		return nil, nil, err
	}
	if out.GetCase().GetKind() != recordv1.Kind_KIND_HAZARD {
		return nil, nil, errNoPage
	}
	d := &hazardData{}
	if d.hazardLine, err = v.hazardLine(out.GetCase()); err != nil {
		return nil, nil, err
	}
	if d.Directory, err = v.directory(); err != nil {
		return nil, nil, err
	}
	d.Facts, err = v.hazardFacts(d)
	return &view{Title: v.lang.hazardCode(d.Hazard.GetCode()) + " · " + d.Label, Section: "/hazards", Data: d}, d, err
}

// hazardPage shows a hazard.
func (v *visit) hazardPage() error {
	m, d, err := v.showHazard()
	if err != nil {
		return err
	}
	steps := d.GetSteps()
	slices.SortStableFunc(steps, func(a, b string) int { return hazardOrder(a) - hazardOrder(b) })
	for _, name := range steps {
		step, ok := cases.Hazards.Step(name)
		if !ok || slices.Contains(step.Needs, cases.NeedVisit) && len(d.Hazard.GetVisitId()) == 0 {
			continue // What belongs to a visit is noted on the phone that makes it.
		}
		b := stepButton{Name: name, Label: v.lang.pick(step.ZH, step.EN)}
		if step.Event == cases.EventNoted || step.Name == "recur" {
			d.Steps = append(d.Steps, b)
		} else {
			d.Main = append(d.Main, b)
		}
	}
	if step, ok := cases.Hazards.Step(v.query("done")); ok {
		d.Flash = fmt.Sprintf(v.lang.pick("已完成：%s。", "Done: %s."), v.lang.pick(step.ZH, step.EN))
	}
	m.Live = true
	return v.showPage("hazard", m)
}

// usualSteps are a hazard's steps in the order in which a desk thinks of them; the first that is open is the one to take.
var usualSteps = []string{"acknowledge", "recheck", "close", "notify", "hand-over", "rectify", "rule", "recheck-fails", "send-back", "fix"}

func hazardOrder(step string) int {
	if i := slices.Index(usualSteps, step); i >= 0 {
		return i
	}
	return len(usualSteps)
}

// hazardFacts lists what is known of a hazard.
func (v *visit) hazardFacts(d *hazardData) (out []fact, err error) {
	z := d.Hazard
	add := func(zh, en, value string) {
		if value != "" && value != "—" {
			out = append(out, fact{v.lang.pick(zh, en), value})
		}
	}
	add("类型", "Code", v.lang.hazardCode(z.GetCode()))
	if z.GetSeverityFound() != 0 {
		add("发现时等级", "Severity as found", v.lang.word(severities, int32(z.GetSeverityFound())))
	}
	if z.GetSeverityRuled() != 0 {
		add("判定等级", "Severity as ruled", v.lang.word(severities, int32(z.GetSeverityRuled())))
	}
	if z.GetDisposal() != 0 {
		add("处置", "Disposal", v.lang.word(disposals, int32(z.GetDisposal())))
	}
	add("移交给", "Handed over to", z.GetHandedOverTo())
	add("辖区", "Place", d.Directory.Area(d.GetTerritoryId()))
	add("发现时间", "Found", v.lang.time(z.GetFoundAt()))
	name, err := d.Directory.Person(z.GetRegisteredBy())
	add("登记人", "Registered by", name)
	return out, err
}

// hazardStepPage shows the form of a hazard's step.
func (v *visit) hazardStepPage() error {
	m, err := v.hazardStepView()
	if err != nil {
		return err
	}
	return v.showPage("hazardstep", m)
}

func (v *visit) hazardStepView() (*view, error) {
	step, ok := cases.Hazards.Step(v.r.PathValue("step"))
	if !ok {
		return nil, errNoPage
	}
	m, d, err := v.showHazard()
	if err != nil {
		return nil, err
	}
	d.Step, d.StepLabel, d.SeverityTexts = step, v.lang.pick(step.ZH, step.EN), severities
	d.Needs = map[string]bool{}
	for _, need := range step.Needs {
		d.Needs[need] = true
	}
	m.Title = d.StepLabel + " · " + d.Label
	return m, nil
}

// takeHazardStep takes a step of a hazard and shows it as it stands then.
func (v *visit) takeHazardStep() error {
	id, err := v.pathID("id")
	if err != nil {
		return err
	}
	f := v.fields()
	z := &recordv1.Hazard{SeverityRuled: chosen[recordv1.Severity](f, "severity"), HandedOverTo: f.text("to")}
	if at := f.minute("deadline"); at != 0 {
		z.Deadline = &at
	}
	req := &adminv1.TakeStepRequest{Kind: recordv1.Kind_KIND_HAZARD, CaseId: id, Step: v.r.PathValue("step"), Text: v.form("text")}
	if err = f.err; err == nil {
		req.Fields, err = proto.Marshal(z)
	}
	if err == nil {
		_, err = call(v, v.c.o.Admin.TakeStep, req)
	}
	if err == nil {
		return v.seeOther(hazardAddress(id) + "?done=" + url.QueryEscape(req.GetStep()))
	}
	m, viewErr := v.hazardStepView()
	if viewErr != nil {
		return err
	}
	return v.showAgain(err, "hazardstep", m)
}
