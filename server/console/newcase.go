package console

import (
	"net/http"
	"slices"

	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	cases "onedoor/domain/casework"
)

// partyAliases are the sides that the reception form has room for. Names stand in the contacts, which are sealed.
var partyAliases = []string{"甲方", "乙方", "丙方", "丁方"}

// newCaseData is what the reception form shows.
type newCaseData struct {
	Areas      []*adminv1.Territory
	Aliases    []string
	Categories list
	Sources    list
	Scales     list
	Consents   list
	Forms      list
	// MayResolve says that the role may settle a case on the spot.
	MayResolve bool
}

// mayRegister reports a role that registers cases, by the table of steps that the call asks.
func (v *visit) mayRegister() bool { return v.may("TakeStep") && v.begins("register") }

// begins reports that the role may begin a case with a step.
func (v *visit) begins(name string) bool {
	step, ok := cases.Disputes.Step(name)
	return ok && slices.ContainsFunc(step.Who, func(w cases.Who) bool { return w.Role == domain.Role(v.role()) })
}

func (v *visit) newCasePage() error {
	m, err := v.newCaseView()
	if err != nil {
		return err
	}
	return v.showPage("newcase", m)
}

func (v *visit) newCaseView() (*view, error) {
	if !v.mayRegister() {
		return nil, &problem{status: http.StatusForbidden, ZH: "您的角色不登记案件。", EN: "Your role registers no cases."}
	}
	people, err := v.directory()
	if err != nil {
		return nil, err
	}
	d := &newCaseData{
		Areas:   people.Within(v.me.GetUser().GetTerritoryCode(), recordv1.TerritoryLevel_TERRITORY_LEVEL_GRID),
		Aliases: partyAliases, Categories: categories, Sources: sources, Scales: scales, Consents: consents, Forms: agreements,
		MayResolve: v.begins("resolve"),
	}
	return &view{Title: v.lang.pick("登记案件", "Register a case"), Section: "/cases/new", Data: d}, nil
}

// newCase registers a case, or settles it on the spot.
func (v *visit) newCase() error {
	f := v.fields()
	req := &adminv1.TakeStepRequest{Step: "register", Text: v.form("text")}
	d := stepFields(f)
	if !f.checked("on_the_spot") {
		// What belongs to a settlement may be left in the form by who changed their mind.
		d.AgreementForm, d.AgreementText = nil, nil
	} else {
		req.Step = "resolve"
	}
	v.newCaseFields(f, d)
	err := f.err
	if err == nil {
		req.Fields, err = proto.Marshal(d)
	}
	var out *adminv1.TakeStepResponse
	if err == nil {
		out, err = call(v, v.c.o.Admin.TakeStep, req)
	}
	if err == nil {
		return v.seeOther(caseAddress(out.GetCase().GetId()) + "?done=" + req.GetStep())
	}
	m, viewErr := v.newCaseView()
	if viewErr != nil {
		return viewErr
	}
	return v.showAgain(err, "newcase", m)
}

// newCaseFields reads what only the reception form has.
func (v *visit) newCaseFields(f *fields, d *recordv1.Dispute) {
	d.Title, d.Description, d.Territory = f.text("title"), f.text("description"), f.id("territory")
	d.Category, d.Source, d.Scale = chosen[recordv1.DisputeCategory](f, "category"), chosen[recordv1.DisputeSource](f, "source"), chosen[recordv1.DisputeScale](f, "scale")
	if n, ok := f.number("people"); ok {
		d.PeopleCount = proto.Uint32(uint32(min(n, 1<<31)))
	}
	if yuan, ok := f.number("yuan"); ok {
		d.AmountFen = proto.Uint64(uint64(min(yuan, 1<<50)) * 100)
	}
	if at := f.day("occurred"); at != 0 {
		d.OccurredAt = &at
	}
	if f.checked("minors") {
		d.Minors = proto.Bool(true)
	}
	for _, alias := range partyAliases {
		v.partyFields(f, d, alias)
	}
}

// partyFields reads one side: it is there once anything of it was typed.
func (v *visit) partyFields(f *fields, d *recordv1.Dispute, alias string) {
	name, phone := f.text("name."+alias), f.text("phone."+alias)
	if name == nil && phone == nil && d.Parties[alias] == nil && !f.checked("organisation."+alias) {
		return
	}
	if d.Parties[alias] == nil {
		if d.Parties == nil {
			d.Parties = map[string]*recordv1.Party{}
		}
		d.Parties[alias] = &recordv1.Party{}
	}
	if f.checked("organisation." + alias) {
		d.Parties[alias].Organisation = proto.Bool(true)
	}
	if name != nil || phone != nil {
		if d.PartyContacts == nil {
			d.PartyContacts = map[string]*recordv1.Contact{}
		}
		d.PartyContacts[alias] = &recordv1.Contact{Name: name, Phone: phone}
	}
}
