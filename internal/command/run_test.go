package command_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"onedoor/internal/command"
)

// ran is what one command line came to.
type ran struct {
	code     int
	out, err string
}

func run(t *testing.T, work func(a *command.App) error, args ...string) ran {
	t.Helper()
	var out, errs strings.Builder
	a := &command.App{Stdio: command.Stdio{In: strings.NewReader(""), Out: &out, Err: &errs}}
	root := command.Group("tool", "A tool", "A tool.")
	a.JSONFlag(root, "as JSON")
	do := &cobra.Command{Use: "do", Args: cobra.NoArgs}
	do.Flags().String("on", "", "what to work on")
	command.Required(do, "on")
	do.RunE = command.RunningOn(func([]string) string { return "门\x1b[2J" }, func(context.Context, []string) error { return work(a) })
	root.AddCommand(do)
	code := command.Execute(t.Context(), root, args, a.Stdio, nil)
	return ran{code, out.String(), errs.String()}
}

func TestExecute_EndsWithTheCodeAndTheLineOfItsContract(t *testing.T) {
	nothing := func(*command.App) error { return nil }
	fails := func(*command.App) error { return errors.Join(errors.New("disk full"), errors.New("two\tlines")) }
	wrong := func(*command.App) error { return fmt.Errorf("at work: %w", command.Misused("--on %d is too much", 9)) }
	for name, test := range map[string]struct {
		work func(*command.App) error
		args []string
		want ran
	}{
		"done":                {nothing, []string{"do", "--on", "x"}, ran{code: command.ExitDone}},
		"failed":              {fails, []string{"do", "--on", "x"}, ran{command.ExitFailed, "", "tool do: 门\uFFFD[2J: disk full; two lines\n"}},
		"misused":             {wrong, []string{"do", "--on", "x"}, ran{command.ExitUsage, "", "tool do: at work: --on 9 is too much: see `tool do --help`\n"}},
		"a flag is missing":   {nothing, []string{"do"}, ran{command.ExitUsage, "", "tool do: required flag(s) \"on\" not set: see `tool do --help`\n"}},
		"a flag is misspelt":  {nothing, []string{"do", "--hepl"}, ran{command.ExitUsage, "", "tool do: unknown flag: --hepl: did you mean --help?: see `tool do --help`\n"}},
		"a flag like none":    {nothing, []string{"do", "--colour"}, ran{command.ExitUsage, "", "tool do: unknown flag: --colour: see `tool do --help`\n"}},
		"a group by its name": {nothing, nil, ran{command.ExitUsage, "", "tool: name one of do: see `tool --help`\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := run(t, test.work, test.args...); got != test.want {
				t.Errorf("%q\ngot  %+v\nwant %+v", test.args, got, test.want)
			}
		})
	}
}

func TestPrint_GivesTextOrExactlyOneJSONObject(t *testing.T) {
	work := func(a *command.App) error {
		return a.Print(map[string]string{"name": "<和丽>"}, func(w io.Writer) {
			var table command.Table
			table.Add("name", "x")
			table.Add("和丽和丽", "y\x07")
			table.Write(w)
		})
	}
	if got := run(t, work, "do", "--on", "x", "--json"); got.out != "{\"name\":\"<和丽>\"}\n" {
		t.Errorf("as JSON: %q", got.out)
	}
	if got := run(t, work, "do", "--on", "x"); got.out != "name      x\n和丽和丽  y\uFFFD\n" {
		t.Errorf("as text: %q", got.out)
	}
}

func TestCount_OneIsNotSeveral(t *testing.T) {
	for n, want := range map[int]string{0: "0 doors", 1: "1 door", 2: "2 doors"} {
		if got := command.Count(n, "door"); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestTable_ALongCellIsWholeAndMovesItsOwnRowAlone(t *testing.T) {
	var out bytes.Buffer
	long := strings.Repeat("灯", 50)
	table := command.Table{}
	table.Add("a", "short", "x")
	table.Add("b", long, "y")
	table.Add("c", "longer", "z")
	table.Write(&out)
	if want := "a  short   x\nb  " + long + "  y\nc  longer  z\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
