package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/command"
)

// filedJSON is an entry of a register.
type filedJSON struct {
	Number    uint64   `json:"number"`
	Time      string   `json:"time"`
	By        string   `json:"by,omitempty"`
	What      string   `json:"what"`
	Recipient string   `json:"recipient,omitempty"`
	Purpose   string   `json:"purpose,omitempty"`
	Records   []string `json:"records,omitempty"`
	Since     string   `json:"since,omitempty"`
	Until     string   `json:"until,omitempty"`
	KeepUntil string   `json:"keep_until"`
	DeviceID  string   `json:"device_id,omitempty"`
	UserID    string   `json:"user_id,omitempty"`
}

func filedOf(m *adminv1.RegisterEntry) filedJSON {
	return filedJSON{
		Number: m.GetNumber(), Time: instant(m.GetAtMs()), By: idText(m.GetBy()), What: m.GetWhat(), Recipient: m.GetRecipient(),
		Purpose: m.GetPurpose(), Records: idTexts(m.GetRecordIds()), Since: instant(m.GetSinceMs()), Until: instant(m.GetUntilMs()),
		KeepUntil: instant(m.GetKeepUntilMs()), DeviceID: idText(m.GetDeviceId()), UserID: idText(m.GetUserId()),
	}
}

// registerFlags are what an entry says.
type registerFlags struct {
	what, recipient, purpose, since, until, device, user string
	records                                              []string
}

func (f *registerFlags) entry(register adminv1.PrivacyRegisterKind) (*adminv1.RegisterEntry, error) {
	m := &adminv1.RegisterEntry{Register: register, What: f.what, Recipient: f.recipient, Purpose: f.purpose}
	for _, text := range f.records {
		id, err := parseID("--record", text)
		if err != nil {
			return nil, err
		}
		m.RecordIds = append(m.RecordIds, id)
	}
	for _, id := range []struct {
		flag, text string
		into       *[]byte
	}{{"--device", f.device, &m.DeviceId}, {"--user", f.user, &m.UserId}} {
		if id.text == "" {
			continue
		}
		b, err := parseID(id.flag, id.text)
		if err != nil {
			return nil, err
		}
		*id.into = b
	}
	var err error
	if m.SinceMs, err = parseTime("--since", f.since); err != nil {
		return nil, err
	}
	m.UntilMs, err = parseTime("--until", f.until)
	return m, err
}

// register makes a group of two: add an entry, list them.
func (a *app) register(use, short, long string, kind adminv1.PrivacyRegisterKind, flags func(*cobra.Command, *registerFlags), example string) *cobra.Command {
	return command.Group(use, short, long, a.registerAdd(long, kind, flags, example), a.registerList(use, long, kind))
}

func (a *app) registerAdd(long string, kind adminv1.PrivacyRegisterKind, flags func(*cobra.Command, *registerFlags), example string) *cobra.Command {
	f := &registerFlags{}
	c := &cobra.Command{Use: "add --what TEXT", Short: "Add an entry", Args: cobra.NoArgs, Example: example,
		Long: long + "\n\nPrints the entry's number. An entry names records by id and no resident, and is never\nchanged: a mistake is put right by another one."}
	c.Flags().StringVar(&f.what, "what", "", "`TEXT`: what it is about; name no resident")
	c.Flags().StringArrayVar(&f.records, "record", nil, "the record `ID` it is about; may be given again")
	flags(c, f)
	command.Required(c, "what")
	c.RunE = a.asking(func(client *client, _ []string) error {
		entry, err := f.entry(kind)
		if err != nil {
			return err
		}
		m, err := client.desk.FileEntry(client.ctx, &adminv1.FileEntryRequest{Entry: entry})
		if err != nil {
			return err
		}
		result := struct {
			filedJSON
			Affected []affectedJSON `json:"affected,omitempty"`
		}{filedJSON: filedOf(m.GetEntry())}
		for _, x := range m.GetAffected() {
			result.Affected = append(result.Affected, affectedOf(x))
		}
		return a.Print(result, func(w io.Writer) {
			fmt.Fprintf(w, "entry %d, kept until %s\n", result.Number, result.KeepUntil)
			for _, x := range result.Affected {
				fmt.Fprintln(w, x.line())
			}
		})
	})
	return c
}

func (a *app) registerList(use, long string, kind adminv1.PrivacyRegisterKind) *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "List the entries in the order they were made", Args: cobra.NoArgs,
		Long:    long,
		Example: "  onedoor privacy " + use + " list --data ./realm",
	}
	c.RunE = a.asking(func(client *client, _ []string) error {
		m, err := client.desk.ListEntries(client.ctx, &adminv1.ListEntriesRequest{Register: kind})
		if err != nil {
			return err
		}
		items := []filedJSON{}
		for _, e := range m.GetEntries() {
			items = append(items, filedOf(e))
		}
		return a.Print(map[string]any{"items": items}, func(w io.Writer) {
			for _, e := range items {
				fmt.Fprintf(w, "%d %s %s%s\n", e.Number, e.Time, e.What, withRecipient(e))
			}
		})
	})
	return c
}

func withRecipient(e filedJSON) string {
	if e.Recipient == "" {
		return ""
	}
	return fmt.Sprintf(", with %s: %s", e.Recipient, e.Purpose)
}

func (a *app) privacyShare() *cobra.Command {
	return a.register("share", "Keep the register of data that were handed to others",
		"The register of sharing (article 23): with whom, what for and on what ground.",
		adminv1.PrivacyRegisterKind_PRIVACY_REGISTER_KIND_SHARING, func(c *cobra.Command, f *registerFlags) {
			c.Flags().StringVar(&f.recipient, "with", "", "`NAME` of whom data were handed to")
			c.Flags().StringVar(&f.purpose, "purpose", "", "`TEXT`: what for, on what ground, how it is protected there")
			c.Flags().StringVar(&f.since, "since", "", "from this `TIME` on")
			c.Flags().StringVar(&f.until, "until", "", "until this `TIME`")
			command.Required(c, "with", "purpose")
		}, "  onedoor privacy share add --what 案件联系方式 --with 区人民法院 --purpose 司法确认，单独同意 --record RECORD_ID --token-file staff.token")
}

func (a *app) privacyAssess() *cobra.Command {
	return a.register("assess", "Keep the impact assessments",
		"Impact assessments (articles 55 and 56): what is processed, the risk to residents and what is done about it. Kept three years.",
		adminv1.PrivacyRegisterKind_PRIVACY_REGISTER_KIND_ASSESSMENT, func(c *cobra.Command, f *registerFlags) {
			c.Flags().StringVar(&f.purpose, "finding", "", "`TEXT`: the risk, and what is done about it")
			command.Required(c, "finding")
		}, "  onedoor privacy assess add --what 向司法所移送案件 --finding 仅移送化名与案情，风险低 --token-file auditor.token")
}

func (a *app) privacyIncident() *cobra.Command {
	return a.register("incident", "Keep the register of incidents, and find whom one concerns",
		`Incidents (article 57). Of a lost phone or a leaked account the records are
derived from the access ledger: those whose sealed fields it has seen or written.
They are named in the entry, and with each the first and the last time.`,
		adminv1.PrivacyRegisterKind_PRIVACY_REGISTER_KIND_INCIDENT, func(c *cobra.Command, f *registerFlags) {
			c.Flags().StringVar(&f.device, "device", "", "the device `ID` that was lost")
			c.Flags().StringVar(&f.user, "user", "", "the user `ID` whose account leaked")
			c.Flags().StringVar(&f.since, "since", "", "begin of the time in question, a `TIME`")
			c.Flags().StringVar(&f.until, "until", "", "end of it, a `TIME`")
			c.Flags().StringVar(&f.purpose, "measures", "", "`TEXT`: what was done about it")
		}, "  onedoor privacy incident add --what 手机遗失 --device DEVICE_ID --measures 已远程清除 --token-file auditor.token")
}
