package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	client "onedoor/client-sdk"
	"onedoor/internal/recordjson"
	"onedoor/internal/wire"
)

// commands are the commands in the order of help.
var commands = []func(*app) *cobra.Command{
	newEnrol, newAdd, newEdit, newDelete, newShow, newList, newSearch, newSync, newStatus,
	newConflicts, newWhy, newRestore, newAcknowledge, newQuarantine,
}

// writable are the kinds that people write; the others come from the server and
// can be listed and shown.
var writable = []string{"premises", "visit", "hazard", "dispute", "case_event", "task", "attachment"}

var listable = append(slices.Clone(writable), "territory", "staff")

func knownKind(kind string, kinds []string) error {
	if !slices.Contains(kinds, kind) {
		return misused("%q is no kind of record: name one of %s", kind, strings.Join(kinds, ", "))
	}
	return nil
}

func newEnrol(a *app) *cobra.Command {
	var server, code string
	var alone bool
	c := &cobra.Command{
		Use: "enrol --server ADDR --code CODE", Short: "Make this folder the phone of a user, by the operator's join code",
		Long: `enrol makes the folder the phone of the user for whom the code was made, and then
syncs once, so that the phone can go offline. The code works once and for 72 hours.`,
		Example: "  onedoor-phone --dir ./phone enrol --server 127.0.0.1:7443 --code ABCD-EFGH-JKMN",
		Args:    cobra.NoArgs,
	}
	c.Flags().StringVar(&server, "server", "", "address of the server, such as 127.0.0.1:7443")
	c.Flags().StringVar(&code, "code", "", "join code")
	c.Flags().BoolVar(&alone, "no-sync", false, "do not sync")
	required(c, "server", "code")
	c.RunE = a.working(0, func(ctx context.Context, _ []string) error { return a.enrol(ctx, server, code, alone) })
	return c
}

// required marks flags without which a command line is no use.
func required(c *cobra.Command, flags ...string) {
	for _, name := range flags {
		if err := c.MarkFlagRequired(name); err != nil {
			panic("onedoor-phone: " + err.Error())
		}
	}
}

func (a *app) enrol(ctx context.Context, server, code string, alone bool) (err error) {
	key, from, err := a.key(true)
	if err != nil {
		return err
	}
	p, err := a.open(key)
	if err != nil {
		return err
	}
	defer func() {
		if closed := p.Close(); err == nil {
			err = closed
		}
	}()
	if err := p.Enrol(ctx, server, code); err != nil {
		return err
	}
	ready := false
	if !alone {
		if failed := p.Prepare(ctx); failed != nil {
			fmt.Fprintf(a.Err, "onedoor-phone enrol: %s\n", printable(client.Explain(failed, a.lang())))
		} else {
			ready = true
		}
	}
	return a.printEnrolled(p.Self(), from, ready)
}

func newAdd(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "add KIND JSON|-", Short: "Make a record; its fields come as JSON, from standard input with -",
		Long: `add makes a record and prints its id. A JSON text that names an "id" joins the record
that a colleague began under it, as on a joint visit. KIND is one of ` + strings.Join(writable, ", ") + `.`,
		Example: `  onedoor-phone --dir ./phone add premises '{"address":"民主路3号","territory":"530702001001001"}'
  onedoor-phone --dir ./phone add hazard '{"premises_id":"ID","code":"GAS","severity_found":"MAJOR"}'`,
		Args: cobra.ExactArgs(2),
	}
	c.RunE = a.onPhone(1, func(_ context.Context, p *client.Replica, args []string) error {
		if err := knownKind(args[0], writable); err != nil {
			return err
		}
		text, err := a.text(args[1])
		if err != nil {
			return err
		}
		id, err := p.AddJSON(args[0], text)
		if err != nil {
			return err
		}
		return a.printID(id)
	})
	return c
}

func newEdit(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "edit ID JSON|-", Short: "Edit a record with a JSON merge patch (RFC 7396)",
		Long: `edit writes the fields that the JSON text names; null removes one. An object is merged
key by key, an array replaces. Of a set, {"add":[…],"remove":[…]} changes elements alone.`,
		Example: `  onedoor-phone --dir ./phone edit ID '{"grade":"orange","rooms":null}'`,
		Args:    cobra.ExactArgs(2),
	}
	c.RunE = a.onPhone(1, func(_ context.Context, p *client.Replica, args []string) error {
		text, err := a.text(args[1])
		if err != nil {
			return err
		}
		if err := p.EditJSON(args[0], text); err != nil {
			return err
		}
		return a.printID(args[0])
	})
	return c
}

// text gives an argument, or standard input for "-". What is longer than a record
// may be is read one byte too far, so that it is refused and not cut.
func (a *app) text(argument string) (string, error) {
	if argument != "-" {
		return argument, nil
	}
	b, err := io.ReadAll(io.LimitReader(a.In, recordjson.TextBytesMax+1))
	return string(b), err
}

func newDelete(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "delete ID", Short: "Delete a record; what others wrote to it meanwhile is listed as a conflict",
		Args: cobra.ExactArgs(1),
	}
	c.RunE = a.onPhone(1, func(_ context.Context, p *client.Replica, args []string) error {
		if err := p.DeleteRecord(args[0]); err != nil {
			return err
		}
		return a.printID(args[0])
	})
	return c
}

func newShow(a *app) *cobra.Command {
	c := &cobra.Command{Use: "show ID", Short: "Show a record", Args: cobra.ExactArgs(1)}
	c.RunE = a.onPhone(1, func(_ context.Context, p *client.Replica, args []string) error {
		id, err := wire.ParseID(args[0])
		if err != nil {
			return client.ErrNotFound
		}
		rec, err := p.Get(id)
		if err != nil {
			return err
		}
		return a.printRecord(rec)
	})
	return c
}

func newList(a *app) *cobra.Command {
	var q client.Query
	c := &cobra.Command{
		Use: "list KIND", Short: "List the records of a kind, the newest first",
		Long: `list gives all records of a kind that match. With --due, doors are due by their
cadence and other records by their date, and what is due first comes first.`,
		Example: "  onedoor-phone --dir ./phone list hazard --grid 530702001001 --state found",
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().BoolVar(&q.Mine, "mine", false, "only what names the phone's user")
	c.Flags().StringVar(&q.Grid, "grid", "", "only within the territory with this code, of any level")
	c.Flags().StringVar(&q.State, "state", "", "only in this state")
	c.Flags().BoolVar(&q.Due, "due", false, "only what is to be done by the end of today (Asia/Shanghai)")
	c.RunE = a.onPhone(1, func(_ context.Context, p *client.Replica, args []string) error {
		if err := knownKind(args[0], listable); err != nil {
			return err
		}
		q.Kind = args[0]
		records, err := p.List(q)
		if err != nil {
			return err
		}
		return a.printRecords(records)
	})
	return c
}

func newSearch(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "search TEXT", Short: "Find records by any part of a note, name or address",
		Long: "search finds every record that contains the text: at least one Chinese character or three others.",
		Args: cobra.ExactArgs(1),
	}
	c.RunE = a.onPhone(1, func(_ context.Context, p *client.Replica, args []string) error {
		records, err := p.Search(args[0])
		if err != nil {
			return err
		}
		return a.printRecords(records)
	})
	return c
}

func newSync(a *app) *cobra.Command {
	c := &cobra.Command{Use: "sync", Short: "Send what was edited and bring what others did", Args: cobra.NoArgs}
	c.RunE = a.onPhone(0, func(ctx context.Context, p *client.Replica, _ []string) error {
		report, err := p.Sync(ctx)
		if err != nil {
			return err
		}
		return a.printReport(report)
	})
	return c
}

func newStatus(a *app) *cobra.Command {
	c := &cobra.Command{Use: "status", Short: "Say how the phone stands, and where its key is", Args: cobra.NoArgs}
	c.RunE = a.onPhone(0, func(_ context.Context, p *client.Replica, _ []string) error {
		status, err := p.Status()
		if err != nil {
			return err
		}
		_, from, err := a.key(false)
		if err != nil {
			return err
		}
		return a.printStatus(p.Self(), status, from)
	})
	return c
}

func newConflicts(a *app) *cobra.Command {
	c := &cobra.Command{Use: "conflicts", Short: "List what waits for a decision of yours", Args: cobra.NoArgs}
	c.RunE = a.onPhone(0, func(_ context.Context, p *client.Replica, _ []string) error {
		open, err := p.Conflicts()
		if err != nil {
			return err
		}
		return a.printConflicts(open)
	})
	return c
}

func newWhy(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "why ID", Short: "Say of each field of a record who wrote it, when, and why it stands", Args: cobra.ExactArgs(1),
	}
	c.RunE = a.onPhone(1, func(_ context.Context, p *client.Replica, args []string) error {
		id, err := wire.ParseID(args[0])
		if err != nil {
			return client.ErrNotFound
		}
		reasons, err := p.Why(id)
		if err != nil {
			return err
		}
		return a.printReasons(args[0], reasons)
	})
	return c
}

func newRestore(a *app) *cobra.Command {
	var value int
	c := &cobra.Command{
		Use: "restore CONFLICT_ID --value N", Short: "Put another value in place; N counts the others of the list from 1",
		Args: cobra.ExactArgs(1),
	}
	c.Flags().IntVar(&value, "value", 0, "number of the value")
	required(c, "value")
	c.RunE = a.onPhone(1, func(_ context.Context, p *client.Replica, args []string) error {
		if err := p.Restore(args[0], value); err != nil {
			return err
		}
		return a.printID(args[0])
	})
	return c
}

func newAcknowledge(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "acknowledge CONFLICT_ID", Short: "Close a conflict with the value that stands", Args: cobra.ExactArgs(1),
	}
	c.RunE = a.onPhone(1, func(_ context.Context, p *client.Replica, args []string) error {
		if err := p.Acknowledge(args[0]); err != nil {
			return err
		}
		return a.printID(args[0])
	})
	return c
}

func newQuarantine(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "quarantine", Short: "List own changes that wait for a decision at the server, and what was decided", Args: cobra.NoArgs,
	}
	c.RunE = a.onPhone(0, func(_ context.Context, p *client.Replica, _ []string) error {
		items, err := p.Quarantined()
		if err != nil {
			return err
		}
		return a.printQuarantined(items)
	})
	return c
}
