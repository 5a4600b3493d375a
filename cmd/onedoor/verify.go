package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"onedoor/internal/command"
	"onedoor/server"
	"onedoor/syncengine"
)

// verifyJSON is what `verify --json` prints.
type verifyJSON struct {
	OK       bool        `json:"ok"`
	Seq      uint64      `json:"seq"`
	Epoch    uint32      `json:"epoch"`
	Epochs   []epochJSON `json:"epochs"`
	Problems []string    `json:"problems"`
}

// epochJSON is how an epoch began: a restore, or a database that was put back without one.
type epochJSON struct {
	Epoch    uint32          `json:"epoch"`
	Parent   uint32          `json:"parent"`
	AfterSeq uint64          `json:"after_seq"`
	Begun    json.RawMessage `json:"begun"`
	PutBack  bool            `json:"put_back"`
	Revealed string          `json:"revealed_by,omitempty"`
	ByLedger bool            `json:"revealed_by_ledger,omitempty"`
	ByStore  bool            `json:"revealed_by_store,omitempty"`
}

func epochsOf(v *server.Verification) []epochJSON {
	out := make([]epochJSON, 0, len(v.Epochs))
	for _, e := range v.Epochs {
		j := epochJSON{
			Epoch: uint32(e.Epoch), Parent: uint32(e.Parent), AfterSeq: uint64(e.At), Begun: command.TimeJSON(int64(e.Time)),
			PutBack: e.ByLedger || e.ByStore || !e.RevealedBy.IsZero(), ByLedger: e.ByLedger, ByStore: e.ByStore,
		}
		if !e.RevealedBy.IsZero() {
			j.Revealed = e.RevealedBy.String()
		}
		out = append(out, j)
	}
	return out
}

// line says in words how an epoch began.
func (e epochJSON) line() string {
	if !e.PutBack {
		return fmt.Sprintf("epoch %d began after entry %d of epoch %d, by a restore", e.Epoch, e.AfterSeq, e.Parent)
	}
	by := "device " + e.Revealed
	switch {
	case e.ByLedger:
		by = "the side ledger"
	case e.ByStore:
		by = "the database server"
	}
	return fmt.Sprintf("epoch %d began after entry %d of epoch %d: the database had been put back to an earlier state without `onedoor restore`, as %s showed",
		e.Epoch, e.AfterSeq, e.Parent, by)
}

func newVerify(a *app) *cobra.Command {
	var config server.Config
	c := &cobra.Command{
		Use: "verify --data DIR", Short: "Check a realm's database, secrets, log, records, chains and digests", Args: cobra.NoArgs,
		Long: `Checks the realm in DIR, on a stopped or a running server, and changes nothing:
the database file itself, that the secrets belong to it, that the log is dense
and reduces to the records, that every phone's chain and every digest fit, and
that no entry of the access ledger was altered or taken out.
It tells of every epoch how it began: by a restore, or because the database had
been put back without one, which a phone's own proof showed.
Exit code 0 means that nothing was found, 1 that something was or that the check
could not be made.`,
		Example: `  onedoor verify --data ./realm
  onedoor verify --data ./realm --json
  onedoor verify --data /var/lib/onedoor/realm --store 'postgres://onedoor@db/onedoor?sslmode=verify-full'`,
	}
	c.Flags().StringVar(&config.Dir, "data", "", "the realm's `DIR`")
	storeFlag(c, &config.Store)
	contactKeyFlag(c, &config.ContactKey)
	command.Required(c, "data")
	c.RunE = command.Running(func(ctx context.Context, _ []string) error { return a.verify(ctx, config) })
	return c
}

func (a *app) verify(ctx context.Context, config server.Config) error {
	data := config.Dir
	progress, finish := a.progress("checking the log")
	found, err := server.VerifyWith(ctx, config, progress)
	finish()
	if err != nil {
		return err
	}
	result := verifyJSON{OK: found.OK(), Seq: uint64(found.Seq), Epoch: uint32(found.Epoch), Epochs: epochsOf(found), Problems: append([]string{}, found.Problems...)}
	err = a.Print(result, func(w io.Writer) {
		for _, e := range result.Epochs {
			fmt.Fprintln(w, e.line())
		}
		for _, p := range result.Problems {
			fmt.Fprintln(w, command.Printable(p))
		}
		if result.OK {
			fmt.Fprintf(w, "%s: nothing is wrong: %d entries, %d records, epoch %d\n", data, result.Seq, found.Records, result.Epoch)
		}
	})
	if err == nil && !result.OK {
		err = fmt.Errorf("%s: %d found, listed on standard output: keep the folder as it is and restore the newest backup; phones bring back what is newer", data, len(result.Problems))
	}
	return err
}

// progress draws a bar where a person watches; finish takes it away.
func (a *app) progress(what string) (progress func(done, total syncengine.Seq), finish func()) {
	if !a.Terminal {
		return nil, func() {}
	}
	bar := progressbar.NewOptions64(-1, progressbar.OptionSetWriter(a.Err), progressbar.OptionSetDescription(what),
		progressbar.OptionClearOnFinish(), progressbar.OptionShowCount())
	// A bar that cannot be drawn is no reason to stop the work.
	return func(done, total syncengine.Seq) {
		bar.ChangeMax64(int64(total))
		_ = bar.Set64(int64(done))
	}, func() { _ = bar.Finish() }
}
