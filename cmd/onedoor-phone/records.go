package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	client "onedoor/client-sdk"
	"onedoor/internal/command"
	"onedoor/internal/recordjson"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

func newAdd(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "add KIND JSON|-", Short: "Add a record", Args: cobra.ExactArgs(2),
		Long: `Adds a record of a kind from a JSON object; - reads it from standard input.
Least input: premises address and territory; visit territory or premises_ids;
hazard premises_id and code; dispute title and territory.`,
		Example: `  onedoor-phone --dir ./phone add premises '{"address":"福慧路1号","territory":"530702001001001"}'
  onedoor-phone --dir ./phone add visit '{"premises_ids":["DOOR_ID"],"outcome":"SEEN"}' --json`,
	}
	c.RunE = a.using(func(_ context.Context, p *phone, args []string) error {
		kind, err := parseKind(args[0], kinds)
		if err != nil {
			return err
		}
		text, err := a.Text(args[1])
		if err != nil {
			return err
		}
		id, err := p.AddJSON(kind, text)
		if err != nil {
			return err
		}
		return a.printEdited(p, id, "")
	})
	return c
}

func newEdit(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "edit ID JSON|-", Short: "Edit a record", Args: cobra.ExactArgs(2),
		Long: `Edits a record with a JSON merge patch: what is named is written, null removes,
an array replaces. - reads it from standard input.`,
		Example: `  onedoor-phone --dir ./phone edit RECORD_ID '{"note":"门锁已换"}'`,
	}
	c.RunE = a.using(func(_ context.Context, p *phone, args []string) error {
		text, err := a.Text(args[1])
		if err != nil {
			return err
		}
		if err := p.EditJSON(args[0], text); err != nil {
			return err
		}
		return a.printEdited(p, args[0], "edited ")
	})
	return c
}

func newDelete(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "delete ID", Short: "Delete a record", Args: cobra.ExactArgs(1),
		Long: `Deletes a record. What somebody else wrote to it meanwhile is not lost: it shows
among the conflicts and can be restored.`,
		Example: "  onedoor-phone --dir ./phone delete RECORD_ID",
	}
	c.RunE = a.using(func(_ context.Context, p *phone, args []string) error {
		if err := p.DeleteRecord(args[0]); err != nil {
			return err
		}
		return a.printID(args[0], "deleted ")
	})
	return c
}

// printID names the record, or the conflict, that a command wrote to.
func (a *app) printID(id, did string) error {
	return a.Print(recordjson.Object{}.With("id", id), func(w io.Writer) { fmt.Fprintf(w, "%s%s\n", did, command.Printable(id)) })
}

// parseID reads a record's id; what is no id names no record.
func parseID(text string) (syncengine.ID, error) {
	id, err := wire.ParseID(text)
	if err != nil {
		return id, &told{cause: client.ErrNotFound, says: client.Sentence{
			ZH: "这不是记录编号，请用list或search查看编号。", EN: "this is no id: list or search shows the ids of records",
		}}
	}
	return id, nil
}

func newShow(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "show ID", Short: "Show a record", Args: cobra.ExactArgs(1),
		Long:    "Shows a record's fields beside its id, kind, seq and sync_state (synced, pending or quarantined).",
		Example: "  onedoor-phone --dir ./phone show RECORD_ID --json",
	}
	c.RunE = a.using(func(_ context.Context, p *phone, args []string) error {
		id, err := parseID(args[0])
		if err != nil {
			return err
		}
		record, err := p.Get(id)
		if err != nil {
			return err
		}
		object, err := record.JSON()
		if err != nil {
			return err
		}
		if record.Deleted {
			object = object.With("deleted", true)
		}
		proposed, err := p.Advice(id)
		if err != nil {
			return err
		}
		object = withProposals(object, proposed)
		return a.Print(object, func(w io.Writer) {
			t := command.Table{}
			for _, m := range object {
				t.Add(m.Name, valueText(m.Value))
			}
			t.Write(w)
		})
	})
	return c
}

func newList(a *app) *cobra.Command {
	var q client.Query
	c := &cobra.Command{
		Use: "list KIND", Short: "List the records of a kind", Args: cobra.ExactArgs(1),
		Long: `Lists all records of a kind that match every filter, the newest first; with
--due what is due first comes first. The kinds territory and staff can be listed too.`,
		Example: `  onedoor-phone --dir ./phone list premises --due
  onedoor-phone --dir ./phone list hazard --mine --state FOUND --grid 530702001001001 --json`,
	}
	f := c.Flags()
	f.BoolVar(&q.Mine, "mine", false, "only what names this phone's user: as author, assignee or participant")
	f.StringVar(&q.Grid, "grid", "", "only within the territory with this `CODE`, of any level")
	f.StringVar(&q.State, "state", "", "only in this `STATE`, in any case")
	f.BoolVar(&q.Due, "due", false, "only what is to be done by the end of today (Asia/Shanghai)")
	c.RunE = a.using(func(_ context.Context, p *phone, args []string) (err error) {
		if q.Kind, err = parseKind(args[0], listed); err != nil {
			return err
		}
		records, err := p.List(q)
		return a.printRecords(records, err)
	})
	return c
}

func newSearch(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "search TEXT", Short: "Find records by a part of a note, name or address", Args: cobra.ExactArgs(1),
		Long: `Finds every record whose notes, names or addresses contain a text of at least
one Chinese character or three other characters, the newest first.`,
		Example: "  onedoor-phone --dir ./phone search 福慧",
	}
	c.RunE = a.using(func(_ context.Context, p *phone, args []string) error {
		records, err := p.Search(args[0])
		return a.printRecords(records, err)
	})
	return c
}

// summary are the fields of a kind that tell its records apart in a list.
var summary = map[string][]string{
	"premises":   {"address", "territory", "grade"},
	"visit":      {"occurred_at", "outcome", "note"},
	"hazard":     {"code", "state", "deadline", "note"},
	"dispute":    {"title", "category", "state"},
	"case_event": {"what", "at", "text"},
	"task":       {"what", "state", "due", "detail"},
	"territory":  {"code", "level", "name"},
	"staff":      {"name", "role"},
	"attachment": {"media_type", "size_bytes", "state"},
}

// printRecords prints all records of a query.
func (a *app) printRecords(records []*client.Record, err error) error {
	if err != nil {
		return err
	}
	object, err := client.RecordsObject(records)
	if err != nil {
		return err
	}
	t := command.Table{}
	for _, r := range records {
		fields, err := r.JSON()
		if err != nil {
			return err
		}
		row := []string{r.ID.String(), r.Kind, string(r.State)}
		for _, name := range summary[r.Kind] {
			value, _ := fields.Get(name)
			row = append(row, valueText(value))
		}
		t.Add(row...)
	}
	return a.Print(object, func(w io.Writer) {
		t.Write(w)
		fmt.Fprintln(w, command.Count(len(records), "record"))
	})
}
