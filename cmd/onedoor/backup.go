package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"onedoor/internal/command"
	"onedoor/server"
)

// backupJSON is what `backup --json` prints.
type backupJSON struct {
	Realm   uint32 `json:"realm"`
	Epoch   uint32 `json:"epoch"`
	Seq     uint64 `json:"seq"`
	Records int    `json:"records"`
	Bytes   int64  `json:"bytes"`
	Made    string `json:"made"`
	Out     string `json:"out"`
	// ContactKey is the file without which the contacts in it cannot be read.
	ContactKey string `json:"contact_key,omitempty"`
	// Listed is false where the server could not be told of the backup.
	Listed bool `json:"listed"`
}

func newBackup(a *app) *cobra.Command {
	var o server.BackupOptions
	c := &cobra.Command{
		Use: "backup --data DIR --out FILE", Short: "Copy a realm into one file, on a running server too, and check the copy", Args: cobra.NoArgs,
		Long: `Copies the realm in DIR into FILE, on a stopped or a running server, opens the
copy and checks it as verify does. Only then it gets its name: a FILE that is
there was checked. The copy is the log as of one moment, with the realm's secret
keys in it (mode 0600): whoever has FILE can read every record, so encrypt it and
keep it on other storage. A standing FILE is never written over.

Residents' names and numbers are sealed in FILE as they are in DIR. The contact key
is read to check the copy and is not in FILE: keep a copy of it apart from both.

The server tells phones how far the newest backup reaches. They keep what they
have handed in until two backups have it, so keep at least the last two.`,
		Example: `  onedoor backup --data ./realm --out /mnt/backup/realm-2026-05-29.backup
  onedoor backup --data /var/lib/onedoor --out monday.backup --json`,
	}
	c.Flags().StringVar(&o.Dir, "data", "", "the realm's `DIR`")
	c.Flags().StringVar(&o.Out, "out", "", "the `FILE` to make")
	contactKeyFlag(c, &o.ContactKey)
	command.Required(c, "data", "out")
	c.RunE = command.Running(func(ctx context.Context, _ []string) error { return a.backup(ctx, o) })
	return c
}

func (a *app) backup(ctx context.Context, o server.BackupOptions) error {
	var finish func()
	o.Progress, finish = a.work()
	made, err := server.Backup(ctx, o)
	finish()
	if err != nil {
		return err
	}
	result := backupJSON{
		Realm: made.Realm, Epoch: uint32(made.At.Epoch), Seq: uint64(made.At.Seq), Records: made.Records, Bytes: made.Bytes,
		Made: timeOf(made.Made), Out: o.Out, Listed: made.Unregistered == nil, ContactKey: made.ContactKey,
	}
	if !result.Listed {
		fmt.Fprintf(a.Err, "the backup is good, but phones are not told of it and keep their journals: %s\n", command.OneLine(made.Unregistered.Error()))
	}
	return a.Print(result, func(w io.Writer) {
		fmt.Fprintf(w, "%s: realm %06d up to entry %d of epoch %d, %d records, %d bytes, checked\n",
			command.Printable(o.Out), result.Realm, result.Seq, result.Epoch, result.Records, result.Bytes)
		if result.ContactKey != "" {
			fmt.Fprintf(w, "the contact key %s is not in it: keep a copy of that apart\n", command.Printable(result.ContactKey))
		}
	})
}

// timeOf prints a time as every other command does.
func timeOf(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// work draws a bar for each piece of long work where a person watches; finish
// takes the last one away.
func (a *app) work() (progress server.Progress, finish func()) {
	if !a.Terminal {
		return nil, func() {}
	}
	var bar *progressbar.ProgressBar
	var piece string
	return func(what string, done, total int64) {
			if what != piece {
				if bar != nil {
					_ = bar.Finish() // A bar that cannot be drawn is no reason to stop the work.
				}
				piece, bar = what, progressbar.NewOptions64(total, progressbar.OptionSetWriter(a.Err),
					progressbar.OptionSetDescription(what), progressbar.OptionClearOnFinish(), progressbar.OptionShowCount())
			}
			bar.ChangeMax64(total)
			_ = bar.Set64(done)
		}, func() {
			if bar != nil {
				_ = bar.Finish()
			}
		}
}
