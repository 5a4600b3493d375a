package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"onedoor/domain/casework"
	"onedoor/internal/command"
	"onedoor/internal/recordjson"
)

func newRules(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "rules TABLE FILE|-", Short: "Import a table of casework's rules", Args: cobra.ExactArgs(2),
		Long: `Imports one table of rules from a CSV file; - reads it from standard input. TABLE
is one of ` + strings.Join(casework.RuleTables(), ", ") + `: rows of a policy table
hold from their dates on, year is the official days of one year. A table with one
wrong row is refused whole. Every phone and desk that is to show the same deadlines
needs the same tables.`,
		Example: "  onedoor-phone --dir ./phone rules year 2099.csv",
	}
	c.RunE = a.using(func(_ context.Context, p *phone, args []string) error {
		text, err := a.file(args[1])
		if err != nil {
			return err
		}
		brought, err := p.ImportRules(args[0], text)
		if err != nil {
			return err
		}
		return a.Print(recordjson.Object{}.With("imported", brought), func(w io.Writer) {
			fmt.Fprintf(w, "imported %s\n", command.Printable(brought))
		})
	})
	return c
}

// fileBytesMax bounds a table that is read; the SDK refuses what is a table and yet too long.
const fileBytesMax = 1 << 20

// file reads a file; "-" is standard input.
func (a *app) file(name string) (string, error) {
	in := a.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return "", fmt.Errorf("read the table: %w", err)
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, fileBytesMax))
	if err != nil {
		return "", fmt.Errorf("read the table %s: %w", name, err)
	}
	return string(b), nil
}
