package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/command"
	"onedoor/syncengine"
)

// fieldJSON explains one cell: the value that stands and the others.
type fieldJSON struct {
	cellJSON
	valueJSON
	// Rule is the policy that chose the value among those that did not see each other.
	Rule   string      `json:"rule"`
	Losing []valueJSON `json:"losing"`
	Kept   []valueJSON `json:"kept"`
	// Open says what is open here; ConflictID names it.
	Open       string `json:"open,omitempty"`
	ConflictID string `json:"conflict_id,omitempty"`
}

// explainJSON is what `explain --json` prints.
type explainJSON struct {
	ID          string      `json:"id"`
	Kind        string      `json:"kind"`
	Seq         uint64      `json:"seq"`
	Dead        bool        `json:"dead"`
	Territories []string    `json:"territories"`
	Fields      []fieldJSON `json:"fields"`
	History     []entryJSON `json:"history"`
	// MoreBefore is where older history begins; absent when this is all.
	MoreBefore uint64 `json:"history_more_before,omitempty"`
}

func newExplain(a *app) *cobra.Command {
	var limit uint32
	var before uint64
	c := &cobra.Command{
		Use: "explain RECORD", Short: "Tell why a record's values are what they are", Args: cobra.ExactArgs(1),
		Long: `Shows for each field the value that stands, who wrote it and when, the rule that
chose it, and the values that lost or are kept; then the record's log entries, the
newest first. Values are shown to a token whose role may read them.`,
		Example: `  onedoor explain 01890a5d-ac96-774b-bcce-b302099a8057 --token-file lead.token`,
	}
	c.Flags().Uint32Var(&limit, "history", 100, "greatest `NUMBER` of log entries, at most 1000")
	c.Flags().Uint64Var(&before, "before", 0, "show the history below this `SEQ`")
	c.RunE = a.asking(func(client *client, args []string) error {
		id, err := parseID("record", args[0])
		if err != nil {
			return err
		}
		values, err := client.values()
		if err != nil {
			return err
		}
		m, err := client.Explain(client.ctx, &adminv1.ExplainRequest{RecordId: id, HistoryLimit: limit, HistoryBefore: before})
		if err != nil {
			return err
		}
		result := values.explanation(m)
		return a.Print(result, func(w io.Writer) { writeExplanation(w, result) })
	})
	return a.reaching(c)
}

func (v values) explanation(m *adminv1.ExplainResponse) explainJSON {
	out := explainJSON{
		ID: idText(m.GetRecordId()), Kind: short(m.GetRecordKind()), Seq: m.GetSeq(), Dead: m.GetDead(),
		Territories: append([]string{}, m.GetTerritoryCodes()...), Fields: []fieldJSON{}, History: []entryJSON{}, MoreBefore: m.GetHistoryMoreBefore(),
	}
	for _, c := range m.GetCells() {
		out.Fields = append(out.Fields, v.field(m.GetRecordKind(), c))
	}
	for _, e := range m.GetHistory() {
		out.History = append(out.History, v.entry(e))
	}
	return out
}

// lifeRule is the rule of a record's life, which has no policy: of two people
// who did not see each other's step, the one who deleted stands.
const lifeRule = "dead_wins"

func (v values) field(kind recordv1.Kind, m *adminv1.ExplainedCell) fieldJSON {
	out := fieldJSON{
		cellJSON: v.cell(kind, m.GetCell()), valueJSON: v.written(kind, m.GetCell(), m.GetShown()), Rule: short(m.GetPolicy()),
		Losing: v.all(kind, m.GetCell(), m.GetLosing()), Kept: v.all(kind, m.GetCell(), m.GetKept()),
		Open: short(m.GetConflict()), ConflictID: idText(m.GetConflictId()),
	}
	if m.GetCell().GetField() == uint32(syncengine.LifeField) {
		out.Rule = lifeRule
	}
	return out
}

func writeExplanation(w io.Writer, x explainJSON) {
	state := ""
	if x.Dead {
		state = ", deleted"
	}
	fmt.Fprintf(w, "%s %s at seq %d in %s%s\n\n", x.Kind, x.ID, x.Seq, orDash(strings.Join(x.Territories, " ")), state)
	t := command.Table{}
	t.Add("FIELD", "", "VALUE", "AUTHOR", "TIME", "SEQ", "RULE")
	for _, f := range x.Fields {
		t.Add(f.Field, f.Open, valueText(f.Value), f.Author, command.Clock(f.Time), fmt.Sprint(f.Seq), f.Rule)
		for _, lost := range f.Losing {
			t.Add("", "lost", valueText(lost.Value), lost.Author, command.Clock(lost.Time), fmt.Sprint(lost.Seq))
		}
		for _, kept := range f.Kept {
			t.Add("", "kept", valueText(kept.Value), kept.Author, command.Clock(kept.Time), fmt.Sprint(kept.Seq))
		}
	}
	t.Write(w)
	fmt.Fprintln(w)
	for _, e := range x.History {
		fmt.Fprintln(w, e.line())
	}
	if x.MoreBefore != 0 {
		fmt.Fprintf(w, "older entries: --before %d\n", x.MoreBefore)
	}
}
