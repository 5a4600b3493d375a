package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/command"
)

func newQuarantine(a *app) *cobra.Command {
	return a.reaching(command.Group("quarantine", "Look at changes that wait for a decision, and decide",
		`Changes that the server could not apply wait here whole: nothing is lost, and
their authors see them on their phones with the reason. Release applies one as if
it had come through; reject refuses it for good and tells its author why.`,
		a.quarantineList(), a.quarantineShow(), a.quarantineRelease(), a.quarantineReject()))
}

// waitingJSON is a waiting change as `quarantine list --json` prints it.
type waitingJSON struct {
	ID         string          `json:"id"`
	Seq        uint64          `json:"seq"`
	Kind       string          `json:"kind"`
	RecordID   string          `json:"record_id"`
	Reason     string          `json:"reason"`
	Author     string          `json:"author"`
	AuthorID   string          `json:"author_id,omitempty"`
	DeviceID   string          `json:"device_id,omitempty"`
	DeviceSeq  uint64          `json:"device_seq"`
	Create     bool            `json:"create"`
	Arrived    json.RawMessage `json:"arrived"`
	AgeSeconds int64           `json:"age_s"`
}

func waiting(m *adminv1.QuarantinedChange, now time.Time) waitingJSON {
	return waitingJSON{
		ID: strconv.FormatUint(m.GetSeq(), 10), Seq: m.GetSeq(), Kind: short(m.GetRecordKind()), RecordID: idText(m.GetRecordId()),
		Reason: short(m.GetReason()), Author: authorText(m.GetAuthor()), AuthorID: idText(m.GetAuthor().GetUserId()),
		DeviceID: idText(m.GetAuthor().GetIncarnation()), DeviceSeq: m.GetDeviceSeq(), Create: m.GetCreate(), Arrived: command.TimeJSON(m.GetAtMs()),
		AgeSeconds: max(0, int64(now.Sub(time.UnixMilli(m.GetAtMs()))/time.Second)),
	}
}

func (a *app) quarantineList() *cobra.Command {
	var which whichWaiting
	c := &cobra.Command{
		Use: "list", Short: "List the changes that wait, the oldest first", Args: cobra.NoArgs,
		Long: `Lists the changes that wait, in the order they came. A token whose role may read a
record sees the changes to it; the operator's token sees that they wait and no value.`,
		Example: "  onedoor quarantine list --older-than 72h --data ./realm",
	}
	which.flags(c)
	c.RunE = a.asking(func(client *client, _ []string) error {
		items, err := waitingItems(client, &which)
		if err != nil {
			return err
		}
		return a.Print(map[string]any{"items": items}, func(w io.Writer) { writeWaiting(w, items) })
	})
	return c
}

func writeWaiting(w io.Writer, items []waitingJSON) {
	if len(items) == 0 {
		fmt.Fprintln(w, "nothing waits")
		return
	}
	t := command.Table{}
	t.Add("ID", "RECORD", "REASON", "AUTHOR", "WAITS")
	for _, q := range items {
		t.Add(q.ID, q.Kind+" "+q.RecordID, q.Reason, q.Author, (time.Duration(q.AgeSeconds) * time.Second).String())
	}
	t.Write(w)
}

// parseSeq reads the number by which a waiting change is named.
func parseSeq(text string) (uint64, error) {
	seq, err := strconv.ParseUint(text, 10, 64)
	if err != nil || seq == 0 {
		return 0, command.Misused("change %q: give its number from `onedoor quarantine list`", text)
	}
	return seq, nil
}

func (a *app) quarantineShow() *cobra.Command {
	c := &cobra.Command{
		Use: "show ID", Short: "Show one with what it would write", Args: cobra.ExactArgs(1),
		Long:    "Values are shown to a token whose role may read them; the operator's token gets\nthe fields' names.",
		Example: "  onedoor quarantine show 88121 --token-file lead.token",
	}
	c.RunE = a.asking(func(client *client, args []string) error {
		seq, err := parseSeq(args[0])
		if err != nil {
			return err
		}
		values, err := client.values()
		if err != nil {
			return err
		}
		m, err := client.GetQuarantined(client.ctx, &adminv1.GetQuarantinedRequest{Seq: seq})
		if err != nil {
			return err
		}
		result := struct {
			waitingJSON
			Cells []changeJSON `json:"cells"`
		}{waiting(m.GetChange(), time.Now()), values.changes(m.GetChange().GetRecordKind(), m.GetCells())}
		return a.Print(result, func(w io.Writer) {
			writeWaiting(w, []waitingJSON{result.waitingJSON})
			t := command.Table{}
			t.Add("FIELD", "WOULD BECOME")
			for _, cell := range result.Cells {
				t.Add(cell.Field, valueText(cell.Value))
			}
			t.Write(w)
		})
	})
	return c
}
