package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"onedoor/internal/flagform"
	"onedoor/internal/nearname"
)

// Exit codes.
const (
	ExitDone   = 0
	ExitFailed = 1
	ExitUsage  = 2
)

// Stdio is where a command reads and writes.
type Stdio struct {
	In       io.Reader
	Out, Err io.Writer
	// Terminal says that a person watches Err: progress and codes to scan go there.
	Terminal bool
}

// Execute runs one command line under root and gives its exit code. explain
// makes the sentence that a person reads of what went wrong; nil takes the error's own.
func Execute(ctx context.Context, root *cobra.Command, args []string, stdio Stdio, explain func(error) string) int {
	root.SetArgs(args)
	root.SetIn(stdio.In)
	root.SetOut(stdio.Out)
	root.SetErr(stdio.Err)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(flagError)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return ExitDone
	}
	if explain == nil {
		explain = error.Error
	}
	if failed, ok := errors.AsType[*failure](err); ok {
		fmt.Fprintf(stdio.Err, "%s: %s\n", failed.where, OneLine(explain(failed.err)))
		return ExitFailed
	}
	fmt.Fprintf(stdio.Err, "%s: %s: see `%s --help`\n", command.CommandPath(), OneLine(err.Error()), command.CommandPath())
	return ExitUsage
}

// flagError says what is wrong with a flag so that a person can mend it.
func flagError(c *cobra.Command, err error) error {
	if refused, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		f := refused.GetFlag()
		return fmt.Errorf("--%s: %s", f.Name, flagform.Refused(f.Value.Type(), refused.GetValue(), refused.Unwrap()))
	}
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		return nearFlag(c, unknown)
	}
	return err
}

// nearFlag names the flags that a misspelt one is like.
func nearFlag(c *cobra.Command, unknown *pflag.NotExistError) error {
	if unknown.GetSpecifiedShortnames() != "" { // One letter is like too many names.
		return unknown
	}
	var known []string
	c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	near := nearname.Of(unknown.GetSpecifiedName(), known)
	if len(near) == 0 {
		return unknown
	}
	return fmt.Errorf("%w: did you mean --%s?", unknown, strings.Join(near, " or --"))
}

// OneLine keeps an error on the one line that a log or a screen shows. Errors
// that were joined line by line stay told apart.
func OneLine(text string) string {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return Printable(strings.Join(lines, "; "))
}

// failure is what went wrong while a command ran; every other error is one of
// the command line.
type failure struct {
	// where names the command, and what it worked on if that helps.
	where string
	err   error
}

// Error says what went wrong.
func (f *failure) Error() string { return f.err.Error() }

// Unwrap gives the cause.
func (f *failure) Unwrap() error { return f.err }

// misuse is an error of the command line that only the command itself finds.
type misuse struct{ why string }

// Error says what is wrong with the command line.
func (m *misuse) Error() string { return m.why }

// Misused makes an error of the command line that only the command itself finds.
func Misused(format string, args ...any) error { return &misuse{fmt.Sprintf(format, args...)} }

// Running marks the errors of a command's work as failures, except those that Misused made.
func Running(f func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return RunningOn(func([]string) string { return "" }, f)
}

// RunningOn is Running for work whose errors name what it worked on.
func RunningOn(subject func(args []string) string, f func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		err := f(c.Context(), args)
		if _, wrong := errors.AsType[*misuse](err); wrong || err == nil {
			return err
		}
		where := c.CommandPath()
		if on := subject(args); on != "" {
			where += ": " + Printable(on)
		}
		return &failure{where: where, err: err}
	}
}

// Group is a command that only holds others.
func Group(use, short, long string, children ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Long: long, Args: cobra.NoArgs}
	c.RunE = func(c *cobra.Command, _ []string) error {
		var names []string
		for _, child := range c.Commands() {
			if child.IsAvailableCommand() && child.Name() != "help" {
				names = append(names, child.Name())
			}
		}
		return Misused("name one of %s", strings.Join(names, ", "))
	}
	c.AddCommand(children...)
	return c
}

// Required marks flags without which a command line is no use.
func Required(c *cobra.Command, flags ...string) {
	for _, name := range flags {
		if err := c.MarkFlagRequired(name); err != nil {
			panic("command: " + err.Error())
		}
	}
}
