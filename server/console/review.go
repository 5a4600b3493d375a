package console

import (
	"cmp"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/recordwords"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// reviewPerPage is how many records with conflicts, or waiting changes, one page has: each is to be read and decided.
const reviewPerPage = 20

func (c *Console) reviewRoutes(m *http.ServeMux) {
	c.page(m, "GET /conflicts", (*visit).conflictsPage)
	c.page(m, "POST /conflicts/{record}/{conflict}", (*visit).resolveConflict)
	c.page(m, "GET /quarantine", (*visit).quarantinePage)
	c.page(m, "GET /quarantine/{seq}", (*visit).waitingPage)
	c.page(m, "POST /quarantine/{seq}", (*visit).decideWaiting)
	c.page(m, "GET /records/{id}", (*visit).recordPage)
}

// writer writes cells in the reader's language, with the names of people and territories.
func (v *visit) writer() (recordwords.Writer, error) {
	d, err := v.directory()
	if err != nil {
		return recordwords.Writer{}, err
	}
	return recordwords.Writer{Lang: string(v.lang), Names: func(id syncengine.ID) string {
		if area := d.areaByID[string(id[:])]; area != nil {
			return area.GetName()
		}
		// A name that cannot be looked up leaves the id in its place.
		u, _ := d.user(id[:])
		return u.GetName()
	}}, nil
}

// cellOf addresses a cell as the call names it.
func cellOf(c *adminv1.Cell) syncengine.CellKey {
	return syncengine.CellKey{Field: syncengine.FieldNumber(c.GetField()), Key: string(c.GetKey())}
}

// kindOf gives a kind by its number; nil for one that is not known.
func kindOf(k recordv1.Kind) *schema.Kind {
	kind, _ := schema.Load().Kind(syncengine.KindNumber(k))
	return kind
}

// shownValue is one value of a conflict as a page shows it.
type shownValue struct {
	Text, Author string
	AtMs         int64
	Suspect      bool
	Seq          uint64
	// Stands says that it is the one that stands.
	Stands bool
	// Choice is what the form sends for it.
	Choice int
}

// conflictCard is one open conflict.
type conflictCard struct {
	Kind, Field, What, Rule string
	// Label is what the record is called.
	Label        string
	RecordID, ID string
	Address      string
	RecordSeq    uint64
	Values       []shownValue
	May          bool
}

type conflictsData struct {
	pager
	Cards []conflictCard
	Flash string
}

// conflictsPage lists open conflicts with their values side by side.
func (v *visit) conflictsPage() error {
	m, err := v.conflictsView()
	if err != nil {
		return err
	}
	return v.showPage("conflicts", m)
}

func (v *visit) conflictsView() (*view, error) {
	req := &adminv1.ListConflictsRequest{Limit: reviewPerPage}
	if after, err := wire.ParseID(v.query("after")); err == nil {
		req.AfterRecordId = after[:]
	}
	out, err := call(v, v.c.o.Admin.ListConflicts, req)
	if err != nil {
		return nil, err
	}
	words, err := v.writer()
	if err != nil {
		return nil, err
	}
	d := &conflictsData{}
	for _, c := range out.GetConflicts() {
		d.Cards = append(d.Cards, v.conflictCard(c, words))
	}
	if next := out.GetNextAfterRecordId(); len(next) > 0 {
		d.Older = "/conflicts?after=" + idText(next)
	}
	if v.query("after") != "" {
		d.First = "/conflicts"
	}
	if v.query("done") != "" {
		d.Flash = v.lang.pick("已处理。各手机下次同步时会收到。", "Decided. Phones receive it with their next sync.")
	}
	return &view{Title: v.lang.pick("冲突", "Conflicts"), Section: "/conflicts", Data: d}, nil
}

// conflictCard makes the card of a conflict.
func (v *visit) conflictCard(c *adminv1.Conflict, words recordwords.Writer) conflictCard {
	kind, key := kindOf(c.GetRecordKind()), cellOf(c.GetCell())
	out := conflictCard{
		Kind: v.lang.kind(c.GetRecordKind()), Field: words.Cell(kind, key), What: v.conflictWords(c.GetKind()), Rule: v.ruleWords(c.GetPolicy()),
		RecordID: idText(c.GetRecordId()), ID: hex.EncodeToString(c.GetId()), Address: recordAddress(c.GetRecordKind(), c.GetRecordId()),
		Label: cmp.Or(c.GetLabel(), shortID(c.GetRecordId())), RecordSeq: c.GetRecordSeq(), May: c.GetMayResolve(),
	}
	value := func(m *adminv1.Value, choice int) shownValue {
		s := shownValue{Author: cmp.Or(m.GetAuthor().GetUserName(), v.lang.pick("服务器", "the server")), AtMs: m.GetStampMs(), Suspect: m.GetSuspect(), Seq: m.GetSeq(), Choice: choice}
		s.Text = v.lang.pick("（您的角色看不到这个值）", "(your role does not read this value)")
		if !c.GetCell().GetHidden() {
			s.Text = words.Value(kind, key, m.GetData(), m.GetCleared())
		}
		return s
	}
	first := 0
	if c.GetKind() == syncv1.ConflictKind_CONFLICT_KIND_DELETE_EDIT {
		out.Values = append(out.Values, shownValue{Text: v.lang.pick("删除这条记录", "The record is deleted"), Stands: true})
		first = 1
	}
	shown := value(c.GetShown(), first)
	shown.Stands = first == 0
	out.Values = append(out.Values, shown)
	for i, other := range c.GetOthers() {
		out.Values = append(out.Values, value(other, first+i+1))
	}
	return out
}

// conflictWords says what is open.
func (v *visit) conflictWords(k syncv1.ConflictKind) string {
	switch k {
	case syncv1.ConflictKind_CONFLICT_KIND_CONFLICT:
		return v.lang.pick("有人同时填了不同的值", "Different values were written at the same time")
	case syncv1.ConflictKind_CONFLICT_KIND_KEPT:
		return v.lang.pick("有一个值被没见过它的人盖过，已保留", "A value was covered by somebody who had not seen it; it was kept")
	case syncv1.ConflictKind_CONFLICT_KIND_DELETE_EDIT:
		return v.lang.pick("有人删除了记录，另有人同时修改", "The record was deleted while somebody else changed it")
	}
	return ""
}

// ruleWords says by which rule the value that stands was chosen.
func (v *visit) ruleWords(p recordv1.MergePolicy) string {
	words := map[recordv1.MergePolicy][2]string{
		recordv1.MergePolicy_MERGE_POLICY_LATEST:   {"最后写的为准", "the latest stands"},
		recordv1.MergePolicy_MERGE_POLICY_GREATEST: {"取最大的", "the greatest stands"},
		recordv1.MergePolicy_MERGE_POLICY_LEAST:    {"取最小的", "the least stands"},
		recordv1.MergePolicy_MERGE_POLICY_RANKED:   {"按角色：民警、综治干部、网格员、协助员", "by role: officer, staff, grid worker, helper"},
		recordv1.MergePolicy_MERGE_POLICY_FIRST:    {"最先写的为准", "the first stands"},
		recordv1.MergePolicy_MERGE_POLICY_STATES:   {"办理进度靠后的为准", "the later step stands"},
		recordv1.MergePolicy_MERGE_POLICY_REVIEW:   {"由人决定，暂用最后写的", "a person decides; the latest stands meanwhile"},
	}
	if w, ok := words[p]; ok {
		return v.lang.pick(w[0], w[1])
	}
	return v.lang.pick("删除优先", "a deletion stands")
}

// recordAddress is the page of a record.
func recordAddress(kind recordv1.Kind, id []byte) string {
	if kind == recordv1.Kind_KIND_DISPUTE {
		return caseAddress(id)
	}
	return "/records/" + url.PathEscape(idText(id))
}

// resolveConflict closes a conflict with the value that was chosen.
func (v *visit) resolveConflict() error {
	record, err := v.pathID("record")
	if err != nil {
		return err
	}
	conflict, err := v.pathHex("conflict")
	if err != nil {
		return err
	}
	choice, choiceErr := strconv.ParseUint(v.form("choice"), 10, 32)
	seen, seenErr := strconv.ParseUint(v.form("seen"), 10, 64)
	if choiceErr != nil || seenErr != nil {
		return refused("请先选择一个值。", "Choose a value first.")
	}
	_, err = call(v, v.c.o.Admin.ResolveConflict, &adminv1.ResolveConflictRequest{
		RecordId: record, ConflictId: conflict, Choice: uint32(choice), SeenSeq: seen,
	})
	if err == nil {
		return v.seeOther("/conflicts?done=yes")
	}
	m, viewErr := v.conflictsView()
	if viewErr != nil {
		return err
	}
	return v.showAgain(err, "conflicts", m)
}
