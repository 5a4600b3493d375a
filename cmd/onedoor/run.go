package main

import (
	"context"
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

// Stdio is where a command reads and writes.
type Stdio struct {
	In       io.Reader
	Out, Err io.Writer
	// Terminal says that a person watches Err: progress and codes to scan go there.
	Terminal bool
}

// Run runs one command line and gives its exit code. It returns when the command
// is done or ctx has ended; a server then stops in order.
func Run(ctx context.Context, args []string, stdio Stdio) int {
	a := &app{Stdio: stdio}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(stdio.In)
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
func oneLine(err error) string {
	lines := strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' })
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return printable(strings.Join(lines, "; "))
}

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

// misuse is an error of the command line that only the command itself finds.
type misuse struct{ why string }

// Error says what is wrong with the command line.
func (m *misuse) Error() string { return m.why }

func misused(format string, args ...any) error { return &misuse{fmt.Sprintf(format, args...)} }

// app is what the commands of one run share.
type app struct {
	Stdio
	// asJSON asks for one JSON object instead of text.
	asJSON bool
	// remote is how a server is reached.
	remote remote
}

// commands are the commands in the order of help.
var commands = []func(*app) *cobra.Command{
	newInit, newServe, newDemo, newImport, newUser, newTeam, newAssign, newDevice, newToken,
	newConflicts, newQuarantine, newExplain, newLog, newVerify,
}

func (a *app) root() *cobra.Command {
	root := a.group("onedoor", "Serve and manage a district's door-to-door records",
		`onedoor keeps the records of a district's grid teams, whose phones work without
a signal and sync when they can. This is the server's and the operator's command.

A first day:
  onedoor init --data ./realm --realm 530702      make the realm
  onedoor serve --data ./realm                    serve it
  onedoor import premises doors.csv --data ./realm
  onedoor user add --name 和丽 --role grid_worker --territory 530702001001 --data ./realm
  onedoor device code --user USER_ID --data ./realm

Results go to standard output, as text or with --json as one JSON object; all
else goes to standard error. Exit codes: 0 done, 1 failed, 2 used wrongly.`)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.HiddenDefaultCmd = true
	root.PersistentFlags().BoolVar(&a.asJSON, "json", false, "print exactly one JSON object (log: one a line)")
	for _, command := range commands {
		root.AddCommand(command(a))
	}
	return root
}

// group is a command that only holds others.
func (a *app) group(use, short, long string, children ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Long: long, Args: cobra.NoArgs}
	c.RunE = func(c *cobra.Command, _ []string) error {
		var names []string
		for _, child := range c.Commands() {
			if child.IsAvailableCommand() && child.Name() != "help" {
				names = append(names, child.Name())
			}
		}
		return misused("name one of %s", strings.Join(names, ", "))
	}
	c.AddCommand(children...)
	return c
}

// running marks the errors of a command's work as failures.
func running(f func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		err := f(c.Context(), args)
		if wrong, ok := errors.AsType[*misuse](err); ok {
			return wrong
		}
		if err != nil {
			return &failure{command: c.CommandPath(), err: err}
		}
		return nil
	}
}

// required marks flags without which a command line is no use.
func required(c *cobra.Command, flags ...string) {
	for _, name := range flags {
		if err := c.MarkFlagRequired(name); err != nil {
			panic("onedoor: " + err.Error())
		}
	}
}
