package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/command"
)

// conflictJSON is a conflict as `conflicts --json` prints it.
type conflictJSON struct {
	ID         string `json:"id"`
	Kind       string `json:"kind"`
	RecordID   string `json:"record_id"`
	RecordKind string `json:"record_kind"`
	cellJSON
	Shown  json.RawMessage `json:"shown,omitempty"`
	Author string          `json:"author"`
	Time   json.RawMessage `json:"time"`
	Others []valueJSON     `json:"others"`
}

func newConflicts(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "conflicts", Short: "List what is open in records", Args: cobra.NoArgs,
		Long: `Lists every open conflict: values written by people who did not see each other's
(conflict), values that were overwritten unseen (kept), and values written to a
record that somebody deleted (delete_edit). People settle them on their phones.

Values are shown to a token whose role may read them; the operator's token gets
ids, kinds, fields and authors.`,
		Example: `  onedoor conflicts --data ./realm
  onedoor conflicts --token-file lead.token --json`,
	}
	c.RunE = a.asking(func(client *client, _ []string) error {
		values, err := client.values()
		if err != nil {
			return err
		}
		conflicts, err := client.conflicts(values)
		if err != nil {
			return err
		}
		return a.Print(map[string]any{"conflicts": conflicts}, func(w io.Writer) { writeConflicts(w, conflicts) })
	})
	return a.reaching(c)
}

// conflicts asks for all pages.
func (c *client) conflicts(v values) ([]conflictJSON, error) {
	out := []conflictJSON{}
	for req := (&adminv1.ListConflictsRequest{}); ; {
		m, err := c.ListConflicts(c.ctx, req)
		if err != nil {
			return nil, err
		}
		for _, conflict := range m.GetConflicts() {
			out = append(out, v.conflict(conflict))
		}
		if req.AfterRecordId = m.GetNextAfterRecordId(); len(req.AfterRecordId) == 0 {
			return out, nil
		}
	}
}

func (v values) conflict(m *adminv1.Conflict) conflictJSON {
	shown := v.written(m.GetRecordKind(), m.GetCell(), m.GetShown())
	return conflictJSON{
		ID: idText(m.GetId()), Kind: short(m.GetKind()), RecordID: idText(m.GetRecordId()), RecordKind: short(m.GetRecordKind()),
		cellJSON: v.cell(m.GetRecordKind(), m.GetCell()), Shown: shown.Value, Author: shown.Author, Time: shown.Time,
		Others: v.all(m.GetRecordKind(), m.GetCell(), m.GetOthers()),
	}
}

// writeConflicts shows each conflict with its values, one a line.
func writeConflicts(w io.Writer, list []conflictJSON) {
	if len(list) == 0 {
		fmt.Fprintln(w, "nothing is open")
		return
	}
	t := command.Table{}
	t.Add("RECORD", "FIELD", "OPEN", "", "VALUE", "AUTHOR")
	for _, c := range list {
		t.Add(c.RecordKind+" "+c.RecordID, c.Field, c.Kind, "shown", valueText(c.Shown), c.Author)
		for i, other := range c.Others {
			t.Add("", "", "", fmt.Sprint(i+1), valueText(other.Value), other.Author)
		}
	}
	t.Write(w)
}
