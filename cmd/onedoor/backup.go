package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"onedoor/internal/command"
	"onedoor/server"
	"onedoor/server/backupset"
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
	// Encrypted is true where only the holder of a private key can open it.
	Encrypted bool `json:"encrypted"`
	// Listed is false where the server could not be told of the backup.
	Listed bool `json:"listed"`
}

func newBackup(a *app) *cobra.Command {
	var o server.BackupOptions
	var to backupset.Place
	c := &cobra.Command{
		Use: "backup --data DIR [--store URL] (--out FILE | --to URL)", Short: "Copy a realm into one file, on a running server too, and check the copy", Args: cobra.NoArgs,
		Long: `Copies the realm in DIR into FILE, on a stopped or a running server, opens the
copy and checks it as verify does. Only then it gets its name: a FILE that is
there was checked. The copy is the log as of one moment, with the realm's secret
keys in it (mode 0600): whoever has FILE can read every record, so encrypt it and
keep it on other storage. A standing FILE is never written over.

Residents' names and numbers are sealed in FILE as they are in DIR. The contact key
is read to check the copy and is not in FILE: keep a copy of it apart from both.

With --to it is kept in a folder (file:///mnt/backup) or a bucket that speaks S3
(s3://BUCKET?region=R, with endpoint=, prefix= and use_path_style=true where needed;
credentials as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), read back and compared.
--recipient encrypts it to a public key of ` + "`onedoor keys backup`" + `; a bucket takes none
that is not encrypted. ` + "`serve --backup-to`" + ` does so by itself.

With --store the realm lies in a database and DIR holds its keys: the copy is made of
one snapshot of the database, while servers write, compared with it row by row, and is
the same kind of file: ` + "`onedoor restore`" + ` brings it back into a folder or a database.

The server tells phones how far the newest backup reaches. They keep what they
have handed in until two backups have it, so keep at least the last two.`,
		Example: `  onedoor backup --data ./realm --out /mnt/backup/realm-2026-05-29.backup
  onedoor backup --data /var/lib/onedoor/realm --out monday.backup --json
  onedoor backup --data /var/lib/onedoor/realm --to s3://onedoor-backups?region=cn-north-1 --recipient age1…
  onedoor backup --data /var/lib/onedoor/realm --store 'postgres://onedoor@db/onedoor?sslmode=verify-full' --out monday.backup`,
	}
	c.Flags().StringVar(&o.Dir, "data", "", "the realm's `DIR`")
	c.Flags().StringVar(&o.Out, "out", "", "the `FILE` to make")
	storeFlag(c, &o.Store)
	contactKeyFlag(c, &o.ContactKey)
	c.Flags().StringVar(&to.URL, "to", "", "keep it at `URL`: file:///FOLDER or s3://BUCKET?region=R")
	c.Flags().StringSliceVar(&to.Recipients, "recipient", nil, "encrypt it to these age public `KEY`s")
	command.Required(c, "data")
	c.MarkFlagsOneRequired("out", "to")
	c.MarkFlagsMutuallyExclusive("out", "to")
	c.RunE = command.Running(func(ctx context.Context, _ []string) error {
		if to.URL == "" {
			if len(to.Recipients) > 0 {
				return command.Misused("--recipient encrypts what --to keeps")
			}
			return a.backup(ctx, o)
		}
		return a.backupTo(ctx, o, to)
	})
	return c
}

// backupTo keeps a backup in a folder or a bucket.
func (a *app) backupTo(ctx context.Context, o server.BackupOptions, to backupset.Place) error {
	if err := to.CheckKept(); err != nil {
		return err
	}
	set, err := backupset.OpenToKeep(ctx, to)
	if err != nil {
		return err
	}
	o.Set = set
	return errors.Join(a.backup(ctx, o), set.Close())
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
		Made: timeOf(made.Made), Out: cmp.Or(o.Out, made.Kept.Name), Encrypted: made.Kept.Encrypted, Listed: made.Unregistered == nil, ContactKey: made.ContactKey,
	}
	if !result.Listed {
		fmt.Fprintf(a.Err, "the backup is good, but phones are not told of it and keep their journals: %s\n", command.OneLine(made.Unregistered.Error()))
	}
	return a.Print(result, func(w io.Writer) {
		fmt.Fprintf(w, "%s: realm %06d up to entry %d of epoch %d, %d records, %d bytes, checked\n",
			command.Printable(result.Out), result.Realm, result.Seq, result.Epoch, result.Records, result.Bytes)
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
					progressbar.OptionSetDescription(what), progressbar.OptionClearOnFinish(), progressbar.OptionShowCount(), progressbar.OptionShowIts())
			}
			bar.ChangeMax64(total)
			_ = bar.Set64(done)
		}, func() {
			if bar != nil {
				_ = bar.Finish()
			}
		}
}
