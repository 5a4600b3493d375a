package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	reportv1 "onedoor/proto/gen/onedoor/report/v1"

	"onedoor/internal/command"
	"onedoor/syncengine"
)

// rebuiltJSON is what `report rebuild --json` prints.
type rebuiltJSON struct {
	AsOf uint64 `json:"as_of"`
	Same bool   `json:"same"`
	Hash string `json:"hash"`
}

func (a *app) reportRebuild() *cobra.Command {
	c := &cobra.Command{
		Use: "rebuild", Short: "Drop what is counted and count it anew from the log", Args: cobra.NoArgs,
		Long: `Drops the server's count and counts the log anew. The result is the same: what is
counted is a function of the log. Frozen months are no count and stay as they are.
Needs a district user's token or the operator's.`,
		Example: "  onedoor report rebuild --data ./realm",
	}
	c.RunE = a.asking(func(client *client, _ []string) error {
		stream, err := client.reports.RebuildReports(client.ctx, &reportv1.RebuildReportsRequest{})
		if err != nil {
			return err
		}
		last, err := lastOf(a, "counting", stream.Recv)
		if err != nil {
			return err
		}
		result := rebuiltJSON{last.GetAsOf(), last.GetSame(), hex.EncodeToString(last.GetHash())}
		return a.Print(result, func(w io.Writer) {
			fmt.Fprintf(w, "counted anew up to entry %d, the same as before: %v, hash %s\n", result.AsOf, result.Same, result.Hash[:16])
		})
	})
	return c
}

// reportVerifyJSON is what `report verify --json` prints.
type reportVerifyJSON struct {
	OK           bool     `json:"ok"`
	AsOf         uint64   `json:"as_of"`
	FrozenMonths uint32   `json:"frozen_months"`
	Problems     []string `json:"problems"`
}

func (a *app) reportVerify() *cobra.Command {
	c := &cobra.Command{
		Use: "verify", Short: "Compare what is counted with the log, and frozen months with their hashes", Args: cobra.NoArgs,
		Long: `Counts the log a second time beside the server's count and compares the two, and
holds every frozen month against its hash. Exit code 1 means that something was
found. Needs a district user's token or the operator's.`,
		Example: "  onedoor report verify --data ./realm --json",
	}
	c.RunE = a.asking(func(client *client, _ []string) error {
		stream, err := client.reports.VerifyReports(client.ctx, &reportv1.VerifyReportsRequest{})
		if err != nil {
			return err
		}
		last, err := lastOf(a, "counting again", stream.Recv)
		if err != nil {
			return err
		}
		result := reportVerifyJSON{len(last.GetProblems()) == 0, last.GetAsOf(), last.GetFrozenMonths(), append([]string{}, last.GetProblems()...)}
		err = a.Print(result, func(w io.Writer) {
			for _, p := range result.Problems {
				fmt.Fprintln(w, command.Printable(p))
			}
			if result.OK {
				fmt.Fprintf(w, "nothing is wrong up to entry %d, %d frozen months\n", result.AsOf, result.FrozenMonths)
			}
		})
		if err == nil && !result.OK {
			err = fmt.Errorf("%d found, listed on standard output: run `onedoor report rebuild`; a frozen month that was changed is restored from a backup", len(result.Problems))
		}
		return err
	})
	return c
}

// telling is a message of a long call.
type telling interface {
	GetDone() uint64
	GetTotal() uint64
	GetReady() bool
}

// lastOf shows how far a long call is and gives its last message.
func lastOf[M telling](a *app, what string, recv func() (M, error)) (last M, err error) {
	progress, finish := a.progress(what)
	defer finish()
	for {
		m, err := recv()
		switch {
		case errors.Is(err, io.EOF):
			return last, errors.New("the server ended the call without a result: try again")
		case err != nil:
			return last, err
		case m.GetReady():
			return m, nil
		}
		if progress != nil {
			progress(syncengine.Seq(m.GetDone()), syncengine.Seq(m.GetTotal()))
		}
	}
}
