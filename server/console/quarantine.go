package console

import (
	"fmt"
	"net/http"
	"strconv"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/recordwords"
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
	zh, en := recordwords.Waiting(r)
	return v.lang.pick(zh, en)
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
