package console

import (
	"net/http"
	"net/url"
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
}

// inboxTab is one inbox with how many cases are in it.
type inboxTab struct {
	Name, Label string
	Current     bool
}

// caseLine is a case in a list.
type caseLine struct {
	*adminv1.Case
	Dispute *recordv1.Dispute
}

// casesData is what the page of cases shows.
type casesData struct {
	Tabs          []inboxTab
	Inbox         string
	Cases         []caseLine
	Total         uint32
	First, Last   int
	Newer, Older  string
	State, Clinic int32
	States        list
	Clinics       list
	Directory     *directory
	MayRegister   bool
}

// inboxes are the lists of cases, in the order of the day's work.
func (v *visit) inboxes() []inboxTab {
	return []inboxTab{
		{Name: "all", Label: v.lang.pick("全部", "All")},
		{Name: "desk", Label: v.lang.pick("待受理", "To accept")},
		{Name: "dispatch", Label: v.lang.pick("待分流", "To dispatch")},
		{Name: "mine", Label: v.lang.pick("我的", "Mine")},
		{Name: "overdue", Label: v.lang.pick("已超期", "Overdue")},
		{Name: "follow-up", Label: v.lang.pick("待回访", "To follow up")},
	}
}

// casesPage lists an inbox.
func (v *visit) casesPage() error {
	d := &casesData{Tabs: v.inboxes(), Inbox: v.query("inbox"), Clinics: clinics, States: states, MayRegister: v.mayRegister()}
	if d.Inbox == "" {
		d.Inbox = "all"
	}
	for i := range d.Tabs {
		d.Tabs[i].Current = d.Tabs[i].Name == d.Inbox
	}
	skip := queryNumber(v, "skip")
	d.State, d.Clinic = int32(queryNumber(v, "state")), int32(queryNumber(v, "clinic"))
	out, err := call(v, v.c.o.Admin.ListCases, &adminv1.ListCasesRequest{
		Inbox: d.Inbox, State: recordv1.DisputeState(d.State), Clinic: recordv1.Clinic(d.Clinic), Limit: casesPerPage, Skip: uint32(skip),
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
	d.Total, d.First, d.Last = out.GetTotal(), skip+1, skip+len(d.Cases)
	if skip > 0 {
		d.Newer = v.skipping(max(0, skip-casesPerPage))
	}
	if d.Last < int(d.Total) {
		d.Older = v.skipping(skip + casesPerPage)
	}
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

// skipping gives the address of another part of the list.
func (v *visit) skipping(skip int) string {
	q := v.r.URL.Query()
	q.Set("skip", strconv.Itoa(skip))
	return v.r.URL.Path + "?" + q.Encode()
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
