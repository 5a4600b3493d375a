package console

import (
	"fmt"
	"net/http"
	"strconv"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"
)

// waitingLine is a change that waits, in a list.
type waitingLine struct {
	*adminv1.QuarantinedChange
	Why, Address string
}

type quarantineData struct {
	pager
	Changes []waitingLine
	Flash   string
}

// quarantinePage lists the changes that wait for a decision.
func (v *visit) quarantinePage() error {
	after := queryNumber(v, "after")
	out, err := call(v, v.c.o.Admin.ListQuarantine, &adminv1.ListQuarantineRequest{AfterSeq: uint64(after), Limit: casesPerPage})
	if err != nil {
		return err
	}
	d := &quarantineData{Flash: v.decidedWords()}
	for _, c := range out.GetChanges() {
		d.Changes = append(d.Changes, waitingLine{c, v.reasonOfWaiting(c.GetReason()), fmt.Sprintf("/quarantine/%d", c.GetSeq())})
	}
	if next := out.GetNextAfterSeq(); next != 0 {
		d.Older = fmt.Sprintf("/quarantine?after=%d", next)
	}
	if after > 0 {
		d.First = "/quarantine"
	}
	return v.showPage("quarantine", &view{Title: v.lang.pick("待审更改", "Changes that wait"), Section: "/quarantine", Data: d, Live: true})
}

func (v *visit) decidedWords() string {
	switch v.query("done") {
	case "released":
		return v.lang.pick("已放行，写入了记录。", "Released: it is in the record now.")
	case "rejected":
		return v.lang.pick("已驳回，作者会看到原因。", "Rejected; its author is told why.")
	}
	return ""
}

// reasonOfWaiting says why a change waits.
func (v *visit) reasonOfWaiting(r syncv1.QuarantineReason) string {
	if w, ok := waitingWords[r]; ok {
		return v.lang.pick(w[0], w[1])
	}
	return fmt.Sprintf(v.lang.pick("原因%d", "reason %d"), r)
}

// waitingWords are the reasons in both languages.
var waitingWords = map[syncv1.QuarantineReason][2]string{
	syncv1.QuarantineReason_QUARANTINE_REASON_OUT_OF_SCOPE:        {"记录不在作者辖区", "The record is outside of its author's area"},
	syncv1.QuarantineReason_QUARANTINE_REASON_NOT_PERMITTED:       {"作者的角色不能填写这些内容", "Its author's role may not write this"},
	syncv1.QuarantineReason_QUARANTINE_REASON_INVALID:             {"内容不合要求", "It is not valid by itself"},
	syncv1.QuarantineReason_QUARANTINE_REASON_UNDECLARED_STEP:     {"办理步骤跳过了规定的环节", "A step between states that is not declared"},
	syncv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_RECORD:      {"还没有收到它所属的记录，收到后自动放行", "Its record is not known yet; it is released by itself when that arrives"},
	syncv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_KIND:        {"服务器不认识这种记录，请升级", "The kind is not known here; upgrade the server"},
	syncv1.QuarantineReason_QUARANTINE_REASON_CREATE_QUARANTINED:  {"新建这条记录的更改还在待审", "The change that makes the record waits itself"},
	syncv1.QuarantineReason_QUARANTINE_REASON_REVOKED:             {"手机已停用", "The phone was revoked"},
	syncv1.QuarantineReason_QUARANTINE_REASON_LEASE_ENDED:         {"手机的授权到期超过14天", "The phone's lease ended more than 14 days before"},
	syncv1.QuarantineReason_QUARANTINE_REASON_ERASED:              {"内容已按请求删除", "What it writes was erased"},
	syncv1.QuarantineReason_QUARANTINE_REASON_BASE_AHEAD:          {"它说见过服务器还没有的内容", "It claims to have seen what was never served"},
	syncv1.QuarantineReason_QUARANTINE_REASON_FAULT:               {"服务器处理时出错", "The server met a fault of its own"},
	syncv1.QuarantineReason_QUARANTINE_REASON_MOVE_BY_SERVER_ONLY: {"房屋只能由服务器换辖区", "Only the server moves a standing record"},
	syncv1.QuarantineReason_QUARANTINE_REASON_ABOVE_CAP:           {"停用的手机交来太多，只记了数目", "A revoked phone handed in more than is kept; it is counted"},
}

// waitingCell is what a waiting change writes into one cell.
type waitingCell struct {
	Field, Text string
	Hidden      bool
}

type waitingData struct {
	Change       *adminv1.QuarantinedChange
	Why, Address string
	Cells        []waitingCell
}

// waitingPage shows a waiting change with what it would write.
func (v *visit) waitingPage() error {
	m, err := v.waitingView()
	if err != nil {
		return err
	}
	return v.showPage("waiting", m)
}

func (v *visit) waitingSeq() (uint64, error) {
	seq, err := strconv.ParseUint(v.r.PathValue("seq"), 10, 64)
	if err != nil {
		return 0, errNoPage
	}
	return seq, nil
}

func (v *visit) waitingView() (*view, error) {
	seq, err := v.waitingSeq()
	if err != nil {
		return nil, err
	}
	out, err := call(v, v.c.o.Admin.GetQuarantined, &adminv1.GetQuarantinedRequest{Seq: seq})
	if err != nil {
		return nil, err
	}
	words, err := v.writer()
	if err != nil {
		return nil, err
	}
	c := out.GetChange()
	d := &waitingData{Change: c, Why: v.reasonOfWaiting(c.GetReason()), Address: recordAddress(c.GetRecordKind(), c.GetRecordId())}
	kind := kindOf(c.GetRecordKind())
	for _, cell := range out.GetCells() {
		line := waitingCell{Field: words.Cell(kind, cellOf(cell.GetCell())), Hidden: cell.GetCell().GetHidden()}
		if !line.Hidden {
			line.Text = words.Value(kind, cellOf(cell.GetCell()), cell.GetData(), cell.GetCleared())
		}
		d.Cells = append(d.Cells, line)
	}
	return &view{Title: fmt.Sprintf(v.lang.pick("待审更改 %d", "Waiting change %d"), seq), Section: "/quarantine", Data: d}, nil
}

// decideWaiting releases or rejects a waiting change.
func (v *visit) decideWaiting() error {
	seq, err := v.waitingSeq()
	if err != nil {
		return err
	}
	reason := v.form("reason")
	switch v.form("decision") {
	case "release":
		_, err = call(v, v.c.o.Admin.ReleaseQuarantined, &adminv1.ReleaseQuarantinedRequest{Seq: seq, Reason: reason})
		if err == nil {
			return v.seeOther("/quarantine?done=released")
		}
	case "reject":
		if reason == "" {
			err = refused("驳回请写明原因，作者会看到。", "Say why you reject it: its author reads that.")
			break
		}
		_, err = call(v, v.c.o.Admin.RejectQuarantined, &adminv1.RejectQuarantinedRequest{Seq: seq, Reason: reason})
		if err == nil {
			return v.seeOther("/quarantine?done=rejected")
		}
	default:
		err = &problem{status: http.StatusUnprocessableEntity, ZH: "请选择放行或驳回。", EN: "Choose to release or to reject."}
	}
	m, viewErr := v.waitingView()
	if viewErr != nil {
		return err
	}
	return v.showAgain(err, "waiting", m)
}
