package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

func newCounts(a *app) *cobra.Command {
	var from, to string
	c := &cobra.Command{
		Use: "counts", Short: "Count the own work of a month or of some days", Args: cobra.NoArgs,
		Long: `Counts this user's own work: visits made or shared, calls at doors, those at which
somebody was met, doors seen, hazards and cases registered. It is the user's own and
nobody else is shown it; reports count with the same code. Unsent work counts, and so
does what has left the phone since, as after a handover.`,
		Example: `  onedoor-phone --dir ./phone counts
  onedoor-phone --dir ./phone counts --from 2026-03-01 --to 2026-03-31 --json`,
	}
	c.Flags().StringVar(&from, "from", "", "first `DAY`, such as 2026-03-01 (default the current month's)")
	c.Flags().StringVar(&to, "to", "", "last `DAY`")
	c.RunE = a.using(func(_ context.Context, p *phone, _ []string) error {
		counts, err := p.Counts(from, to)
		if err != nil {
			return err
		}
		return a.Print(counts.JSON(), func(w io.Writer) {
			fmt.Fprintf(w, "%s to %s: %d visits, %d calls at doors, somebody met at %d, %d doors seen, %d hazards and %d cases registered\n",
				counts.From, counts.To, counts.Visits, counts.Calls, counts.Seen, counts.Doors, counts.Hazards, counts.Cases)
		})
	})
	return c
}
