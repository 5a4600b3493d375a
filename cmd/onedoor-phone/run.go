package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	client "onedoor/client-sdk"
	"onedoor/internal/command"
)

// Run runs one command line and gives its exit code.
func Run(ctx context.Context, args []string, stdio command.Stdio) int {
	return RunAt(ctx, args, stdio, time.Now)
}

// RunAt is Run by another clock than the system's: stories turn days with it. No flag and no variable of the environment
// leads here, so that nobody turns a phone's clock with this program.
func RunAt(ctx context.Context, args []string, stdio command.Stdio, now func() time.Time) int {
	a := &app{App: command.App{Stdio: stdio}, now: now}
	return command.Execute(ctx, a.root(), args, stdio, func(err error) string { return explain(err, a.language()) })
}

// told is an error of this command that is a sentence for people already.
type told struct {
	says  client.Sentence
	cause error
}

// Error gives the English sentence.
func (t *told) Error() string { return t.says.EN }

// Unwrap gives the cause.
func (t *told) Unwrap() error { return t.cause }

// explain gives the sentence that a person reads.
func explain(err error, lang client.Language) string {
	if own, ok := errors.AsType[*told](err); ok {
		return own.says.In(lang)
	}
	if errors.Is(err, context.Canceled) {
		return client.Sentence{ZH: "已中断，内容仍在手机上，请再试一次。", EN: "interrupted: your work stays on the phone; try again"}.In(lang)
	}
	if errors.Is(err, client.ErrUntrusted) { // Who tries the software has a certificate of their own more often than a wrong date.
		return client.Explain(err, lang) + client.Sentence{ZH: "（自签的证书用--tls-ca或$" + envTLSCA + "给出）", EN: " (trust your own with --tls-ca or $" + envTLSCA + ")"}.In(lang)
	}
	return client.Explain(err, lang)
}

// app is what the commands of one run share.
type app struct {
	command.App
	// dir is the phone's folder.
	dir string
	// lang is the language that was asked for; empty leaves it to the environment.
	lang string
	line line
	// now is the phone's clock.
	now func() time.Time
}

// language gives the language of the sentences.
func (a *app) language() client.Language {
	name := cmp.Or(a.lang, os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG"))
	if strings.HasPrefix(strings.ToLower(name), string(client.Chinese)) {
		return client.Chinese
	}
	return client.English
}

// commands are the commands in the order of help.
var commands = []func(*app) *cobra.Command{
	newEnrol, newSync, newStatus, newPlan, newCounts, newRooms, newJoint, newAdd, newEdit, newDelete, newShow, newList, newSearch,
	newCase, newStep, newBegin, newPropose, newAlarms, newRules, newCheck, newChecks, newDuplicates, newMerge, newUnmerge, newVoid, newUnvoid,
	newConflicts, newWhy, newRestore, newAcknowledge, newQuarantine, newColleagues, newLookUp,
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use: "onedoor-phone", Short: "Work at the doors without a signal, and sync", Args: cobra.NoArgs,
		Long: `onedoor-phone is a phone of a grid team on a command line. Its folder holds an
encrypted copy of what its user may read. Everything but enrol and sync works
without a signal; what is written stays until a server has decided about it.

A first day:
  onedoor-phone --dir ./phone enrol --server 127.0.0.1:7443 --code CODE
  onedoor-phone --dir ./phone add premises '{"address":"福慧路1号","territory":"530702001001001"}'
  onedoor-phone --dir ./phone search 福慧
  onedoor-phone --dir ./phone sync

The folder's key comes from $` + envKey + ` (base64 of 32 bytes) or from a
file outside the folder that enrol makes; status prints its place.

KIND is one of ` + strings.Join(kinds, ", ") + `.
Results go to standard output, as text or with --json as one JSON object; all
else goes to standard error. Exit codes: 0 done, 1 failed, 2 used wrongly.`,
		RunE: func(*cobra.Command, []string) error { return command.Misused("name a command, such as sync or list") },
	}
	f := root.PersistentFlags()
	f.StringVar(&a.dir, "dir", "", "the phone's `DIR`")
	a.JSONFlag(root, "print exactly one JSON object")
	f.StringVar(&a.lang, "lang", "", "`LANGUAGE` of errors: zh or en (default by $LANG)")
	for _, make := range commands {
		root.AddCommand(make(a))
	}
	return root
}
