package console

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
)

// stepInputs says which parts of the form a step has, by the names of the templates in parts/inputs.html. A step that is not
// named has a text alone.
var stepInputs = map[string][]string{
	"triage": {"clinic", "risk"}, "assign": {"mediator", "participants", "departments"}, "join": {"participants", "departments"},
	"transfer": {"departments"}, "handle": {"consents"}, "agree": {"consents", "agreement"}, "fail": {"told"},
	"refuse": {"consents", "told"}, "perform": {"effective"}, "confirm": {"confirmation"}, "extend": {"days"}, "pause": {"until"},
	"supervise": {"for", "due"}, "call-back": {"answers"}, "verify": {"answers"}, "close": {"consents", "result", "agreement", "told"},
	"resolve": {"consents", "agreement"},
}

// stepData is what the page of a step shows.
type stepData struct {
	Case         *adminv1.Case
	Dispute      *recordv1.Dispute
	Step         string
	Label        string
	Inputs       []string
	Parties      []party
	Directory    *directory
	Clinics      list
	Risks        list
	Consents     list
	Results      list
	Forms        list
	Confirmation list
	Satisfaction list
	Reasons      []string
}

// stepPage shows the form of a step.
func (v *visit) stepPage() error {
	m, err := v.stepView()
	if err != nil {
		return err
	}
	return v.showPage("step", m)
}

func (v *visit) stepView() (*view, error) {
	id, err := v.pathID("id")
	if err != nil {
		return nil, err
	}
	name := v.r.PathValue("step")
	label := v.lang.step(name)
	if label == name {
		return nil, errNoPage
	}
	m, d, err := v.showCase(id)
	if err != nil {
		return nil, err
	}
	data := &stepData{
		Case: m, Dispute: d, Step: name, Label: label, Inputs: stepInputs[name], Parties: v.parties(d), Clinics: clinics, Risks: risks,
		Consents: consents, Results: results, Forms: agreements, Confirmation: confirmations, Satisfaction: satisfactions,
		Reasons: m.GetProposal().GetReasonsZh(),
	}
	if v.lang == english {
		data.Reasons = m.GetProposal().GetReasonsEn()
	}
	if data.Directory, err = v.directory(); err != nil {
		return nil, err
	}
	return &view{Title: fmt.Sprintf("%s · %s", label, d.GetTitle()), Section: "/cases", Data: data}, nil
}

// takeStep takes a step and shows the case as it stands then.
func (v *visit) takeStep() error {
	id, err := v.pathID("id")
	if err != nil {
		return err
	}
	f := v.fields()
	req := &adminv1.TakeStepRequest{
		Step: v.r.PathValue("step"), CaseId: id, Text: v.form("text"), UntilMs: f.minute("until"), RemediesTold: f.checked("told"),
		ForUserId: f.id("for"), DueMs: f.minute("due"),
	}
	days, _ := f.number("days")
	req.Days = uint32(days)
	if err = v.writeStep(req, f); err == nil {
		_, err = call(v, v.c.o.Admin.TakeStep, req)
	}
	if err == nil {
		return v.seeOther(caseAddress(id) + "?done=" + req.GetStep())
	}
	m, viewErr := v.stepView()
	if viewErr != nil {
		return err
	}
	return v.showAgain(err, "step", m)
}

// writeStep puts the fields that were typed into the request.
func (v *visit) writeStep(req *adminv1.TakeStepRequest, f *fields) (err error) {
	d := stepFields(f)
	if f.err != nil {
		return f.err
	}
	req.Fields, err = proto.Marshal(d)
	return err
}

// stepFields reads every field that a step's form may have.
func stepFields(f *fields) *recordv1.Dispute {
	d := &recordv1.Dispute{
		Clinic: chosen[recordv1.Clinic](f, "clinic"), Risk: chosen[recordv1.CaseRisk](f, "risk"), Mediator: f.id("mediator"),
		Participants: f.ids("participants"), Departments: f.texts("departments"), Result: chosen[recordv1.CaseResult](f, "result"),
		AgreementForm: chosen[recordv1.AgreementForm](f, "agreement_form"), AgreementText: f.text("agreement_text"),
		JudicialConfirmation: chosen[recordv1.JudicialConfirmation](f, "confirmation"), Responded: f.answer("responded"),
		Solved: f.answer("solved"), Satisfaction: chosen[recordv1.Satisfaction](f, "satisfaction"), Parties: consentsOf(f),
	}
	if at := f.day("effective"); at != 0 {
		d.AgreementEffectiveOn = &at
	}
	return d
}

// consentPrefix begins the fields with the parties' consent; the alias follows.
const consentPrefix = "consent."

// consentsOf reads each party's consent, with what else stands of the party.
func consentsOf(f *fields) map[string]*recordv1.Party {
	_ = f.r.PostFormValue("") // Reads the form.
	var out map[string]*recordv1.Party
	for name := range f.r.PostForm {
		alias, ok := strings.CutPrefix(name, consentPrefix)
		if !ok {
			continue
		}
		consent := chosen[recordv1.PartyConsent](f, name)
		if consent == nil {
			continue
		}
		p := &recordv1.Party{Consent: consent}
		if f.checked("organisation." + alias) {
			p.Organisation = proto.Bool(true)
		}
		if out == nil {
			out = map[string]*recordv1.Party{}
		}
		out[alias] = p
	}
	return out
}
