package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"onedoor/internal/command"
	"onedoor/internal/recordjson"
)

// objecter is what the SDK writes as a JSON object.
type objecter interface{ Object() recordjson.Object }

// objects writes a list under a name; an empty one is an empty array.
func objects[T objecter](name string, list []T) recordjson.Object {
	out := make([]recordjson.Object, len(list))
	for i := range list {
		out[i] = list[i].Object()
	}
	return recordjson.Object{}.With(name, out)
}

func newConflicts(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "conflicts", Short: "List what waits for a person's decision", Args: cobra.NoArgs,
		Long: `Lists what is open: a field that two people wrote without knowing of each other
(conflict), a value replaced by somebody who had not been shown it (kept), and a
value in a record that somebody deleted without having seen it (delete_edit). The
others are numbered as restore --value takes them.`,
		Example: "  onedoor-phone --dir ./phone conflicts",
	}
	c.RunE = a.using(func(_ context.Context, p *phone, _ []string) error {
		list, err := p.Conflicts()
		if err != nil {
			return err
		}
		return a.Print(objects("conflicts", list), func(w io.Writer) {
			if len(list) == 0 {
				fmt.Fprintln(w, "nothing is open")
				return
			}
			t := command.Table{}
			t.Add("CONFLICT", "OPEN", "RECORD", "FIELD", "", "VALUE", "AUTHOR", "TIME")
			for _, c := range list {
				t.Add(c.ID, c.Kind, c.RecordKind+" "+c.RecordID, c.Field, "shown", valueText(c.Shown.JSON), c.Shown.Author, command.TimeText(c.Shown.TimeMs))
				for i, other := range c.Others {
					t.Add("", "", "", "", fmt.Sprint(i+1), valueText(other.JSON), other.Author, command.TimeText(other.TimeMs))
				}
			}
			t.Write(w)
		})
	})
	return c
}

func newWhy(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "why ID", Short: "Say of each field who wrote what it shows, and by which rule it stands", Args: cobra.ExactArgs(1),
		Long: `Says of each field of a record who wrote the value that it shows, when, by which
rule it stands, and which values stand behind it.`,
		Example: "  onedoor-phone --dir ./phone why RECORD_ID",
	}
	c.RunE = a.using(func(_ context.Context, p *phone, args []string) error {
		id, err := parseID(args[0])
		if err != nil {
			return err
		}
		list, err := p.Why(id)
		if err != nil {
			return err
		}
		return a.Print(objects("fields", list), func(w io.Writer) {
			t := command.Table{}
			t.Add("FIELD", "", "VALUE", "AUTHOR", "TIME", "RULE")
			for _, f := range list {
				t.Add(f.Field, "shown", valueText(f.Shown.JSON), f.Shown.Author, command.TimeText(f.Shown.TimeMs), f.Rule)
				for _, lost := range f.Losing {
					t.Add("", "behind", valueText(lost.JSON), lost.Author, command.TimeText(lost.TimeMs))
				}
			}
			t.Write(w)
		})
	})
	return c
}

func newRestore(a *app) *cobra.Command {
	var value int
	c := &cobra.Command{
		Use: "restore CONFLICT --value N", Short: "Put another value of a conflict in place", Args: cobra.ExactArgs(1),
		Long: `Puts the N-th of a conflict's other values, counted from 1, in the place of the
shown one and closes the conflict. A deleted record comes back.`,
		Example: "  onedoor-phone --dir ./phone restore CONFLICT_ID --value 1",
	}
	c.Flags().IntVar(&value, "value", 0, "which of the others, `N` from 1")
	command.Required(c, "value")
	c.RunE = a.using(func(_ context.Context, p *phone, args []string) error {
		if err := p.Restore(args[0], value); err != nil {
			return err
		}
		return a.printID(args[0], "settled ")
	})
	return c
}

func newAcknowledge(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "acknowledge CONFLICT", Short: "Close a conflict with the value that is shown", Args: cobra.ExactArgs(1),
		Long:    "Closes a conflict with the value that stands; a deletion is confirmed.",
		Example: "  onedoor-phone --dir ./phone acknowledge CONFLICT_ID",
	}
	c.RunE = a.using(func(_ context.Context, p *phone, args []string) error {
		if err := p.Acknowledge(args[0]); err != nil {
			return err
		}
		return a.printID(args[0], "settled ")
	})
	return c
}

func newQuarantine(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "quarantine", Short: "List this phone's changes that a person decides about", Args: cobra.NoArgs,
		Long: `Lists the changes of this phone that the server holds for a decision, and those
that were decided. Nothing of them is lost: they stay here and at the server.`,
		Example: "  onedoor-phone --dir ./phone quarantine",
	}
	c.RunE = a.using(func(_ context.Context, p *phone, _ []string) error {
		list, err := p.Quarantined()
		if err != nil {
			return err
		}
		return a.Print(objects("items", list), func(w io.Writer) {
			if len(list) == 0 {
				fmt.Fprintln(w, "nothing is in quarantine")
				return
			}
			t := command.Table{}
			t.Add("RECORD", "TIME", "STATE", "WHY", "NOTE")
			for _, q := range list {
				t.Add(q.Kind+" "+q.RecordID, command.TimeText(q.TimeMs), q.State, q.Says.In(a.language()), q.Note)
			}
			t.Write(w)
		})
	})
	return c
}
