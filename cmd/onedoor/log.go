package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/command"
)

// entryJSON is a log entry as `log --json` prints it.
type entryJSON struct {
	Seq           uint64          `json:"seq"`
	Type          string          `json:"type"`
	Time          json.RawMessage `json:"time"`
	Suspect       bool            `json:"suspect,omitempty"`
	Kind          string          `json:"kind,omitempty"`
	RecordID      string          `json:"record_id,omitempty"`
	Author        string          `json:"author"`
	AuthorID      string          `json:"author_id,omitempty"`
	DeviceID      string          `json:"device_id,omitempty"`
	DeviceSeq     uint64          `json:"device_seq,omitempty"`
	PrevSeq       uint64          `json:"prev_seq,omitempty"`
	RefSeq        uint64          `json:"ref_seq,omitempty"`
	Reason        string          `json:"reason,omitempty"`
	Rank          uint32          `json:"rank,omitempty"`
	AfterHandover bool            `json:"after_handover,omitempty"`
	Conflicts     []string        `json:"conflicts,omitempty"`
	Cells         []changeJSON    `json:"cells,omitempty"`
	DecidedBy     string          `json:"decided_by,omitempty"`
	Decision      string          `json:"decision,omitempty"`
	AbsentUntil   uint64          `json:"absent_until,omitempty"`
}

func newLog(a *app) *cobra.Command {
	var after, until uint64
	c := &cobra.Command{
		Use: "log", Short: "Print the realm's log, one entry a line", Args: cobra.NoArgs,
		Long: `Prints the log in order, up to its end at the time of the call: every accepted,
quarantined, released, rejected, moved and erased change. With --json each line
is one JSON object. What a change writes is shown to a token whose role may read it.`,
		Example: `  onedoor log --data ./realm --after 88000
  onedoor log --data ./realm --json | grep '"type":"quarantined"'`,
	}
	c.Flags().Uint64Var(&after, "after", 0, "begin behind this `SEQ`")
	c.Flags().Uint64Var(&until, "until", 0, "end with this `SEQ` (default: the newest)")
	c.RunE = a.asking(func(client *client, _ []string) error {
		values, err := client.values()
		if err != nil {
			return err
		}
		stream, err := client.ReadLog(client.ctx, &adminv1.ReadLogRequest{AfterSeq: after, UntilSeq: until})
		for err == nil {
			var m *adminv1.ReadLogResponse
			if m, err = stream.Recv(); err == nil {
				e := values.entry(m.GetEntry())
				err = a.Print(e, func(w io.Writer) { fmt.Fprintln(w, e.line()) })
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	})
	return a.reaching(c)
}

func (v values) entry(m *adminv1.LogEntry) entryJSON {
	out := entryJSON{
		Seq: m.GetSeq(), Type: short(m.GetType()), Time: command.TimeJSON(m.GetStampMs()), Suspect: m.GetSuspect(),
		Kind: short(m.GetRecordKind()), RecordID: idText(m.GetRecordId()),
		Author: authorText(m.GetAuthor()), AuthorID: idText(m.GetAuthor().GetUserId()), DeviceID: idText(m.GetAuthor().GetIncarnation()),
		DeviceSeq: m.GetDeviceSeq(), PrevSeq: m.GetPrevSeq(), RefSeq: m.GetRefSeq(), Reason: short(m.GetReason()), Rank: m.GetRank(),
		AfterHandover: m.GetAfterHandover(), Cells: v.changes(m.GetRecordKind(), m.GetCells()), DecidedBy: idText(m.GetDecidedBy()), Decision: m.GetDecision(), AbsentUntil: m.GetAbsentUntil(),
	}
	for _, id := range m.GetConflictIds() {
		out.Conflicts = append(out.Conflicts, idText(id))
	}
	return out
}

// Widths of the columns of a log line, which is written before the next one is known.
const (
	seqWidth    = 8
	typeWidth   = 11
	kindWidth   = 10
	authorWidth = 10
)

// line shows an entry to people.
func (e entryJSON) line() string {
	parts := []string{
		command.Padded(fmt.Sprint(e.Seq), seqWidth), command.Clock(e.Time), command.Padded(e.Type, typeWidth), command.Padded(e.Kind, kindWidth),
		orDash(e.RecordID), command.Padded(e.Author, authorWidth), e.details(),
	}
	return command.Printable(strings.TrimRight(strings.Join(parts, command.ColumnGap), " "))
}

// details is what only some entries have.
func (e entryJSON) details() string {
	var out []string
	for _, c := range e.Cells {
		out = append(out, c.Field+"="+valueText(c.Value))
	}
	if e.Reason != "" {
		out = append(out, "("+e.Reason+")")
	}
	if e.RefSeq != 0 {
		out = append(out, fmt.Sprintf("of %d", e.RefSeq))
	}
	if e.Decision != "" {
		out = append(out, e.Decision)
	}
	if e.AbsentUntil != 0 {
		out = append(out, fmt.Sprintf("up to change %d", e.AbsentUntil))
	}
	return strings.Join(out, " ")
}
