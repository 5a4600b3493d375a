package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/command"
)

// whichWaiting narrows down the changes that wait; its zero value takes all.
type whichWaiting struct {
	ids       []string
	olderThan time.Duration
	author    string
}

func (q *whichWaiting) flags(c *cobra.Command) {
	c.Flags().DurationVar(&q.olderThan, "older-than", 0, "only what has waited longer than `AGE`, such as 72h")
	c.Flags().StringVar(&q.author, "author", "", "only what this `USER` wrote")
}

// bulk says that several are meant, rather than one by its number.
func (q *whichWaiting) bulk() bool { return len(q.ids) > 0 || q.olderThan > 0 || q.author != "" }

func (q *whichWaiting) takes(w *waitingJSON) bool {
	return (len(q.ids) == 0 || slices.Contains(q.ids, w.ID)) && (q.author == "" || w.AuthorID == q.author) &&
		time.Duration(w.AgeSeconds)*time.Second >= q.olderThan
}

// waitingItems lists what the caller may know of and the filter takes, the oldest first.
func waitingItems(client *client, which *whichWaiting) ([]waitingJSON, error) {
	items, now := []waitingJSON{}, time.Now()
	for req := (&adminv1.ListQuarantineRequest{}); ; {
		m, err := client.ListQuarantine(client.ctx, req)
		if err != nil {
			return nil, err
		}
		for _, q := range m.GetChanges() {
			if w := waiting(q, now); which.takes(&w) {
				items = append(items, w)
			}
		}
		if req.AfterSeq = m.GetNextAfterSeq(); req.AfterSeq == 0 {
			return items, nil
		}
	}
}

func (a *app) quarantineRelease() *cobra.Command {
	c, which, reason := a.deciding("release", "Apply one, or several", `Applies the change with its own base and place in its author's sequence: it never
beats what its author, or anyone who had seen it, wrote later. If it creates a
record, the author's later changes to that record are released with it.

Who releases has to be one who may read all that it writes. `+bulkHelp,
		"  onedoor quarantine release 88121 --reason 门牌归错了网格 --token-file lead.token\n"+
			"  onedoor quarantine release --author USER_ID --older-than 24h --reason 已核实 --token-file lead.token")
	c.RunE = a.asking(func(client *client, args []string) error {
		return a.decide(client, args, which, "released", func(seq uint64) error {
			_, err := client.ReleaseQuarantined(client.ctx, &adminv1.ReleaseQuarantinedRequest{Seq: seq, Reason: *reason})
			return err
		})
	})
	return c
}

func (a *app) quarantineReject() *cobra.Command {
	c, which, reason := a.deciding("reject", "Refuse one for good, or several", `Refuses the change for good. The change stays in the log, and its author reads the
reason on the phone. Who rejects has to be one who may read all that it writes.
`+bulkHelp,
		"  onedoor quarantine reject 88121 --reason 此楼不在本辖区 --token-file lead.token\n"+
			"  onedoor quarantine reject --ids 88121,88122 --reason 重复登记 --token-file lead.token")
	command.Required(c, "reason")
	c.RunE = a.asking(func(client *client, args []string) error {
		return a.decide(client, args, which, "rejected", func(seq uint64) error {
			_, err := client.RejectQuarantined(client.ctx, &adminv1.RejectQuarantinedRequest{Seq: seq, Reason: *reason})
			return err
		})
	})
	return c
}

const bulkHelp = `With --ids, --author or --older-than it decides on all that
match, the oldest first, and says of each what came of it; several filters narrow down.`

// deciding makes the command of one kind of decision, without what it runs.
func (a *app) deciding(verb, summary, long, example string) (c *cobra.Command, which *whichWaiting, reason *string) {
	which, reason = &whichWaiting{}, new(string)
	c = &cobra.Command{
		Use: verb + " [ID] [--ids ID,…] [--author USER] [--older-than AGE] --reason TEXT", Short: summary, Args: cobra.MaximumNArgs(1),
		Long: long, Example: example,
	}
	c.Flags().StringVar(reason, "reason", "", "`TEXT` that the author reads, at most 300 characters")
	c.Flags().StringSliceVar(&which.ids, "ids", nil, "`ID,…` of the changes")
	which.flags(c)
	return c, which, reason
}

// decidedJSON is what a decision on several changes prints.
type decidedJSON struct {
	Decided []doneJSON    `json:"decided"`
	Refused []refusedJSON `json:"refused"`
}

// refusedJSON is a change that was not decided on, and why.
type refusedJSON struct {
	ID    string `json:"id"`
	Error string `json:"error"`
}

// decide decides on one change by its number, or on all that match.
func (a *app) decide(client *client, args []string, which *whichWaiting, state string, one func(seq uint64) error) error {
	switch {
	case len(args) == 1 && which.bulk():
		return command.Misused("name one change by its number, or several by --ids, --author and --older-than, and not both")
	case len(args) == 1:
		seq, err := parseSeq(args[0])
		if err != nil {
			return err
		}
		if err := one(seq); err != nil {
			return err
		}
		return a.decided(args[0], state)
	case !which.bulk():
		return command.Misused("name a change by its number from `onedoor quarantine list`, or several by --ids, --author or --older-than")
	}
	items, err := waitingItems(client, which)
	if err != nil {
		return err
	}
	return a.decideAll(client, items, which, state, one)
}

// decideAll decides on each of several; one that is refused does not stop the others.
func (a *app) decideAll(client *client, items []waitingJSON, which *whichWaiting, state string, one func(seq uint64) error) error {
	out := decidedJSON{Decided: []doneJSON{}, Refused: []refusedJSON{}}
	for _, id := range which.ids {
		if !slices.ContainsFunc(items, func(w waitingJSON) bool { return w.ID == id }) {
			out.Refused = append(out.Refused, refusedJSON{id, "does not wait, or is not within reach, or another filter leaves it out"})
		}
	}
	for _, w := range items {
		if err := one(w.Seq); err != nil {
			out.Refused = append(out.Refused, refusedJSON{w.ID, err.Error()})
			continue
		}
		out.Decided = append(out.Decided, doneJSON{strconv.FormatUint(w.Seq, 10), state})
	}
	return a.Print(out, func(w io.Writer) {
		fmt.Fprintf(w, "%d %s, %d not\n", len(out.Decided), state, len(out.Refused))
		for _, r := range out.Refused {
			fmt.Fprintf(w, "%s: %s\n", r.ID, r.Error)
		}
	})
}

func (a *app) decided(id, state string) error {
	return a.Print(doneJSON{id, state}, func(w io.Writer) { fmt.Fprintf(w, "change %s is %s\n", id, state) })
}
