package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
)

// casesPerPage is what is looked through at one go.
const casesPerPage = 50

func (c *Console) workRoutes(m *http.ServeMux) {
	c.page(m, "GET /overview", (*visit).overviewPage)
	c.page(m, "GET /reports", (*visit).reportsPage)
	c.page(m, "GET /reports/file", (*visit).reportFile)
	c.page(m, "GET /cases", (*visit).casesPage)
	c.page(m, "GET /cases/new", (*visit).newCasePage)
	c.page(m, "POST /cases/new", (*visit).newCase)
	c.page(m, "GET /cases/{id}", (*visit).casePage)
	c.page(m, "POST /cases/{id}/export", (*visit).exportCase)
	c.page(m, "GET /cases/{id}/steps/{step}", (*visit).stepPage)
	c.page(m, "POST /cases/{id}/steps/{step}", (*visit).takeStep)
	c.page(m, "GET /hazards", (*visit).hazardsPage)
	c.page(m, "GET /hazards/{id}", (*visit).hazardPage)
	c.page(m, "GET /hazards/{id}/steps/{step}", (*visit).hazardStepPage)
	c.page(m, "POST /hazards/{id}/steps/{step}", (*visit).takeHazardStep)
}

// inboxTab is one inbox.
type inboxTab struct {
	Name, Label string
	Current     bool
}

// inboxLabels are the inboxes in the order of the day's work.
var inboxLabels = []struct{ name, zh, en string }{
	{"all", "全部", "All"}, {"department", "本部门", "My department's"}, {"desk", "待受理", "To accept"}, {"dispatch", "待分流", "To dispatch"},
	{"mine", "我的", "Mine"}, {"overdue", "已超期", "Overdue"}, {"follow-up", "待回访", "To follow up"}, {"flagged", "待补正", "To make good"},
}

// inboxes gives the tabs of the named inboxes. A department's own is for those who work for one; what everybody is to dispatch or
// to call back is not for them.
func (v *visit) inboxes(current string, names ...string) (out []inboxTab) {
	department := v.role() == recordv1.Role_ROLE_DEPARTMENT
	hidden := []string{"department"}
	if department {
		hidden = []string{"desk", "dispatch", "follow-up"}
	}
	for _, i := range inboxLabels {
		if slices.Contains(names, i.name) && !slices.Contains(hidden, i.name) {
			out = append(out, inboxTab{Name: i.name, Label: v.lang.pick(i.zh, i.en), Current: i.name == current})
		}
	}
	return out
}

// caseLine is a case in a list.
type caseLine struct {
	*adminv1.Case
	Dispute *recordv1.Dispute
}

// casesData is what the page of cases shows.
type casesData struct {
	pager
	Tabs          []inboxTab
	Inbox         string
	Cases         []caseLine
	Total         *listTotal
	State, Clinic int32
	States        list
	Clinics       list
	Directory     *directory
	MayRegister   bool
}

// listTotal says how many cases a list holds; of the first page only.
type listTotal struct {
	N    uint32
	More bool
}

// totalOf gives the total of a page; nil for a page that is not the first.
func (v *visit) totalOf(out *adminv1.ListCasesResponse) *listTotal {
	if v.query("after") != "" {
		return nil
	}
	return &listTotal{out.GetTotal(), out.GetMoreThanTotal()}
}

// casesPage lists an inbox.
func (v *visit) casesPage() error {
	d := &casesData{Inbox: orElse(v.query("inbox"), "all"), Clinics: clinics, States: states, MayRegister: v.mayRegister()}
	d.Tabs = v.inboxes(d.Inbox, "all", "department", "desk", "dispatch", "mine", "overdue", "follow-up", "flagged")
	d.State, d.Clinic = int32(queryNumber(v, "state")), int32(queryNumber(v, "clinic"))
	out, err := call(v, v.c.o.Admin.ListCases, &adminv1.ListCasesRequest{
		Inbox: d.Inbox, Kind: recordv1.Kind_KIND_DISPUTE, State: recordv1.DisputeState(d.State), Clinic: recordv1.Clinic(d.Clinic),
		Limit: casesPerPage, PageToken: v.pageToken(),
	})
	if err != nil {
		return err
	}
	if d.Cases, err = caseLines(out.GetCases()); err != nil {
		return err
	}
	if d.Directory, err = v.directory(); err != nil {
		return err
	}
	d.Total, d.pager = v.totalOf(out), v.pagerTo(out.GetNextPageToken())
	return v.showPage("cases", &view{Title: v.lang.pick("案件", "Cases"), Section: "/cases", Data: d, Live: true})
}

func caseLines(list []*adminv1.Case) (out []caseLine, err error) {
	for _, m := range list {
		d := &recordv1.Dispute{}
		if err := proto.Unmarshal(m.GetFields(), d); err != nil {
			return nil, err
		}
		out = append(out, caseLine{m, d})
	}
	return out, nil
}

// queryNumber gives a number of the address; 0 where there is none.
func queryNumber(v *visit, name string) int {
	n, err := strconv.ParseUint(v.query(name), 10, 31)
	if err != nil {
		return 0
	}
	return int(n)
}

// caseAddress is the page of a case.
func caseAddress(id []byte) string { return "/cases/" + url.PathEscape(idText(id)) }
