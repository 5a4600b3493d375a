package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/command"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// accessJSON is an entry as `ledger --json` prints it, one object a line.
type accessJSON struct {
	Number   uint64          `json:"number"`
	Time     json.RawMessage `json:"time"`
	Action   string          `json:"action"`
	User     string          `json:"user,omitempty"`
	UserID   string          `json:"user_id,omitempty"`
	DeviceID string          `json:"device_id,omitempty"`
	Operator bool            `json:"operator,omitempty"`
	Records  []accessedJSON  `json:"records,omitempty"`
	Users    []string        `json:"about_users,omitempty"`
	Devices  []string        `json:"about_devices,omitempty"`
	Reason   string          `json:"reason,omitempty"`
	Place    string          `json:"place,omitempty"`
}

// accessedJSON are records of which the same fields were seen.
type accessedJSON struct {
	Kind   string   `json:"kind"`
	Fields []string `json:"fields,omitempty"`
	IDs    []string `json:"ids"`
}

// affectedJSON is a record as `ledger --affected --json` prints it, one object a line.
type affectedJSON struct {
	RecordID string          `json:"record_id"`
	Kind     string          `json:"kind"`
	Fields   []string        `json:"fields"`
	First    json.RawMessage `json:"first"`
	Last     json.RawMessage `json:"last"`
	Times    uint32          `json:"times"`
	Written  bool            `json:"written,omitempty"`
}

// ledgerFlags are what `ledger` is asked with.
type ledgerFlags struct {
	record, user, device, since, until string
	actions                            []string
	after                              uint64
	affected                           bool
}

func newLedger(a *app) *cobra.Command {
	f := &ledgerFlags{}
	c := &cobra.Command{
		Use: "ledger", Short: "Print who saw what is sealed, and who changed what people may do", Args: cobra.NoArgs,
		Long: `Prints the access ledger in order: every time a resident's name and number went
to a phone or were read, every export and break-glass, every change of users,
teams, grants, tokens and devices, every decision and every act of the privacy
desk. It names records by id and holds no value. With --json each line is one
JSON object. It answers an operator's or an auditor's token.

With --affected it prints instead the records whose sealed fields a device or a
user has seen or written, each with the first and the last time: whom a lost
phone or a leaked account concerns.`,
		Example: `  onedoor ledger --data ./realm --record 01890a5d-ac96-774b-bcce-b302099a8057
  onedoor ledger --data ./realm --action grants_set --since 2026-03-01
  onedoor ledger --data ./realm --affected --device DEVICE_ID --json`,
	}
	flags := c.Flags()
	flags.StringVar(&f.record, "record", "", "only entries that name this record `ID`")
	flags.StringVar(&f.user, "user", "", "only entries of or about this user `ID`")
	flags.StringVar(&f.device, "device", "", "only entries of or about this device `ID`")
	flags.StringArrayVar(&f.actions, "action", nil, "only this `ACTION`, such as sync or token_mint; may be given again")
	flags.StringVar(&f.since, "since", "", "only from this `TIME` on: a date of this machine's time zone, or RFC 3339")
	flags.StringVar(&f.until, "until", "", "only before this `TIME`")
	flags.Uint64Var(&f.after, "after", 0, "begin behind this `NUMBER`")
	flags.BoolVar(&f.affected, "affected", false, "print the records that --device or --user has seen or written")
	c.RunE = a.asking(func(client *client, _ []string) error {
		if f.affected {
			return a.affected(client, f)
		}
		return a.ledger(client, f)
	})
	return a.reaching(c)
}

func (a *app) ledger(client *client, f *ledgerFlags) error {
	req, err := f.request()
	if err != nil {
		return err
	}
	stream, err := client.ReadAccessLedger(client.ctx, req)
	for err == nil {
		var m *adminv1.ReadAccessLedgerResponse
		if m, err = stream.Recv(); err == nil {
			e := accessOf(m.GetEntry())
			err = a.Print(e, func(w io.Writer) { fmt.Fprintln(w, e.line()) })
		}
	}
	return untilEnd(err)
}

func (a *app) affected(client *client, f *ledgerFlags) error {
	if f.record != "" || len(f.actions) > 0 || f.after != 0 || (f.user == "") == (f.device == "") {
		return command.Misused("--affected wants either --device or --user, and beside it no more than --since and --until")
	}
	req, err := f.request()
	if err != nil {
		return err
	}
	stream, err := client.ListAffected(client.ctx, &adminv1.ListAffectedRequest{
		DeviceId: req.GetDeviceId(), UserId: req.GetUserId(), SinceMs: req.GetSinceMs(), UntilMs: req.GetUntilMs(),
	})
	for err == nil {
		var m *adminv1.ListAffectedResponse
		if m, err = stream.Recv(); err == nil {
			x := affectedOf(m)
			err = a.Print(x, func(w io.Writer) { fmt.Fprintln(w, x.line()) })
		}
	}
	return untilEnd(err)
}

// untilEnd takes the end of a stream for no error.
func untilEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (f *ledgerFlags) request() (*adminv1.ReadAccessLedgerRequest, error) {
	req := &adminv1.ReadAccessLedgerRequest{AfterNumber: f.after}
	for _, id := range []struct {
		flag, text string
		into       *[]byte
	}{{"--record", f.record, &req.RecordId}, {"--user", f.user, &req.UserId}, {"--device", f.device, &req.DeviceId}} {
		if id.text == "" {
			continue
		}
		b, err := parseID(id.flag, id.text)
		if err != nil {
			return nil, err
		}
		*id.into = b
	}
	for _, name := range f.actions {
		n, ok := adminv1.AccessAction_value["ACCESS_ACTION_"+strings.ToUpper(name)]
		if !ok || n == 0 {
			return nil, command.Misused("--action %s: no such action; docs/cli.md lists them", name)
		}
		req.Actions = append(req.Actions, adminv1.AccessAction(n))
	}
	var err error
	if req.SinceMs, err = parseTime("--since", f.since); err != nil {
		return nil, err
	}
	req.UntilMs, err = parseTime("--until", f.until)
	return req, err
}

// parseTime reads a date of this machine's time zone or an RFC 3339 time; 0 for none.
func parseTime(flag, text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t.UnixMilli(), nil
		}
	}
	return 0, command.Misused("%s %s: not a time; write 2026-03-01 or 2026-03-01T08:30:00+08:00", flag, text)
}

func accessOf(m *adminv1.AccessEntry) accessJSON {
	out := accessJSON{
		Number: m.GetNumber(), Time: command.TimeJSON(m.GetAtMs()), Action: short(m.GetAction()), User: m.GetUserName(),
		UserID: idText(m.GetUserId()), DeviceID: idText(m.GetDeviceId()), Operator: m.GetOperator(),
		Users: idTexts(m.GetAboutUsers()), Devices: idTexts(m.GetAboutDevices()), Reason: m.GetReason(), Place: m.GetPlace(),
	}
	for _, r := range m.GetRecords() {
		out.Records = append(out.Records, accessedJSON{short(r.GetRecordKind()), fieldNames(r.GetRecordKind(), r.GetFields()), idTexts(r.GetRecordIds())})
	}
	return out
}

// fieldNames names fields; one that this software does not know is told by number.
func fieldNames(kind recordv1.Kind, numbers []uint32) []string {
	k, _ := schema.Load().Kind(syncengine.KindNumber(kind))
	out := make([]string, len(numbers))
	for i, n := range numbers {
		out[i] = fmt.Sprint(n)
		if k == nil {
			continue
		}
		if f, ok := k.Field(syncengine.FieldNumber(n)); ok {
			out[i] = f.Name
		}
	}
	return out
}

// actionWidth is the width of the longest action's name.
const actionWidth = 20

// line shows an entry to people.
func (e accessJSON) line() string {
	parts := []string{
		command.Padded(fmt.Sprint(e.Number), seqWidth), command.Clock(e.Time), command.Padded(e.Action, actionWidth),
		command.Padded(e.actor(), authorWidth), e.details(),
	}
	return command.Printable(strings.TrimRight(strings.Join(parts, command.ColumnGap), " "))
}

// actor names who acted.
func (e accessJSON) actor() string {
	switch {
	case e.User != "":
		return e.User
	case e.UserID != "":
		return e.UserID
	case e.Operator:
		return "operator"
	}
	return "server"
}

// details is what the entry is about.
func (e accessJSON) details() string {
	var out []string
	for _, r := range e.Records {
		text := fmt.Sprintf("%d %s", len(r.IDs), r.Kind)
		if len(r.IDs) == 1 {
			text = r.Kind + " " + r.IDs[0]
		}
		if len(r.Fields) > 0 {
			text += " (" + strings.Join(r.Fields, ", ") + ")"
		}
		out = append(out, text)
	}
	for _, id := range e.Users {
		out = append(out, "user "+id)
	}
	for _, id := range e.Devices {
		out = append(out, "device "+id)
	}
	for _, text := range []string{e.Place, e.Reason} {
		if text != "" {
			out = append(out, text)
		}
	}
	return strings.Join(out, "; ")
}

func affectedOf(m *adminv1.ListAffectedResponse) affectedJSON {
	return affectedJSON{
		RecordID: idText(m.GetRecordId()), Kind: short(m.GetRecordKind()), Fields: fieldNames(m.GetRecordKind(), m.GetFields()),
		First: command.TimeJSON(m.GetFirstMs()), Last: command.TimeJSON(m.GetLastMs()), Times: m.GetTimes(), Written: m.GetWritten(),
	}
}

// line shows an affected record to people.
func (x affectedJSON) line() string {
	how := fmt.Sprintf("shown %d times", x.Times)
	switch {
	case x.Written && x.Times == 0:
		how = "written"
	case x.Written:
		how += ", written"
	}
	parts := []string{x.RecordID, command.Padded(x.Kind, kindWidth), command.Clock(x.First), command.Clock(x.Last), strings.Join(x.Fields, ", "), how}
	return command.Printable(strings.Join(parts, command.ColumnGap))
}
