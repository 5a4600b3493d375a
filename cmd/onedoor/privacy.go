package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/command"
)

func newPrivacy(a *app) *cobra.Command {
	return a.reaching(command.Group("privacy", "Answer a resident: what is held, correct it, destroy it",
		`The privacy desk. A resident is named by a record (--record) or by a telephone
number, which is read from standard input (--phone -) so that it stands in no
history of commands; the number is kept nowhere. Every request notes how the
resident's identity was checked, and has a deadline, a decision and a reason.

It needs the token of a user whose grants cover the record and whose role reads
the fields it is about. An auditor sees requests and registers, and no record.`,
		a.privacyOpen(), a.privacyAccess(), a.privacyCorrect(), a.privacyErase(), a.privacySeal(), a.privacyRefuse(), a.privacyRequests(),
		a.privacyShare(), a.privacyAssess(), a.privacyIncident()))
}

// askFlags name the resident and the request.
type askFlags struct {
	records                 []string
	phone, identity, reason string
	request                 uint64
}

// named adds the flags by which a request is named; decides tells that the command decides it.
func (f *askFlags) named(c *cobra.Command, decides bool) {
	flags := c.Flags()
	flags.StringArrayVar(&f.records, "record", nil, "the record `ID`; may be given again")
	flags.StringVar(&f.phone, "phone", "", "`-` reads the resident's telephone number from standard input")
	flags.StringVar(&f.identity, "identity", "", "`TEXT`: how the resident's identity was checked; no number of a card")
	if decides {
		flags.StringVar(&f.reason, "reason", "", "`TEXT`: why it is decided so")
		flags.Uint64Var(&f.request, "request", 0, "the `NUMBER` of the open request that this decides")
	}
}

// phoneBytesMax bounds what is read for a telephone number.
const phoneBytesMax = 64

// ask reads the flags, and the number from standard input.
func (a *app) ask(f *askFlags) (*adminv1.Ask, error) {
	m := &adminv1.Ask{Request: f.request, IdentityCheck: f.identity, Reason: f.reason}
	for _, text := range f.records {
		id, err := parseID("--record", text)
		if err != nil {
			return nil, err
		}
		m.RecordIds = append(m.RecordIds, id)
	}
	switch {
	case f.phone == "-":
		b, err := io.ReadAll(io.LimitReader(a.Stdio.In, phoneBytesMax))
		if err != nil {
			return nil, fmt.Errorf("read the telephone number: %w", err)
		}
		if m.Phone = strings.TrimSpace(string(b)); m.Phone == "" {
			return nil, command.Misused("--phone -: no number came on standard input")
		}
	case f.phone != "":
		return nil, command.Misused("--phone takes - only, and reads the number from standard input: here it would stand in the history of commands")
	}
	if f.request == 0 && len(m.RecordIds) == 0 && m.Phone == "" {
		return nil, command.Misused("name the resident: --record ID, --phone -, or --request NUMBER of an open request")
	}
	if f.request == 0 && f.identity == "" {
		return nil, command.Misused("--identity: say how the resident's identity was checked")
	}
	return m, nil
}

// requestJSON is a request as the commands print it.
type requestJSON struct {
	Number        uint64     `json:"number"`
	Kind          string     `json:"kind"`
	Records       []string   `json:"records"`
	IdentityCheck string     `json:"identity_check,omitempty"`
	Received      string     `json:"received"`
	Deadline      string     `json:"deadline"`
	Overdue       bool       `json:"overdue,omitempty"`
	Decision      string     `json:"decision,omitempty"`
	Reason        string     `json:"reason,omitempty"`
	Decided       string     `json:"decided,omitempty"`
	ErasedSeqs    []uint64   `json:"erased_seqs,omitempty"`
	BackupsUntil  string     `json:"backups_until,omitempty"`
	Confirmed     uint32     `json:"phones_confirmed"`
	Pending       []copyJSON `json:"phones_pending,omitempty"`
}

// copyJSON is a phone that may hold a copy.
type copyJSON struct {
	DeviceID string `json:"device_id"`
	Device   string `json:"device,omitempty"`
	UserID   string `json:"user_id"`
	User     string `json:"user,omitempty"`
	Seen     string `json:"seen"`
}

func requestOf(m *adminv1.PrivacyRequest) requestJSON {
	out := requestJSON{
		Number: m.GetNumber(), Kind: short(m.GetKind()), Records: idTexts(m.GetRecordIds()), IdentityCheck: m.GetIdentityCheck(),
		Received: instant(m.GetReceivedMs()), Deadline: instant(m.GetDeadlineMs()), Reason: m.GetReason(), Decided: instant(m.GetDecidedMs()),
		ErasedSeqs: m.GetErasedSeqs(), BackupsUntil: instant(m.GetBackupsUntilMs()), Confirmed: m.GetConfirmed(), Pending: copiesOf(m.GetPending()),
	}
	if m.GetDecision() == adminv1.PrivacyDecision_PRIVACY_DECISION_UNSPECIFIED {
		out.Overdue = time.Now().UnixMilli() > m.GetDeadlineMs()
	} else {
		out.Decision = short(m.GetDecision())
	}
	return out
}

func copiesOf(list []*adminv1.CopyHolder) (out []copyJSON) {
	for _, c := range list {
		out = append(out, copyJSON{idText(c.GetDeviceId()), c.GetDeviceName(), idText(c.GetUserId()), c.GetUserName(), instant(c.GetSeenMs())})
	}
	return out
}

// instant is a time as RFC 3339; empty for none.
func instant(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).UTC().Format(time.RFC3339)
}

func (q requestJSON) write(w io.Writer) {
	state := q.Decision
	if state == "" {
		state = "open, to be decided by " + q.Deadline
	}
	fmt.Fprintf(w, "request %d: %s, %s\n", q.Number, q.Kind, state)
	if q.Reason != "" {
		fmt.Fprintf(w, "reason: %s\n", q.Reason)
	}
	if len(q.ErasedSeqs) > 0 {
		fmt.Fprintf(w, "phones: %d have erased it, %d have not called yet\n", q.Confirmed, len(q.Pending))
		if q.BackupsUntil != "" {
			fmt.Fprintf(w, "the last backup that holds it expires on %s\n", q.BackupsUntil)
		} else {
			fmt.Fprintln(w, "no backup holds it")
		}
	}
}

func (a *app) decidedRequest(m *adminv1.PrivacyRequest) error {
	q := requestOf(m)
	return a.Print(q, q.write)
}

// requestKinds are the kinds of requests by the names that people type.
var requestKinds = []string{"access", "correct", "erase", "seal"}

func (a *app) privacyOpen() *cobra.Command {
	f, kind := &askFlags{}, ""
	c := &cobra.Command{
		Use: "open --kind KIND --identity TEXT", Short: "Take a request down that is decided later", Args: cobra.NoArgs,
		Example: "  onedoor privacy open --kind erase --record RECORD_ID --identity 当面核对身份证件 --token-file staff.token",
	}
	f.named(c, false)
	c.Flags().StringVar(&kind, "kind", "", "`KIND`: "+strings.Join(requestKinds, ", "))
	command.Required(c, "kind", "identity")
	c.RunE = a.asking(func(client *client, _ []string) error {
		n, ok := adminv1.PrivacyRequestKind_value["PRIVACY_REQUEST_KIND_"+strings.ToUpper(kind)]
		if !ok || n == 0 {
			return command.Misused("--kind %s: one of %s", kind, strings.Join(requestKinds, ", "))
		}
		ask, err := a.ask(f)
		if err != nil {
			return err
		}
		m, err := client.desk.OpenRequest(client.ctx, &adminv1.OpenRequestRequest{Kind: adminv1.PrivacyRequestKind(n), Ask: ask})
		if err != nil {
			return err
		}
		return a.decidedRequest(m.GetRequest())
	})
	return c
}

func (a *app) privacyRefuse() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: "refuse NUMBER --reason TEXT", Short: "Refuse an open request, with the reason that the resident is told", Args: cobra.ExactArgs(1),
		Example: "  onedoor privacy refuse 12 --reason 案件尚在法院审理，依法保留 --token-file staff.token",
	}
	c.Flags().StringVar(&reason, "reason", "", "`TEXT` that the resident is told")
	command.Required(c, "reason")
	c.RunE = a.asking(func(client *client, args []string) error {
		n, err := parseSeq(args[0])
		if err != nil {
			return command.Misused("request %q: give its number from `onedoor privacy requests`", args[0])
		}
		m, err := client.desk.Refuse(client.ctx, &adminv1.RefuseRequest{Request: n, Reason: reason})
		if err != nil {
			return err
		}
		return a.decidedRequest(m.GetRequest())
	})
	return c
}

func (a *app) privacyRequests() *cobra.Command {
	req := &adminv1.ListRequestsRequest{}
	c := &cobra.Command{
		Use: "requests", Short: "List requests, with their deadlines and what is left to do", Args: cobra.NoArgs,
		Long: `Lists requests in the order they came. Of an erasure it tells which phones have
said that they applied it, which have not called since, and when the last backup
that holds what was erased expires.`,
		Example: "  onedoor privacy requests --open --token-file staff.token",
	}
	c.Flags().BoolVar(&req.OpenOnly, "open", false, "only those without a decision")
	c.Flags().Uint64Var(&req.Number, "number", 0, "only this `NUMBER`")
	c.RunE = a.asking(func(client *client, _ []string) error {
		m, err := client.desk.ListRequests(client.ctx, req)
		if err != nil {
			return err
		}
		items := []requestJSON{}
		for _, q := range m.GetRequests() {
			items = append(items, requestOf(q))
		}
		return a.Print(map[string]any{"items": items}, func(w io.Writer) {
			for _, q := range items {
				q.write(w)
			}
		})
	})
	return c
}
