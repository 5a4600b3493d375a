package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	feedv1 "onedoor/proto/gen/onedoor/feed/v1"

	"onedoor/internal/command"
)

// pageJSON is a page as `feed read --json` prints it, a line each.
type pageJSON struct {
	Events   []eventJSON `json:"events"`
	Cursor   string      `json:"cursor"`
	Restart  bool        `json:"restart"`
	CaughtUp bool        `json:"caught_up"`
}

type eventJSON struct {
	Type     string          `json:"type"`
	RecordID string          `json:"record_id"`
	Kind     string          `json:"kind,omitempty"`
	Seq      uint64          `json:"seq,omitempty"`
	Record   json.RawMessage `json:"record,omitempty"`
}

func pageOf(m *feedv1.FeedPage) (pageJSON, error) {
	out := pageJSON{Events: []eventJSON{}, Cursor: m.GetCursor(), Restart: m.GetRestart(), CaughtUp: m.GetCaughtUp()}
	for _, e := range m.GetEvents() {
		j := eventJSON{Type: short(e.GetType()), RecordID: e.GetRecordId(), Kind: e.GetKind(), Seq: e.GetSeq()}
		if e.GetRecord() != nil {
			text, err := protojson.Marshal(e.GetRecord())
			if err != nil {
				return out, err
			}
			j.Record = text
		}
		out.Events = append(out.Events, j)
	}
	return out, nil
}

func (a *app) feedRead() *cobra.Command {
	var cursor string
	var follow bool
	c := &cobra.Command{
		Use: "read FEED", Short: "Read a feed's pages from a cursor on", Args: cobra.ExactArgs(1),
		Long: `Prints the events behind a cursor, to the end of the log or, with --follow, for
as long as it runs. With --json each line is one page; keep its cursor together
with what it holds. It needs the token of the feed's user.`,
		Example: `  onedoor feed read FEED_ID --token-file hotline.token
  onedoor feed read FEED_ID --cursor "$CURSOR" --follow --json --token-file hotline.token`,
	}
	c.Flags().StringVar(&cursor, "cursor", "", "the `CURSOR` of the page before (default: the start)")
	c.Flags().BoolVar(&follow, "follow", false, "wait for what comes")
	c.RunE = a.asking(func(client *client, args []string) error {
		id, err := parseID("feed", args[0])
		if err != nil {
			return err
		}
		if follow {
			return a.followFeed(client, idText(id), cursor)
		}
		for {
			m, err := client.feeds.ReadFeed(client.ctx, &feedv1.ReadFeedRequest{Id: idText(id), Cursor: cursor})
			if err != nil {
				return err
			}
			if err := a.printPage(m.GetPage()); err != nil || m.GetPage().GetCaughtUp() {
				return err
			}
			cursor = m.GetPage().GetCursor()
		}
	})
	return c
}

func (a *app) followFeed(client *client, id, cursor string) error {
	ctx, cancel := context.WithCancel(client.ctx)
	defer cancel()
	stream, err := client.feeds.FollowFeed(ctx, &feedv1.FollowFeedRequest{Id: id, Cursor: cursor})
	for err == nil {
		var m *feedv1.FollowFeedResponse
		if m, err = stream.Recv(); err == nil {
			err = a.printPage(m.GetPage())
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (a *app) printPage(m *feedv1.FeedPage) error {
	page, err := pageOf(m)
	if err != nil {
		return err
	}
	return a.Print(page, func(w io.Writer) {
		if page.Restart {
			fmt.Fprintln(w, "from the start: what is not told again is to be forgotten")
		}
		for _, e := range page.Events {
			line := strings.TrimSpace(fmt.Sprintf("%s %s %s %s", command.Padded(fmt.Sprint(e.Seq), seqWidth), command.Padded(e.Type, kindWidth), command.Padded(e.Kind, kindWidth), e.RecordID))
			fmt.Fprintln(w, command.Printable(line+" "+string(e.Record)))
		}
		if page.CaughtUp {
			fmt.Fprintf(w, "caught up; go on with --cursor %s\n", page.Cursor)
		}
	})
}

// submittedJSON is what `feed submit --json` prints.
type submittedJSON struct {
	CaseID   string          `json:"case_id"`
	Created  bool            `json:"created"`
	State    string          `json:"state,omitempty"`
	Deadline json.RawMessage `json:"deadline,omitempty"`
}

func (a *app) feedSubmit() *cobra.Command {
	var reference, text string
	c := &cobra.Command{
		Use: "submit JSON|-", Short: "Register a dispute that a system outside has taken in", Args: cobra.ExactArgs(1),
		Long: `Registers a dispute under the system's own key of it; the same key again gives the
case that stands and writes nothing, so that it may be sent again when an answer
was lost. JSON is a dispute as "onedoor-phone add dispute" takes it. It needs the
token of a user whose role registers cases.`,
		Example: `  onedoor feed submit --reference 12345-20260830-0007 '{"title":"楼上漏水","territory":"530702001001"}' --token-file hotline.token`,
	}
	c.Flags().StringVar(&reference, "reference", "", "the system's own `KEY` of the case, at most 64 characters")
	c.Flags().StringVar(&text, "text", "", "`TEXT` for the timeline")
	command.Required(c, "reference")
	c.RunE = a.asking(func(client *client, args []string) error {
		record := &structpb.Struct{}
		body, err := a.Text(args[0])
		if err != nil {
			return err
		}
		if err := record.UnmarshalJSON([]byte(body)); err != nil {
			return command.Misused("JSON: %v", err)
		}
		m, err := client.feeds.SubmitCase(client.ctx, &feedv1.SubmitCaseRequest{Reference: reference, Record: record, Text: text})
		if err != nil {
			return err
		}
		out := submittedJSON{CaseID: m.GetCaseId(), Created: m.GetCreated(), State: m.GetState()}
		if m.GetDeadlineMs() != 0 {
			out.Deadline = command.TimeJSON(m.GetDeadlineMs())
		}
		return a.Print(out, func(w io.Writer) {
			what := "stands already"
			if out.Created {
				what = "made"
			}
			fmt.Fprintf(w, "case %s %s: %s\n", out.CaseID, what, out.State)
		})
	})
	return c
}

func (a *app) feedRefer() *cobra.Command {
	c := &cobra.Command{
		Use: "refer RECORD KEY", Short: "Note a system's own key on a record", Args: cobra.ExactArgs(2),
		Long: `Notes in external_ref what the system calls the record, so that both know which is
which. The same key again changes nothing; another one that stands is never
replaced. It needs the token of a user whose role writes the record.`,
		Example: "  onedoor feed refer CASE_ID 12345-20260830-0007 --token-file hotline.token",
	}
	c.RunE = a.asking(func(client *client, args []string) error {
		id, err := parseID("record", args[0])
		if err != nil {
			return err
		}
		m, err := client.feeds.SetReference(client.ctx, &feedv1.SetReferenceRequest{RecordId: idText(id), Reference: args[1]})
		if err != nil {
			return err
		}
		did := map[bool]string{true: "noted", false: "stands already"}[m.GetNoted()]
		result := doneJSON{idText(id), did}
		return a.Print(result, func(w io.Writer) { fmt.Fprintf(w, "record %s: %s\n", result.ID, did) })
	})
	return c
}
