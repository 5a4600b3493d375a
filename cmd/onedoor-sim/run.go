package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// Stdio is where a command writes.
type Stdio struct {
	Out, Err io.Writer
	// Terminal says that a person watches Err: progress goes there.
	Terminal bool
}

// Run runs one command line and gives its exit code.
func Run(ctx context.Context, args []string, stdio Stdio) int {
	root := (&app{Stdio: stdio}).root()
	root.SetArgs(args)
	root.SetOut(stdio.Out)
	root.SetErr(stdio.Err)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	if failed, ok := errors.AsType[*failure](err); ok {
		fmt.Fprintf(stdio.Err, "%s: %s\n", failed.command, oneLine(failed.err))
		return exitFailed
	}
	fmt.Fprintf(stdio.Err, "%s: %s: see `%s --help`\n", command.CommandPath(), oneLine(err), command.CommandPath())
	return exitUsage
}

// oneLine keeps an error on the one line that a log or a screen shows.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// failure is what went wrong while a command ran; every other error is one of
// the command line.
type failure struct {
	command string
	err     error
}

// Error says what went wrong.
func (f *failure) Error() string { return f.err.Error() }

// Unwrap gives the cause.
func (f *failure) Unwrap() error { return f.err }

// app is what the commands of one run share.
type app struct {
	Stdio
	// asJSON asks for one JSON object instead of text.
	asJSON bool
}

// commands are the commands in the order of help.
var commands = []func(*app) *cobra.Command{newReplay, newBench, newBenchPart}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use: "onedoor-sim", Short: "Replay real inspections through onedoor, and measure it", Args: cobra.NoArgs,
		SilenceErrors: true, SilenceUsage: true,
		Long: `onedoor-sim plays a day of work through a real server and real phones on this
machine, and checks the result by itself. It needs no other program.

Results go to standard output, as text or with --json as one JSON object; all
else goes to standard error. Exit codes: 0 done, 1 failed, 2 used wrongly.`,
		RunE: func(c *cobra.Command, _ []string) error { return errors.New("name a command") },
	}
	root.PersistentFlags().BoolVar(&a.asJSON, "json", false, "print exactly one JSON object")
	for _, command := range commands {
		root.AddCommand(command(a))
	}
	return root
}

// running marks the errors of a command's work as failures.
func running(f func(ctx context.Context) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, _ []string) error {
		if err := f(c.Context()); err != nil {
			return &failure{command: c.CommandPath(), err: err}
		}
		return nil
	}
}

// print writes a result: as JSON on one line, or as text for people.
func (a *app) print(result any, text func(w io.Writer)) error {
	var b strings.Builder
	if a.asJSON {
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(result); err != nil {
			return fmt.Errorf("encode the result: %w", err)
		}
	} else {
		text(&b)
	}
	if _, err := io.WriteString(a.Out, b.String()); err != nil {
		return fmt.Errorf("write the result to standard output: %w", err)
	}
	return nil
}
