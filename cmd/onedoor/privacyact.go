package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/command"
	"onedoor/internal/recordjson"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// heldJSON is what is held in one record.
type heldJSON struct {
	RecordID string         `json:"record_id"`
	Kind     string         `json:"kind"`
	Hold     string         `json:"legal_hold,omitempty"`
	Cells    []heldCellJSON `json:"cells"`
	Copies   []copyJSON     `json:"copies"`
	Looks    []lookJSON     `json:"looks"`
	Shared   []filedJSON    `json:"shared"`
}

// heldCellJSON is one value that may tell of a person.
type heldCellJSON struct {
	Field  string            `json:"field"`
	Value  json.RawMessage   `json:"value"`
	Others []json.RawMessage `json:"others,omitempty"`
	// Why names what the value is kept for.
	Why   string `json:"why"`
	Since string `json:"since,omitempty"`
	Until string `json:"until,omitempty"`
}

// lookJSON is one look at the record.
type lookJSON struct {
	Time     string `json:"time"`
	Purpose  string `json:"purpose"`
	User     string `json:"user,omitempty"`
	DeviceID string `json:"device_id,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

// purposes say what a field is kept for, by its retention class.
var purposes = map[recordv1.RetentionClass]string{
	recordv1.RetentionClass_RETENTION_CLASS_UNSPECIFIED:  "as long as the record stands",
	recordv1.RetentionClass_RETENTION_CLASS_VISIT_NOTE:   "to follow up what was found on a visit",
	recordv1.RetentionClass_RETENTION_CLASS_CONTACT:      "to reach the door's contact",
	recordv1.RetentionClass_RETENTION_CLASS_CASE_CONTACT: "to reach the parties of a case",
	recordv1.RetentionClass_RETENTION_CLASS_CASE_FILE:    "the file of a case",
}

func (a *app) privacyAccess() *cobra.Command {
	f := &askFlags{}
	c := &cobra.Command{
		Use: "access", Short: "Tell what is held, why, until when, who looked and which phones have it", Args: cobra.NoArgs,
		Long: `Tells what is held of a resident (Personal Information Protection Law, article
45): each value that may tell of a person, those that lost too, with what it is
kept for and when it will be destroyed; who looked at it, when and what for;
which phones may hold a copy as of their last contact; with whom it was shared.`,
		Example: "  onedoor privacy access --phone - --identity 当面核对身份证件 --token-file staff.token < number.txt",
	}
	f.named(c, true)
	c.RunE = a.asking(func(client *client, _ []string) error {
		ask, err := a.ask(f)
		if err != nil {
			return err
		}
		values, err := client.values()
		if err != nil {
			return err
		}
		m, err := client.desk.Access(client.ctx, &adminv1.AccessRequest{Ask: ask})
		if err != nil {
			return err
		}
		result := struct {
			Request requestJSON `json:"request"`
			Records []heldJSON  `json:"records"`
		}{Request: requestOf(m.GetRequest())}
		for _, rec := range m.GetRecords() {
			result.Records = append(result.Records, values.held(rec))
		}
		return a.Print(result, func(w io.Writer) {
			for _, h := range result.Records {
				h.write(w)
			}
			result.Request.write(w)
		})
	})
	return c
}

func (v values) held(m *adminv1.HeldRecord) heldJSON {
	out := heldJSON{
		RecordID: idText(m.GetRecordId()), Kind: short(m.GetRecordKind()), Hold: m.GetHold(), Cells: []heldCellJSON{},
		Copies: append([]copyJSON{}, copiesOf(m.GetCopies())...), Looks: []lookJSON{}, Shared: []filedJSON{},
	}
	kind, _ := schema.Load().Kind(syncengine.KindNumber(m.GetRecordKind()))
	for _, c := range m.GetCells() {
		key := syncengine.CellKey{Field: syncengine.FieldNumber(c.GetField()), Key: string(c.GetKey())}
		cell := heldCellJSON{
			Field: recordjson.CellName(kind, key, v.places), Value: recordjson.Value(kind, key, c.GetData(), len(c.GetData()) == 0, v.places),
			Why: purposes[c.GetRetention()], Since: instant(c.GetSinceMs()), Until: instant(c.GetUntilMs()),
		}
		for _, o := range c.GetOthers() {
			cell.Others = append(cell.Others, recordjson.Value(kind, key, o, len(o) == 0, v.places))
		}
		out.Cells = append(out.Cells, cell)
	}
	for _, l := range m.GetLooks() {
		out.Looks = append(out.Looks, lookJSON{
			instant(l.GetAtMs()), short(adminv1.AccessAction(l.GetAction())), l.GetUserName(), idText(l.GetDeviceId()), l.GetReason(),
		})
	}
	for _, e := range m.GetShared() {
		out.Shared = append(out.Shared, filedOf(e))
	}
	return out
}

func (h heldJSON) write(w io.Writer) {
	fmt.Fprintf(w, "%s %s\n", h.Kind, h.RecordID)
	t := command.Table{}
	t.Add("FIELD", "VALUE", "KEPT FOR", "UNTIL")
	for _, c := range h.Cells {
		t.Add(c.Field, valueText(c.Value), c.Why, orDash(c.Until))
	}
	t.Write(w)
	for _, l := range h.Looks {
		fmt.Fprintf(w, "%s %s by %s\n", l.Time, l.Purpose, orDash(l.User))
	}
	for _, c := range h.Copies {
		fmt.Fprintf(w, "on the phone of %s, last heard from %s\n", orDash(c.User), c.Seen)
	}
	for _, e := range h.Shared {
		fmt.Fprintf(w, "shared with %s: %s\n", e.Recipient, e.Purpose)
	}
}

func (a *app) privacyErase() *cobra.Command {
	f := &askFlags{}
	var fields []string
	var whole bool
	var kind string
	c := &cobra.Command{
		Use: "erase --reason TEXT", Short: "Destroy what may tell of a person, on phones too", Args: cobra.NoArgs,
		Long: `Destroys values for good (article 47): those shown, those that lost and those that
are kept, the changes that wrote them in the log and in quarantine, and the copies
on phones as they call. It cannot be undone. Without --field everything of the
records goes that may tell of a person; figures stay what they are. With --whole
all texts go. The answer tells which phones have not called yet, and when the
last backup that holds it expires.`,
		Example: `  onedoor privacy erase --record RECORD_ID --identity 当面核对身份证件 --reason 本人请求 --token-file staff.token
  onedoor privacy erase --request 12 --kind dispute --field party_contacts.甲方 --reason 同意撤回 --token-file staff.token`,
	}
	f.named(c, true)
	c.Flags().StringArrayVar(&fields, "field", nil, "only this `FIELD`, or FIELD.KEY of a map; may be given again")
	c.Flags().StringVar(&kind, "kind", "", "the records' `KIND`, with --field")
	c.Flags().BoolVar(&whole, "whole", false, "all texts, whatever they tell")
	command.Required(c, "reason")
	c.RunE = a.asking(func(client *client, _ []string) error {
		ask, err := a.ask(f)
		if err != nil {
			return err
		}
		cells, err := erasedCells(kind, fields)
		if err != nil {
			return err
		}
		m, err := client.desk.Erase(client.ctx, &adminv1.EraseRequest{Ask: ask, Cells: cells, Whole: whole})
		if err != nil {
			return err
		}
		return a.decidedRequest(m.GetRequest())
	})
	return c
}

// erasedCells reads the fields that go.
func erasedCells(kindName string, fields []string) (out []*adminv1.ErasedCells, err error) {
	if len(fields) == 0 {
		return nil, nil
	}
	kind, known := schema.Load().KindByName(kindName)
	if !known {
		return nil, command.Misused("--kind %q: with --field, name the kind of the records, such as premises", kindName)
	}
	for _, text := range fields {
		name, key, _ := strings.Cut(text, ".")
		f, known := kind.FieldByName(name)
		if !known || key != "" && f.Engine.Shape == syncengine.Single {
			return nil, command.Misused("--field %s: a %s has no such field", text, kind.Name)
		}
		out = append(out, &adminv1.ErasedCells{Field: uint32(f.Engine.Number), Key: []byte(key)})
	}
	return out, nil
}

// correctionBytesMax bounds what is read of a correction.
const correctionBytesMax = 64 << 10

func (a *app) privacyCorrect() *cobra.Command {
	f := &askFlags{}
	var kind string
	c := &cobra.Command{
		Use: "correct --kind KIND --reason TEXT", Short: "Correct what is held", Args: cobra.NoArgs,
		Long: `Writes fields of one record (article 46), read as a JSON object from standard
input so that they stand in no history of commands; null removes a value. What
stood there stays in the record's history until it expires or is erased.`,
		Example: "  onedoor privacy correct --kind premises --record RECORD_ID --identity 当面核对身份证件 --reason 号码已更换 --token-file staff.token < contact.json",
	}
	f.named(c, true)
	c.Flags().StringVar(&kind, "kind", "", "the record's `KIND`")
	command.Required(c, "kind", "reason")
	c.RunE = a.asking(func(client *client, _ []string) error {
		if f.phone != "" {
			return command.Misused("correct reads the fields from standard input: name the record with --record or --request")
		}
		ask, err := a.ask(f)
		if err != nil {
			return err
		}
		values, err := client.values()
		if err != nil {
			return err
		}
		req, err := a.correction(values, kind)
		if err != nil {
			return err
		}
		req.Ask = ask
		m, err := client.desk.Correct(client.ctx, req)
		if err != nil {
			return err
		}
		return a.decidedRequest(m.GetRequest())
	})
	return c
}

// correction reads the fields from standard input.
func (a *app) correction(v values, name string) (*adminv1.CorrectRequest, error) {
	kind, known := schema.Load().KindByName(name)
	if !known {
		return nil, command.Misused("--kind %s: no such kind", name)
	}
	text, err := io.ReadAll(io.LimitReader(a.Stdio.In, correctionBytesMax))
	if err != nil {
		return nil, fmt.Errorf("read the correction: %w", err)
	}
	p, err := recordjson.Decode(kind, text, v.places)
	if err != nil {
		return nil, command.Misused("the correction on standard input: %v", err)
	}
	patch, err := p.Wire()
	if err != nil {
		return nil, err
	}
	if len(patch.GetSetRemoved())+len(patch.GetMapRemoved()) > 0 {
		return nil, command.Misused("elements are not removed by a correction: erase them")
	}
	return &adminv1.CorrectRequest{Fields: patch.GetFields(), Cleared: patch.GetCleared()}, nil
}

func (a *app) privacySeal() *cobra.Command {
	f := &askFlags{}
	c := &cobra.Command{
		Use: "seal --reason TEXT", Short: "Close a dispute to all but those named in it", Args: cobra.NoArgs,
		Example: "  onedoor privacy seal --record RECORD_ID --identity 当面核对身份证件 --reason 涉及未成年人 --token-file mediator.token",
	}
	f.named(c, true)
	command.Required(c, "reason")
	c.RunE = a.asking(func(client *client, _ []string) error {
		ask, err := a.ask(f)
		if err != nil {
			return err
		}
		m, err := client.desk.SealCase(client.ctx, &adminv1.SealCaseRequest{Ask: ask})
		if err != nil {
			return err
		}
		return a.decidedRequest(m.GetRequest())
	})
	return c
}
