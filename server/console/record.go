package console

import (
	"cmp"
	"fmt"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/recordwords"
	"onedoor/internal/schema"
)

// explainedCell is a cell with why its value stands.
type explainedCell struct {
	Field, Text, Author, Rule string
	AtMs                      int64
	Open                      bool
	Others                    []shownValue
}

// historyLine is one entry of a record's history.
type historyLine struct {
	Seq         uint64
	What        string
	Author      string
	AtMs        int64
	Cells       string
	AfterMoving bool
}

type recordData struct {
	Kind, ID  string
	Seq       uint64
	Dead      bool
	Places    []string
	Cells     []explainedCell
	History   []historyLine
	Older     string
	IsHistory bool
}

// historyPerPage is how much of a record's history one page has.
const historyPerPage = 50

// recordPage shows a record with why each value is what it is.
func (v *visit) recordPage() error {
	id, err := v.pathID("id")
	if err != nil {
		return err
	}
	before := queryNumber(v, "before")
	out, err := call(v, v.c.o.Admin.Explain, &adminv1.ExplainRequest{RecordId: id, HistoryLimit: historyPerPage, HistoryBefore: uint64(before)})
	if err != nil {
		return err
	}
	words, err := v.writer()
	if err != nil {
		return err
	}
	d := &recordData{Kind: v.lang.kind(out.GetRecordKind()), ID: idText(id), Seq: out.GetSeq(), Dead: out.GetDead(), IsHistory: before > 0}
	for _, code := range out.GetTerritoryCodes() {
		d.Places = append(d.Places, v.known.Place(code))
	}
	kind := kindOf(out.GetRecordKind())
	for _, c := range out.GetCells() {
		d.Cells = append(d.Cells, v.explained(kind, c, words))
	}
	for _, e := range out.GetHistory() {
		d.History = append(d.History, v.historyLine(kind, e, words))
	}
	if more := out.GetHistoryMoreBefore(); more != 0 {
		d.Older = fmt.Sprintf("/records/%s?before=%d#history", d.ID, more)
	}
	return v.showPage("record", &view{Title: d.Kind + " " + cmp.Or(out.GetLabel(), shortID(id)), Section: "/records", Data: d})
}

func (v *visit) explained(kind *schema.Kind, c *adminv1.ExplainedCell, words recordwords.Writer) explainedCell {
	key := cellOf(c.GetCell())
	value := func(m *adminv1.Value) shownValue {
		s := shownValue{Author: cmp.Or(m.GetAuthor().GetUserName(), v.lang.pick("服务器", "the server")), AtMs: m.GetStampMs(), Seq: m.GetSeq(), Suspect: m.GetSuspect()}
		if c.GetCell().GetHidden() {
			s.Text = v.lang.pick("（看不到）", "(hidden)")
		} else {
			s.Text = words.Value(kind, key, m.GetData(), m.GetCleared())
		}
		return s
	}
	shown := value(c.GetShown())
	out := explainedCell{Field: words.Cell(kind, key), Text: shown.Text, Author: shown.Author, AtMs: shown.AtMs, Rule: v.ruleWords(c.GetPolicy()), Open: len(c.GetConflictId()) > 0}
	for _, m := range append(c.GetLosing(), c.GetKept()...) {
		out.Others = append(out.Others, value(m))
	}
	return out
}

func (v *visit) historyLine(kind *schema.Kind, e *adminv1.LogEntry, words recordwords.Writer) historyLine {
	out := historyLine{
		Seq: e.GetSeq(), What: v.entryWords(e.GetType()), Author: cmp.Or(e.GetAuthor().GetUserName(), v.lang.pick("服务器", "the server")),
		AtMs: e.GetStampMs(), AfterMoving: e.GetAfterHandover(),
	}
	for i, c := range e.GetCells() {
		if i > 0 {
			out.Cells += v.lang.pick("、", ", ")
		}
		out.Cells += words.Cell(kind, cellOf(c.GetCell()))
	}
	return out
}

// entryWords says what a log entry records.
func (v *visit) entryWords(t adminv1.LogEntryType) string {
	words := map[adminv1.LogEntryType][2]string{
		adminv1.LogEntryType_LOG_ENTRY_TYPE_APPLIED: {"写入", "applied"}, adminv1.LogEntryType_LOG_ENTRY_TYPE_MERGED: {"合并", "merged"},
		adminv1.LogEntryType_LOG_ENTRY_TYPE_QUARANTINED: {"待审", "waits"}, adminv1.LogEntryType_LOG_ENTRY_TYPE_ABSENT: {"手机声明丢失", "declared absent"},
		adminv1.LogEntryType_LOG_ENTRY_TYPE_RELEASED: {"放行", "released"}, adminv1.LogEntryType_LOG_ENTRY_TYPE_REJECTED: {"驳回", "rejected"},
		adminv1.LogEntryType_LOG_ENTRY_TYPE_MOVED: {"换辖区", "moved"}, adminv1.LogEntryType_LOG_ENTRY_TYPE_ERASED: {"销毁", "erased"},
		adminv1.LogEntryType_LOG_ENTRY_TYPE_HELD: {"升级后并入", "merged after an upgrade"},
	}
	if w, ok := words[t]; ok {
		return v.lang.pick(w[0], w[1])
	}
	return t.String()
}
