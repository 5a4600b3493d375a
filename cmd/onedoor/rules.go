package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/domain/calendar"
	cases "onedoor/domain/casework"
	"onedoor/internal/command"
	"onedoor/internal/rulesheet"
)

func newRules(a *app) *cobra.Command {
	return a.reaching(command.Group("rules", "Import and show the tables by which cases and rounds are worked",
		`Clinics, terms, triage, grades, cadences, shifts and the official days of a year are
rows of tables, each with the date from which it holds. What is imported here lies
over the tables that are compiled in, counts at the server at once and on every phone
with its next sync: nobody changes a table on a phone.`,
		a.rulesImport(), a.rulesShow(), a.rulesList()))
}

func (a *app) rulesImport() *cobra.Command {
	req := &adminv1.ImportRulesRequest{}
	c := &cobra.Command{
		Use: "import TABLE FILE|-", Short: "Import a table, for every phone of the realm", Args: cobra.ExactArgs(2),
		Long: `Imports one table from a CSV file; - reads it from standard input. TABLE is one of
` + strings.Join(cases.RuleTables(), ", ") + `. The columns stand in
docs/cli.md. A row takes the place of one with the same key and date; year replaces
what was known of that year. A table with one wrong row is refused whole. What was
imported is corrected by another import. For the district's users and operators; it
stands in the access ledger.`,
		Example: "  onedoor rules import year 2027.csv --data ./realm\n  onedoor rules import clinics clinics.csv --dry-run --token-file district.token",
	}
	c.Flags().BoolVar(&req.DryRun, "dry-run", false, "check the table and change nothing")
	c.RunE = a.asking(func(client *client, args []string) (err error) {
		req.Table, req.FileName = args[0], args[1]
		if req.Text, err = a.ruleFile(args[1]); err != nil {
			return err
		}
		m, err := client.ImportRules(client.ctx, req)
		if err != nil {
			return err
		}
		out := importedRulesJSON{m.GetBrought(), rulesheet.VersionText(m.GetVersion()), m.GetReplaced(), req.GetDryRun()}
		return a.Print(out, out.write)
	})
	return c
}

// importedRulesJSON is what `rules import` prints.
type importedRulesJSON struct {
	Imported string `json:"imported"`
	Version  string `json:"version"`
	Replaced uint32 `json:"replaced"`
	DryRun   bool   `json:"dry_run,omitempty"`
}

func (r importedRulesJSON) write(w io.Writer) {
	if r.DryRun {
		fmt.Fprintf(w, "%s would be imported: rulebook %s\n", command.Printable(r.Imported), r.Version)
		return
	}
	fmt.Fprintf(w, "imported %s: rulebook %s, on every phone with its next sync\n", command.Printable(r.Imported), r.Version)
	if r.Replaced > 0 {
		fmt.Fprintf(w, "%d earlier tables are spent and left out\n", r.Replaced)
	}
}

// ruleFile reads a table; "-" is standard input. A file that is longer than any table is not read to its end.
func (a *app) ruleFile(name string) (string, error) {
	in := a.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return "", fmt.Errorf("read the table: %w", err)
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, cases.RulebookBytesMax+1))
	if err == nil && len(b) > cases.RulebookBytesMax {
		err = fmt.Errorf("it has more than %d bytes, which is the most", cases.RulebookBytesMax)
	}
	if err != nil {
		return "", fmt.Errorf("read the table %s: %w", name, err)
	}
	return string(b), nil
}

// rulebook gives the realm's rulebook with what is told of its tables.
func (c *client) rulebook() (cases.Rulebook, *adminv1.GetRulesResponse, error) {
	m, err := c.GetRules(c.ctx, &adminv1.GetRulesRequest{})
	var book cases.Rulebook
	for _, t := range m.GetTables() {
		book = append(book, cases.RuleTable{Name: t.GetTable(), Text: t.GetText()})
	}
	return book, m, err
}

func (a *app) rulesShow() *cobra.Command {
	var date string
	c := &cobra.Command{
		Use: "show", Short: "Show the rows in force on a day", Args: cobra.NoArgs,
		Example: "  onedoor rules show --date 2027-01-04 --data ./realm",
	}
	c.Flags().StringVar(&date, "date", "", "the `DATE`, such as 2027-01-04; today when left out")
	c.RunE = a.asking(func(client *client, _ []string) error {
		day := rulesheet.Today(time.Now())
		if date != "" {
			var err error
			if day, err = calendar.ParseDay(date); err != nil {
				return command.Misused("--date: %v", err)
			}
		}
		book, _, err := client.rulebook()
		if err != nil {
			return err
		}
		sheet := rulesheet.Of(book, day)
		return a.Print(sheet, sheet.Write)
	})
	return c
}

// ruleTableJSON is an imported table in `rules list`.
type ruleTableJSON struct {
	Number  uint64 `json:"number"`
	Table   string `json:"table"`
	Brought string `json:"brought"`
	At      string `json:"at"`
	By      string `json:"by,omitempty"`
	Name    string `json:"name,omitempty"`
	Text    string `json:"text,omitempty"`
}

func (a *app) rulesList() *cobra.Command {
	var number uint64
	c := &cobra.Command{
		Use: "list", Short: "List the imported tables that count", Args: cobra.NoArgs,
		Long:    "A table of which nothing counts any more is not listed: the access ledger tells of its import.",
		Example: "  onedoor rules list --data ./realm\n  onedoor rules list --text 3 --data ./realm",
	}
	c.Flags().Uint64Var(&number, "text", 0, "print the table of this `NUMBER` as it was handed in")
	c.RunE = a.asking(func(client *client, _ []string) error {
		_, m, err := client.rulebook()
		if err != nil {
			return err
		}
		if number != 0 {
			return a.printRuleText(m, number)
		}
		list := make([]ruleTableJSON, 0, len(m.GetTables()))
		t := command.Table{}
		t.Add("NUMBER", "TABLE", "BROUGHT", "AT", "BY")
		for _, one := range m.GetTables() {
			list = append(list, ruleTableOf(one))
			t.Add(fmt.Sprint(one.GetNumber()), one.GetTable(), one.GetBrought(), command.TimeText(one.GetAtMs()), orDash(one.GetByName()))
		}
		return a.Print(map[string]any{"version": rulesheet.VersionText(m.GetVersion()), "tables": list}, t.Write)
	})
	return c
}

func ruleTableOf(m *adminv1.ImportedRules) ruleTableJSON {
	return ruleTableJSON{
		Number: m.GetNumber(), Table: m.GetTable(), Brought: m.GetBrought(), At: instant(m.GetAtMs()), By: idText(m.GetBy()), Name: m.GetByName(),
	}
}

func (a *app) printRuleText(m *adminv1.GetRulesResponse, number uint64) error {
	for _, one := range m.GetTables() {
		if one.GetNumber() == number {
			out := ruleTableOf(one)
			out.Text = one.GetText()
			return a.Print(out, func(w io.Writer) { fmt.Fprint(w, out.Text) })
		}
	}
	return errors.New("no table of that number counts: see onedoor rules list")
}
