package main

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/command"
)

func newRetention(a *app) *cobra.Command {
	return a.reaching(command.Group("retention", "Look at and set how long what is kept, and destroy what is over",
		`What may no longer be kept is destroyed once a day by the server itself, by the
class of its field: notes of visits, contacts of void doors, contacts and texts of
closed cases, the access ledger. A record under a legal hold stays. Figures do not
change: a visit keeps what is counted.`,
		a.retentionShow(), a.retentionSet(), a.retentionRun(), a.retentionHold(), a.retentionUnhold()))
}

// periodsJSON are the periods in days.
type periodsJSON struct {
	Version     uint64 `json:"version"`
	VisitNote   uint32 `json:"visit_note_days"`
	Contact     uint32 `json:"contact_days"`
	CaseContact uint32 `json:"case_contact_days"`
	CaseFile    uint32 `json:"case_file_days"`
	Ledger      uint32 `json:"ledger_days"`
	Backup      uint32 `json:"backup_days"`
}

func periodsOf(m *adminv1.RetentionPeriods) periodsJSON {
	return periodsJSON{
		m.GetVersion(), m.GetVisitNoteDays(), m.GetContactDays(), m.GetCaseContactDays(), m.GetCaseFileDays(), m.GetLedgerDays(), m.GetBackupDays(),
	}
}

func (p periodsJSON) write(w io.Writer) {
	t := command.Table{}
	t.Add("WHAT", "DAYS", "AFTER")
	for _, row := range []struct {
		what  string
		days  uint32
		after string
	}{
		{"notes", p.VisitNote, "they were written"}, {"contact of a door", p.Contact, "the door became void"},
		{"contacts of a simple case", p.CaseContact, "it was closed"}, {"texts of a case", p.CaseFile, "it was closed"},
		{"access ledger", p.Ledger, "the entry was made"}, {"backups", p.Backup, "they were made"},
	} {
		t.Add(row.what, fmt.Sprint(row.days), row.after)
	}
	t.Write(w)
}

// legalHoldJSON is a legal hold.
type legalHoldJSON struct {
	RecordID string `json:"record_id"`
	Reason   string `json:"reason"`
	Since    string `json:"since"`
	By       string `json:"by,omitempty"`
}

func (a *app) retentionShow() *cobra.Command {
	c := &cobra.Command{Use: "show", Short: "Show the periods, the legal holds and the last run", Args: cobra.NoArgs,
		Long:    "Shows how many days what is kept, which records a legal hold keeps longer and why,\nand when the last run was.",
		Example: "  onedoor retention show --data ./realm"}
	c.RunE = a.asking(func(client *client, _ []string) error {
		m, err := client.desk.GetRetention(client.ctx, &adminv1.GetRetentionRequest{})
		if err != nil {
			return err
		}
		result := struct {
			periodsJSON
			Holds   []legalHoldJSON `json:"holds"`
			LastRun string          `json:"last_run,omitempty"`
		}{periodsOf(m.GetPeriods()), []legalHoldJSON{}, instant(m.GetLastRunMs())}
		for _, h := range m.GetHolds() {
			result.Holds = append(result.Holds, legalHoldJSON{idText(h.GetRecordId()), h.GetReason(), instant(h.GetAtMs()), idText(h.GetBy())})
		}
		return a.Print(result, func(w io.Writer) {
			result.periodsJSON.write(w)
			for _, h := range result.Holds {
				fmt.Fprintf(w, "held: %s, %s\n", h.RecordID, h.Reason)
			}
			fmt.Fprintf(w, "last run: %s\n", orDash(result.LastRun))
		})
	})
	return c
}

func (a *app) retentionSet() *cobra.Command {
	given := map[string]*uint32{}
	c := &cobra.Command{
		Use: "set --…-days N", Short: "Set periods, in days", Args: cobra.NoArgs,
		Long: `Sets the periods that are given, as a new version; the others stay as they stand.
0 is what holds where nothing was ever set. What is over by the new periods goes with
the next run: see "onedoor retention run --dry-run".`,
		Example: "  onedoor retention set --visit-note-days 365 --backup-days 60 --data ./realm",
	}
	for _, f := range periodFlags(&adminv1.RetentionPeriods{}) {
		given[f.name] = c.Flags().Uint32(f.name, 0, "`N` days after "+f.after)
	}
	c.RunE = a.asking(func(client *client, _ []string) error {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(given)), c.Flags().Changed) {
			return command.Misused("no period: give one or more, such as --visit-note-days 365")
		}
		stands, err := client.desk.GetRetention(client.ctx, &adminv1.GetRetentionRequest{})
		if err != nil {
			return err
		}
		p := stands.GetPeriods()
		for _, f := range periodFlags(p) {
			if c.Flags().Changed(f.name) {
				*f.days = *given[f.name]
			}
		}
		m, err := client.desk.SetRetention(client.ctx, &adminv1.SetRetentionRequest{Periods: p})
		if err != nil {
			return err
		}
		set := periodsOf(m.GetPeriods())
		return a.Print(set, set.write)
	})
	return c
}

// periodFlag is a period by the flag that sets it.
type periodFlag struct {
	name, after string
	days        *uint32
}

func periodFlags(p *adminv1.RetentionPeriods) []periodFlag {
	return []periodFlag{
		{"visit-note-days", "a note was written", &p.VisitNoteDays},
		{"contact-days", "a door became void", &p.ContactDays},
		{"case-contact-days", "a simple case was closed", &p.CaseContactDays},
		{"case-file-days", "a case was closed", &p.CaseFileDays},
		{"ledger-days", "an entry of the access ledger was made", &p.LedgerDays},
		{"backup-days", "a backup was made, when you delete it", &p.BackupDays},
	}
}

// retainedJSON is what a run came to, or would come to.
type retainedJSON struct {
	DryRun        bool              `json:"dry_run,omitempty"`
	Records       uint64            `json:"records"`
	Held          uint64            `json:"held"`
	LedgerEntries uint64            `json:"ledger_entries"`
	Counts        map[string]uint64 `json:"counts,omitempty"`
	RecordIDs     []string          `json:"record_ids,omitempty"`
}

func (a *app) retentionRun() *cobra.Command {
	var dry bool
	c := &cobra.Command{Use: "run", Short: "Destroy what may no longer be kept, now", Args: cobra.NoArgs,
		Long:    "The server does this once a day by itself. With --dry-run it says what would go and\nchanges nothing.",
		Example: "  onedoor retention run --dry-run --json --data ./realm"}
	c.Flags().BoolVar(&dry, "dry-run", false, "say what would go, and change nothing")
	c.RunE = a.asking(func(client *client, _ []string) error {
		m, err := client.desk.RunRetention(client.ctx, &adminv1.RunRetentionRequest{DryRun: dry})
		if err != nil {
			return err
		}
		out := retainedJSON{DryRun: dry, Records: m.GetRecords(), Held: m.GetHeld(), LedgerEntries: m.GetLedgerEntries(), Counts: map[string]uint64{}}
		for _, n := range m.GetCounts() {
			out.Counts[short(n.GetRetention())] = n.GetRecords()
		}
		if dry {
			out.RecordIDs = idTexts(m.GetRecordIds())
		}
		return a.Print(out, out.write)
	})
	return c
}

func (r retainedJSON) write(w io.Writer) {
	if r.DryRun {
		fmt.Fprintf(w, "%d records would lose something, %d more are held\n", r.Records, r.Held)
		return
	}
	fmt.Fprintf(w, "%d records lost what is over, %d are held; %d entries of the access ledger are gone\n", r.Records, r.Held, r.LedgerEntries)
}

func (a *app) retentionHold() *cobra.Command {
	var reason string
	c := &cobra.Command{Use: "hold RECORD --reason TEXT", Short: "Keep a record whatever its age", Args: cobra.ExactArgs(1),
		Long:    "Keeps a record from expiring, for a court or a complaint, until it is let go with\nunhold. An erasure that a resident asks for is refused meanwhile.",
		Example: "  onedoor retention hold RECORD_ID --reason 法院调取 --token-file staff.token"}
	c.Flags().StringVar(&reason, "reason", "", "`TEXT`: who needs it and until when")
	command.Required(c, "reason")
	c.RunE = a.asking(func(client *client, args []string) error { return a.hold(client, args[0], reason, false) })
	return c
}

func (a *app) retentionUnhold() *cobra.Command {
	c := &cobra.Command{Use: "unhold RECORD", Short: "Let a record expire again", Args: cobra.ExactArgs(1),
		Long:    "Ends a legal hold: what of the record is over goes with the next run.",
		Example: "  onedoor retention unhold RECORD_ID --token-file staff.token"}
	c.RunE = a.asking(func(client *client, args []string) error { return a.hold(client, args[0], "", true) })
	return c
}

func (a *app) hold(client *client, record, reason string, lift bool) error {
	id, err := parseID("record", record)
	if err != nil {
		return err
	}
	if _, err := client.desk.Hold(client.ctx, &adminv1.HoldRequest{RecordId: id, Reason: reason, Lift: lift}); err != nil {
		return err
	}
	state := "held"
	if lift {
		state = "not held"
	}
	return a.Print(doneJSON{record, state}, func(w io.Writer) { fmt.Fprintf(w, "%s is %s\n", record, state) })
}
