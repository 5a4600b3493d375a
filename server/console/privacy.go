package console

import (
	"fmt"
	"strconv"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/recordwords"
	"onedoor/syncengine"
)

// requestKinds are what a resident may ask for.
var requestKinds = list{
	{Value: 1, Words: recordwords.Words{ZH: "查阅、复制", EN: "access and copy"}}, {Value: 3, Words: recordwords.Words{ZH: "删除", EN: "deletion"}},
	{Value: 2, Words: recordwords.Words{ZH: "更正", EN: "correction"}}, {Value: 4, Words: recordwords.Words{ZH: "封存案件", EN: "sealing of a case"}},
}

type requestLine struct {
	*adminv1.PrivacyRequest
	Kind, Decided string
	Late          bool
}

type privacyData struct {
	Requests []requestLine
	Kinds    list
	MayOpen  bool
}

// privacyPage lists the requests of residents, those that are open first.
func (v *visit) privacyPage() error {
	m, err := v.privacyView()
	if err != nil {
		return err
	}
	return v.showPage("privacy", m)
}

func (v *visit) privacyView() (*view, error) {
	out, err := call(v, v.c.o.Privacy.ListRequests, &adminv1.ListRequestsRequest{})
	if err != nil {
		return nil, err
	}
	d := &privacyData{Kinds: requestKinds, MayOpen: v.may("OpenRequest")}
	var done []requestLine
	for _, q := range out.GetRequests() {
		if line := v.requestLine(q); q.GetDecision() == 0 {
			d.Requests = append(d.Requests, line)
		} else {
			done = append([]requestLine{line}, done...)
		}
	}
	d.Requests = append(d.Requests, done...)
	return &view{Title: v.lang.pick("个人信息请求", "Privacy requests"), Section: "/privacy", Data: d}, nil
}

func (v *visit) requestLine(q *adminv1.PrivacyRequest) requestLine {
	return requestLine{
		PrivacyRequest: q, Kind: v.lang.word(requestKinds, int32(q.GetKind())), Decided: v.decisionWords(q.GetDecision()),
		Late: q.GetDecision() == 0 && q.GetDeadlineMs() < v.c.o.Now().UnixMilli(),
	}
}

func (v *visit) decisionWords(d adminv1.PrivacyDecision) string {
	switch d {
	case adminv1.PrivacyDecision_PRIVACY_DECISION_UNSPECIFIED:
		return v.lang.pick("待办理", "open")
	case adminv1.PrivacyDecision_PRIVACY_DECISION_REFUSED:
		return v.lang.pick("不予办理", "refused")
	}
	return v.lang.pick("已办理", "done")
}

// openRequest writes a request down.
func (v *visit) openRequest() error {
	f := v.fields()
	req := &adminv1.OpenRequestRequest{Ask: &adminv1.Ask{Phone: v.form("phone"), IdentityCheck: v.form("identity"), RecordIds: f.ids("record")}}
	if kind := chosen[adminv1.PrivacyRequestKind](f, "kind"); kind != nil {
		req.Kind = *kind
	}
	err := f.err
	var out *adminv1.OpenRequestResponse
	if err == nil {
		out, err = call(v, v.c.o.Privacy.OpenRequest, req)
	}
	if err == nil {
		return v.seeOther(fmt.Sprintf("/privacy/%d", out.GetRequest().GetNumber()))
	}
	m, viewErr := v.privacyView()
	if viewErr != nil {
		return err
	}
	return v.showAgain(err, "privacy", m)
}

// heldCell is one value that is held of a resident.
type heldCell struct {
	Field, Text      string
	SinceMs, UntilMs int64
}

type heldRecord struct {
	Kind, Address string
	Cells         []heldCell
	Copies        []*adminv1.CopyHolder
	Looks         []*adminv1.HeldLook
	Hold          string
}

type requestData struct {
	Request   requestLine
	Directory *directory
	Held      []heldRecord
	May       bool
	// Correction is the record that is to be corrected; nil for other requests.
	Correction *correction
}

// requestPage shows one request.
func (v *visit) requestPage() error {
	m, _, err := v.requestView()
	if err != nil {
		return err
	}
	return v.showPage("request", m)
}

func (v *visit) requestView() (*view, *requestData, error) {
	number, err := strconv.ParseUint(v.r.PathValue("number"), 10, 64)
	if err != nil || number == 0 {
		return nil, nil, errNoPage
	}
	out, err := call(v, v.c.o.Privacy.ListRequests, &adminv1.ListRequestsRequest{Number: number})
	if err != nil {
		return nil, nil, err
	}
	if len(out.GetRequests()) == 0 {
		return nil, nil, errNoPage
	}
	d := &requestData{Request: v.requestLine(out.GetRequests()[0]), May: v.may("Refuse")}
	if d.Directory, err = v.directory(); err != nil {
		return nil, nil, err
	}
	if q := out.GetRequests()[0]; d.May && q.GetDecision() == 0 && q.GetKind() == adminv1.PrivacyRequestKind_PRIVACY_REQUEST_KIND_CORRECT && len(q.GetRecordIds()) == 1 {
		if d.Correction, err = v.correctionOf(q.GetRecordIds()[0]); err != nil {
			return nil, nil, err
		}
	}
	title := fmt.Sprintf(v.lang.pick("请求 %d：%s", "Request %d: %s"), number, d.Request.Kind)
	return &view{Title: title, Section: "/privacy", Data: d}, d, nil
}

// answerRequest decides a request.
func (v *visit) answerRequest() error {
	number, err := strconv.ParseUint(v.r.PathValue("number"), 10, 64)
	if err != nil {
		return errNoPage
	}
	m, d, err := v.requestView()
	if err != nil {
		return err
	}
	ask := &adminv1.Ask{Request: number, Reason: v.form("reason")}
	var held []*adminv1.HeldRecord
	switch v.form("act") {
	case "access":
		var out *adminv1.AccessResponse
		out, err = call(v, v.c.o.Privacy.Access, &adminv1.AccessRequest{Ask: ask})
		held = out.GetRecords()
	case "erase":
		_, err = call(v, v.c.o.Privacy.Erase, &adminv1.EraseRequest{Ask: ask})
	case "seal":
		_, err = call(v, v.c.o.Privacy.SealCase, &adminv1.SealCaseRequest{Ask: ask})
	case "correct":
		err = v.correct(ask, d.Request.GetRecordIds())
	case "refuse":
		_, err = call(v, v.c.o.Privacy.Refuse, &adminv1.RefuseRequest{Request: number, Reason: ask.GetReason()})
	default:
		err = refused("请选择如何办理。", "Choose what is to be done.")
	}
	if err != nil {
		return v.showAgain(err, "request", m)
	}
	if m, d, err = v.requestView(); err != nil {
		return err
	}
	if d.Held, err = v.heldRecords(held); err != nil {
		return err
	}
	return v.showPage("request", m)
}

// heldRecords writes what is held for who asked.
func (v *visit) heldRecords(list []*adminv1.HeldRecord) (out []heldRecord, err error) {
	words, err := v.writer()
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		kind := kindOf(m.GetRecordKind())
		h := heldRecord{Kind: v.lang.kind(m.GetRecordKind()), Address: recordAddress(m.GetRecordKind(), m.GetRecordId()), Copies: m.GetCopies(), Looks: m.GetLooks(), Hold: m.GetHold()}
		for _, c := range m.GetCells() {
			key := syncengine.CellKey{Field: syncengine.FieldNumber(c.GetField()), Key: string(c.GetKey())}
			h.Cells = append(h.Cells, heldCell{Field: words.Cell(kind, key), Text: words.Value(kind, key, c.GetData(), len(c.GetData()) == 0), SinceMs: c.GetSinceMs(), UntilMs: c.GetUntilMs()})
		}
		out = append(out, h)
	}
	return out, nil
}
