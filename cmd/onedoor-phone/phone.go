package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	client "onedoor/client-sdk"
	"onedoor/internal/command"
)

// appVersion stands in the operator's list of devices; servers that ask for newer apps go by its numbers.
const appVersion = "onedoor-phone 1.0.0"

// envTLSCA names trusted certificates where --tls-ca does not.
const envTLSCA = "ONEDOOR_TLS_CA"

// line says how the server is reached; only enrol and sync have its flags.
type line struct {
	caFile    string
	plaintext bool
	name      string
}

// flags gives a command the flags of a line.
func (l *line) flags(c *cobra.Command) {
	c.Flags().StringVar(&l.caFile, "tls-ca", "", "speak TLS and trust the certificates in this PEM `FILE` (default $"+envTLSCA+", or the system's)")
	c.Flags().BoolVar(&l.plaintext, "plaintext", false, "speak plain text to a server that is not on this machine")
}

// options are what the SDK is told.
func (l *line) options() (client.Options, error) {
	o := client.Options{Plaintext: l.plaintext, DeviceName: l.name, AppVersion: appVersion}
	if l.caFile != "" && l.plaintext {
		return o, command.Misused("--tls-ca and --plaintext exclude each other")
	}
	file := cmp.Or(l.caFile, os.Getenv(envTLSCA))
	if file == "" || l.plaintext {
		return o, nil
	}
	var err error
	if o.RootsPEM, err = os.ReadFile(file); err != nil {
		return o, fmt.Errorf("read the trusted certificates: %w: give --tls-ca a file in PEM form", err)
	}
	return o, nil
}

// phone is an open folder with the place of its key.
type phone struct {
	*client.Replica
	key key
}

// work is what a command does with an open phone.
type work func(ctx context.Context, p *phone, args []string) error

// using runs a command's work on the phone in --dir, which must be enrolled.
func (a *app) using(f work) func(*cobra.Command, []string) error {
	return a.running(a.subject, func(ctx context.Context, args []string) error {
		if note, err := client.Wiped(a.dir); err != nil || note != nil {
			return cmp.Or(err, client.ErrWiped)
		}
		key, err := a.findKey()
		if err != nil {
			return err
		}
		if !client.Exists(a.dir) { // A mistyped --dir is not filled with a new database.
			return client.ErrNotEnrolled
		}
		return a.opened(key, func(p *phone) error {
			if p.Self().UserID == "" {
				return client.ErrNotEnrolled
			}
			return f(ctx, p, args)
		})
	})
}

// subject is what a command works on: its first argument, or the phone's folder.
func (a *app) subject(args []string) string { return slices.Concat(args, []string{a.dir})[0] }

// opened opens the folder for some work and closes it.
func (a *app) opened(key key, f func(*phone) error) (err error) {
	o, err := a.line.options()
	if err != nil {
		return err
	}
	o.Now = a.now
	r, err := client.Open(a.dir, key.bytes, o)
	if errors.Is(err, client.ErrKey) {
		return &told{cause: err, says: client.Sentence{
			ZH: fmt.Sprintf("%s中的密钥与文件夹%s不符，请给出登记时的密钥。", key.source(), a.dir),
			EN: fmt.Sprintf("the key in %s does not fit the database in %s: give the key with which it was enrolled", key.source(), a.dir),
		}}
	}
	if err != nil {
		return err
	}
	defer func() {
		closed := r.Close()
		err = cmp.Or(err, closed, key.destroyAfter(a.dir))
	}()
	return f(&phone{r, key})
}

// running is a command's work after the flags that every command has.
func (a *app) running(subject func(args []string) string, f func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return command.RunningOn(subject, func(ctx context.Context, args []string) error {
		if a.dir == "" {
			return command.Misused("--dir DIR is needed: the phone's folder")
		}
		if a.lang != "" && a.lang != string(client.Chinese) && a.lang != string(client.English) {
			return command.Misused("--lang %s: zh or en is needed", a.lang)
		}
		return f(ctx, args)
	})
}

// kinds are the record kinds that a phone's user writes.
var kinds = []string{"premises", "visit", "hazard", "dispute", "case_event", "task", "attachment"}

// listed are the kinds that can be listed: those that come from the server, too.
var listed = append(slices.Clone(kinds), "territory", "staff")

func parseKind(text string, allowed []string) (string, error) {
	if kind := strings.ToLower(text); slices.Contains(allowed, kind) {
		return kind, nil
	}
	return "", command.Misused("KIND %q: one of %s is needed", text, strings.Join(allowed, ", "))
}
