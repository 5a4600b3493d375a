package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	client "onedoor/client-sdk"
	"onedoor/internal/command"
	"onedoor/internal/recordjson"
)

// deviceNameCharsMax is how much of the machine's name is offered as the device's
// name; the protocol allows 64 characters.
const deviceNameCharsMax = 64

func newEnrol(a *app) *cobra.Command {
	var server, code string
	c := &cobra.Command{
		Use: "enrol --server ADDR --code CODE", Short: "Make this folder a user's phone with a join code", Args: cobra.NoArgs,
		Long: `Turns a join code of the operator into this phone's own identity. A code works
once; after a failure of the line enrol may be repeated with the same code. Then
fetches what the user may read, so that the phone can go offline; where that
fails the phone is enrolled and a sync does it later.

Where the district has several servers, ADDR may name some of them, with commas
between: a call that finds one unavailable is tried at the next.

The folder is encrypted from the start. Its key is taken from $` + envKey + `,
or made in a file outside the folder.`,
		Example: `  onedoor-phone --dir ./phone enrol --server 127.0.0.1:7443 --code CODE
  onedoor-phone --dir ./phone enrol --server sync.example.org:7443 --tls-ca ca.pem --code CODE --name 和丽的手机`,
	}
	c.Flags().StringVar(&server, "server", "", "the server's `ADDR`, or several with commas between")
	c.Flags().StringVar(&code, "code", "", "the join `CODE` that the operator gave out")
	c.Flags().StringVar(&a.line.name, "name", "", "device's `NAME` in the operator's list (default: this machine's)")
	a.line.flags(c)
	command.Required(c, "server", "code")
	c.RunE = a.running(func([]string) string { return server }, func(ctx context.Context, _ []string) error {
		if a.line.name == "" {
			a.line.name = machineName()
		}
		key, err := a.makeKey()
		if err != nil {
			return err
		}
		return a.opened(key, func(p *phone) error {
			if err := p.Enrol(ctx, server, code); err != nil {
				return err
			}
			return a.ready(ctx, p)
		})
	})
	return c
}

// ready fetches what the phone may read and says who it is. An enrolment stands
// also when the line fails after it.
func (a *app) ready(ctx context.Context, p *phone) error {
	failed := p.Prepare(ctx)
	if failed != nil {
		fmt.Fprintf(a.Err, "onedoor-phone enrol: %s: first sync: %s\n", a.dir, explain(failed, a.language()))
	}
	return a.Print(p.who().With("ready", failed == nil), func(w io.Writer) {
		self := p.Self()
		fmt.Fprintf(w, "enrolled as %s in realm %06d\nkey: %s\n", command.Printable(self.UserName), self.Realm, p.key.source())
		if failed == nil {
			fmt.Fprintln(w, "what it may read is here: it can go offline")
		}
	})
}

// machineName is the name by which a device is told apart in the operator's list.
func machineName() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	runes := []rune(name)
	return string(runes[:min(len(runes), deviceNameCharsMax)])
}

// who says whose phone it is and where its key lies.
func (p *phone) who() recordjson.Object {
	self := p.Self()
	var file any // null: the key is not in a file
	if p.key.file != "" {
		file = p.key.file
	}
	return recordjson.Object{}.With("user_id", self.UserID).With("user", self.UserName).With("device_id", self.Incarnation).With("realm", self.Realm).
		With("server", self.Server).With("key_file", file)
}

func newSync(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "sync", Short: "Send what was written here and fetch what others wrote", Args: cobra.NoArgs,
		Long: `Sends the outbox and fetches what is new. What the server took before a line
failed is not sent again; what it did not take stays in the outbox.`,
		Example: "  onedoor-phone --dir ./phone sync\n  onedoor-phone --dir ./phone sync --json",
	}
	a.line.flags(c)
	c.RunE = a.using(func(ctx context.Context, p *phone, _ []string) error {
		report, err := p.Sync(ctx)
		if err != nil {
			return err
		}
		if u, wanted := p.UpdateWanted(); wanted {
			fmt.Fprintln(a.Err, client.ExplainUpdate(u, a.language()))
		}
		return a.Print(report.Object(), func(w io.Writer) {
			fmt.Fprintf(w, "sent %d: %d applied, %d merged, %d quarantined\n", report.Pushed, report.Applied, report.Merged, report.Quarantined)
			fmt.Fprintf(w, "fetched %s in %s, %d bytes up, %d bytes down\n", command.Count(report.Pulled, "record"), command.Count(report.RoundTrips, "round trip"), report.BytesUp, report.BytesDown)
			if !report.CaughtUp {
				fmt.Fprintln(w, "more is waiting: sync again")
			}
		})
	})
	return c
}

func newStatus(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "status", Short: "Show what is pending, what is open, and where the key lies", Args: cobra.NoArgs,
		Long: `Shows the outbox, what waits in quarantine, open conflicts, the checkpoint and
its digest: two phones with the same view at one checkpoint show the same one.`,
		Example: "  onedoor-phone --dir ./phone status",
	}
	c.RunE = a.using(func(_ context.Context, p *phone, _ []string) error {
		s, err := p.Status()
		if err != nil {
			return err
		}
		return a.Print(append(s.Object(), p.who()...), func(w io.Writer) {
			self := p.Self()
			t := command.Table{}
			t.Add("user", fmt.Sprintf("%s, realm %06d, server %s", self.UserName, self.Realm, self.Server))
			if s.Refilled > 0 {
				t.Add("refilled", fmt.Sprintf("%d times, since own records name one another in a ring", s.Refilled))
			}
			t.Add("pending", pendingText(s))
			t.Add("quarantined", fmt.Sprint(s.Quarantined))
			t.Add("conflicts", fmt.Sprint(s.Conflicts))
			t.Add("records", fmt.Sprint(s.Records))
			t.Add("last sync", command.TimeText(s.LastSyncMs))
			t.Add("checkpoint", fmt.Sprintf("epoch %d, seq %d", s.Epoch, s.Seq))
			t.Add("digest", s.Digest)
			t.Add("size", fmt.Sprintf("%d bytes; %d bytes sent, %d received", s.DatabaseBytes, s.BytesUp, s.BytesDown))
			t.Add("key", p.key.source())
			t.Add("lease", "until "+command.TimeText(s.LeaseUntilMs))
			if err := p.Barred(); err != nil {
				t.Add("barred", client.Explain(err, a.language()))
			}
			if s.Revoked {
				t.Add("revoked", "the server gives this phone nothing any more: ask the operator")
			}
			t.Write(w)
		})
	})
	return c
}

// pendingText tells how much waits to be sent, and since when.
func pendingText(s *client.Status) string {
	text := command.Count(s.Pending, "change")
	if s.Pending == 0 {
		return text
	}
	return text + ", the oldest of " + command.TimeText(s.OldestPendingMs)
}
