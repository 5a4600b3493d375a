package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	client "onedoor/client-sdk"
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
	// Getenv reads the environment.
	Getenv func(string) string
}

// Run runs one command line and gives its exit code.
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
		fmt.Fprintf(stdio.Err, "%s: %s\n", strings.Join(append([]string{command.CommandPath()}, failed.about...), " "),
			printable(client.Explain(failed.err, a.lang())))
		return exitFailed
	}
	fmt.Fprintf(stdio.Err, "%s: %s: see `%s --help`\n", command.CommandPath(), printable(err.Error()), command.CommandPath())
	return exitUsage
}

// failure is what went wrong while a command ran; every other error is one of
// the command line.
type failure struct {
	// about names what the command was about, such as an id.
	about []string
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

func misused(format string, args ...any) error { return &misuse{fmt.Sprintf(format, args...)} }

// app is what the commands of one run share.
type app struct {
	Stdio
	dir, keyFile, tlsCA, language string
	asJSON, plaintext             bool
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "onedoor-phone",
		Short: "A grid worker's phone in a terminal: works offline, syncs when asked",
		Long: `onedoor-phone is one phone: a folder with an encrypted database that works without
a signal. Only enrol and sync need a connection.

A first day:
  onedoor-phone --dir ./phone enrol --server 127.0.0.1:7443 --code ABCD-EFGH-JKMN
  onedoor-phone --dir ./phone list premises
  onedoor-phone --dir ./phone add visit '{"premises_ids":["ID"],"outcome":"seen","note":"一切正常"}'
  onedoor-phone --dir ./phone sync

The key comes from ONEDOOR_PHONE_KEY (base64 of 32 bytes) or from a key file
outside of the folder, which enrol makes and status names.
Exit codes: 0 done, 1 failed, 2 used wrongly.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var names []string
			for _, child := range c.Commands() {
				names = append(names, child.Name())
			}
			return misused("name one of %s", strings.Join(names, ", "))
		},
	}
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.DisableDefaultCmd = true
	f := root.PersistentFlags()
	f.StringVar(&a.dir, "dir", "", "folder of the phone (default: $ONEDOOR_PHONE_DIR)")
	f.StringVar(&a.keyFile, "key-file", "", "file with the key, instead of the one that status names")
	f.StringVar(&a.tlsCA, "tls-ca", "", "file of certificates to trust instead of the system's")
	f.BoolVar(&a.plaintext, "plaintext", false, "call the server without encryption off this machine too")
	f.StringVar(&a.language, "lang", "", "zh or en (default: by $LC_ALL, $LC_MESSAGES and $LANG)")
	f.BoolVar(&a.asJSON, "json", false, "print exactly one JSON object")
	for _, command := range commands {
		root.AddCommand(command(a))
	}
	return root
}

// lang is the language of the person at the terminal.
func (a *app) lang() client.Language {
	for _, text := range []string{a.language, a.Getenv("LC_ALL"), a.Getenv("LC_MESSAGES"), a.Getenv("LANG")} {
		if text == "" {
			continue
		}
		if strings.HasPrefix(strings.ToLower(text), "zh") {
			return client.Chinese
		}
		return client.English
	}
	return client.English
}

// say gives a sentence in the person's language.
func (a *app) say(zh, en string) string { return client.Sentence{ZH: zh, EN: en}.In(a.lang()) }

// printable replaces what would steer a terminal: notes and names come from
// elsewhere, and nobody's note may move a cursor.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
