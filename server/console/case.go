package console

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	cases "onedoor/domain/casework"
	"onedoor/internal/casefile"
	"onedoor/internal/casesheet"
)

// party is one side of a case with what may be read of it.
type party struct {
	Alias        string
	Consent      string
	Organisation bool
	Name, Phone  string
}

// caseData is what the page of a case shows.
type caseData struct {
	Case      *adminv1.Case
	Dispute   *recordv1.Dispute
	Parties   []party
	Facts     []fact
	Steps     []stepButton
	Main      []stepButton
	Directory *directory
	NowMs     int64
	Flash     string
	Reasons   []string
}

// fact is a line of what is known of a case.
type fact struct{ Name, Value string }

// stepButton is a step that may be taken now.
type stepButton struct {
	Name, Label string
}

// showCase asks for a case as its reader may see it.
func (v *visit) showCase(id []byte) (*adminv1.Case, *recordv1.Dispute, error) {
	out, err := call(v, v.c.o.Admin.ShowCase, &adminv1.ShowCaseRequest{CaseId: id})
	if err != nil {
		return nil, nil, err
	}
	d := &recordv1.Dispute{}
	return out.GetCase(), d, proto.Unmarshal(out.GetCase().GetFields(), d)
}

// casePage shows a case.
func (v *visit) casePage() error {
	id, err := v.pathID("id")
	if err != nil {
		return err
	}
	m, d, err := v.showCase(id)
	if err != nil {
		return err
	}
	data := &caseData{Case: m, Dispute: d, Parties: v.parties(d), NowMs: v.c.o.Now().UnixMilli(), Flash: v.doneWords()}
	if data.Directory, err = v.directory(); err != nil {
		return err
	}
	data.Facts = v.facts(d, data.Directory)
	data.Steps, data.Main = v.stepButtons(m)
	data.Reasons = m.GetProposal().GetReasonsZh()
	if v.lang == english {
		data.Reasons = m.GetProposal().GetReasonsEn()
	}
	title := d.GetTitle()
	if title == "" {
		title = v.lang.pick("案件", "Case") + " " + shortID(id)
	}
	return v.showPage("case", &view{Title: title, Section: "/cases", Data: data, Live: true})
}

// doneWords says which step was just taken.
func (v *visit) doneWords() string {
	name := v.query("done")
	if label := v.lang.step(name); name != "" && label != name {
		return fmt.Sprintf(v.lang.pick("已完成：%s。", "Done: %s."), label)
	}
	return ""
}

// parties joins what a case says of each side.
func (v *visit) parties(d *recordv1.Dispute) (out []party) {
	aliases := map[string]bool{}
	for alias := range d.GetParties() {
		aliases[alias] = true
	}
	for alias := range d.GetPartyContacts() {
		aliases[alias] = true
	}
	order := []string{"甲方", "乙方", "丙方", "丁方"}
	sorted := slices.SortedFunc(maps.Keys(aliases), func(a, b string) int {
		i, j := slices.Index(order, a), slices.Index(order, b)
		if i >= 0 && j >= 0 {
			return i - j
		}
		return slices.Compare([]rune(a), []rune(b))
	})
	for _, alias := range sorted {
		p := d.GetParties()[alias]
		contact := d.GetPartyContacts()[alias]
		out = append(out, party{
			Alias: alias, Consent: v.lang.word(consents, int32(p.GetConsent())), Organisation: p.GetOrganisation(),
			Name: contact.GetName(), Phone: contact.GetPhone(),
		})
	}
	return out
}

// facts lists what is known of a case, without what the page shows elsewhere.
func (v *visit) facts(d *recordv1.Dispute, people *directory) (out []fact) {
	add := func(zh, en, value string) {
		if value != "" && value != "—" && value != "0" {
			out = append(out, fact{v.lang.pick(zh, en), value})
		}
	}
	add("类别", "Category", v.lang.category(d.GetCategory()))
	add("来源", "Source", v.lang.source(d.GetSource()))
	add("辖区", "Place", people.Area(d.GetTerritory()))
	add("发生时间", "Broke out", v.lang.day(d.GetOccurredAt()))
	add("规模", "Scale", v.lang.word(scales, int32(d.GetScale())))
	add("涉及人数", "People", number(d.GetPeopleCount()))
	if d.AmountFen != nil {
		add("涉及金额", "Claim", "¥"+number(d.GetAmountFen()/100))
	}
	add("风险", "Risk", v.lang.risk(d.GetRisk()))
	add("报警时间", "Police told", v.lang.time(d.GetPoliceReportedAt()))
	add("承办单位", "Organisation", d.GetOrganisation())
	for _, name := range d.GetDepartments() {
		add("联调部门", "Department", name)
	}
	add("结果", "Result", v.lang.word(results, int32(d.GetResult())))
	add("协议形式", "Agreement", v.lang.word(agreements, int32(d.GetAgreementForm())))
	add("协议生效", "In effect", v.lang.day(d.GetAgreementEffectiveOn()))
	add("司法确认", "Confirmation", v.lang.word(confirmations, int32(d.GetJudicialConfirmation())))
	add("告知其他途径", "Other ways told", v.lang.time(d.GetRemediesNotifiedAt()))
	add("回访时间", "Called back", v.lang.time(d.GetCallBackAt()))
	add("满意度", "Satisfaction", v.lang.word(satisfactions, int32(d.GetSatisfaction())))
	add("提级时间", "Escalated", v.lang.time(d.GetEscalatedAt()))
	return out
}

// mainSteps are those that carry a case on its usual way; they stand first.
var mainSteps = []string{"accept", "triage", "assign", "handle", "agree", "perform", "verify", "close", "archive", "resolve", "supervise"}

// stepButtons parts the steps that may be taken now into those of the usual way and the others.
func (v *visit) stepButtons(m *adminv1.Case) (others, main []stepButton) {
	for _, name := range mainSteps {
		if slices.Contains(m.GetSteps(), name) {
			main = append(main, stepButton{Name: name, Label: v.lang.step(name)})
		}
	}
	// What carries the case on stands before what takes it back.
	slices.SortStableFunc(main, func(a, b stepButton) int { return backward(m, a.Name) - backward(m, b.Name) })
	for _, name := range m.GetSteps() {
		if !slices.Contains(mainSteps, name) {
			others = append(others, stepButton{Name: name, Label: v.lang.step(name)})
		}
	}
	return others, main
}

// backward is 1 for a step that leads to a state before the one that the case is in, else 0.
func backward(m *adminv1.Case, name string) int {
	step, ok := cases.Disputes.Step(name)
	if ok && step.To != 0 && step.To < cases.State(m.GetState()) {
		return 1
	}
	return 0
}

// exportCase gives a case as a page to print or to keep: it leaves the house, so the call asks for a reason and notes it.
func (v *visit) exportCase() error {
	id, err := v.pathID("id")
	if err != nil {
		return err
	}
	if v.form("reason") == "" {
		return refused("请写明导出的用途，它会记入查阅台账。", "Say what the file is for; it stands in the access ledger.")
	}
	out, err := call(v, v.c.o.Admin.ExportCase, &adminv1.ExportCaseRequest{CaseId: id, Reason: v.form("reason")})
	if err != nil {
		return err
	}
	d := &recordv1.Dispute{}
	if err := proto.Unmarshal(out.GetCase().GetFields(), d); err != nil {
		return err
	}
	people, err := v.directory()
	if err != nil {
		return err
	}
	if v.form("as") == "pdf" {
		return v.casePDF(out, people.Area(d.GetTerritory()))
	}
	v.show(http.StatusOK, "casefile", &view{Title: d.GetTitle(), Section: "/cases", Data: &caseFileData{
		caseData: caseData{Case: out.GetCase(), Dispute: d, Parties: v.parties(d), Facts: v.facts(d, people), Directory: people, NowMs: out.GetAtMs()},
		Realm:    out.GetRealmName(), Seq: out.GetSeq(), Reason: v.form("reason"), By: v.me.GetUser().GetName(),
	}})
	return nil
}

// casePDF gives a case as a PDF to keep.
func (v *visit) casePDF(m *adminv1.ExportCaseResponse, place string) error {
	f, err := casesheet.Of(m, place)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := casefile.Write(&b, f); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/pdf")
	v.w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="case-%s.pdf"`, idText(m.GetCase().GetId())))
	v.w.WriteHeader(http.StatusOK)
	_, _ = v.w.Write(b.Bytes()) // A browser that has gone needs no answer.
	return nil
}

// caseFileData is a case as a file (一案一档).
type caseFileData struct {
	caseData
	Realm      string
	Seq        uint64
	Reason, By string
}
