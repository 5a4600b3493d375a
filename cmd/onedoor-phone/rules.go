package main

import (
	"context"

	"github.com/spf13/cobra"

	"onedoor/domain/calendar"
	"onedoor/internal/command"
	"onedoor/internal/rulesheet"
)

func newRules(a *app) *cobra.Command {
	var date string
	c := &cobra.Command{
		Use: "rules", Short: "Show the rules that cases and rounds are worked by", Args: cobra.NoArgs,
		Long: `Shows the rows of clinics, terms, triage, grades, cadences and the shift that are in
force on a day, the years whose official days are known, and the rulebook's version.
Tables are imported at the server (onedoor rules import) and come with sync; nobody
changes one on a phone.`,
		Example: "  onedoor-phone --dir ./phone rules --json",
	}
	c.Flags().StringVar(&date, "date", "", "the `DATE`, such as 2027-01-04; today when left out")
	c.RunE = a.using(func(_ context.Context, p *phone, _ []string) error {
		day := rulesheet.Today(a.now())
		if date != "" {
			var err error
			if day, err = calendar.ParseDay(date); err != nil {
				return command.Misused("--date: %v", err)
			}
		}
		rules, err := p.Rules()
		if err != nil {
			return err
		}
		sheet := rulesheet.Of(rules.Tables, day)
		return a.Print(sheet, sheet.Write)
	})
	return c
}
