package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"onedoor/internal/command"
	"onedoor/server"
)

// doctorJSON is what `doctor --json` prints.
type doctorJSON struct {
	OK     bool             `json:"ok"`
	Checks []server.Checkup `json:"checks"`
}

// errAction: something is to be done.
var errAction = errors.New("something needs action")

func newDoctor(a *app) *cobra.Command {
	var s serving
	c := &cobra.Command{
		Use: "doctor [--config FILE] (--data DIR | --realms DIR)", Short: "Look at a server's machine and say what to do", Args: cobra.NoArgs,
		Long: `Looks at settings, permissions of key files, room on disks, the clock, the
certificate, versions, backups (the newest is read where the server keeps them), the
side ledger and, with --store, the database's settings. Says for each what was found
and what to do, and ends with exit code 1 where something is to be done. The server
may run or be stopped; nothing is changed. Run it as the server's user, with the
settings of serve: it takes the same flags, file and environment.

With --realms each realm of the folder is looked at.

The clock is compared with the newest commit and with what phones' clocks say, so that
no time service has to be reachable.`,
		Example: `  onedoor doctor --config /etc/onedoor/onedoor.yaml
  onedoor doctor --data ./realm --json
  onedoor doctor --realms /var/lib/onedoor`,
	}
	s.flags(c)
	c.RunE = command.Running(func(ctx context.Context, _ []string) error {
		_, err := s.read(a, c)
		if s.config.Dir == "" && s.config.Realms == "" {
			return command.Misused("no data folder: give --data or --realms, or either in a file or the environment")
		}
		if err != nil { // What cannot be read is told with all else that is wrong, as serve tells it.
			return checkSettings(err, s.config)
		}
		return a.doctor(ctx, s.config)
	})
	return c
}

func (a *app) doctor(ctx context.Context, config server.Config) error {
	checks := server.Doctor(ctx, config)
	out := doctorJSON{OK: !server.NeedsAction(checks), Checks: checks}
	err := a.Print(out, func(w io.Writer) {
		var table command.Table
		for _, x := range checks {
			mark := "ok"
			if x.Do != "" {
				mark = "ACT"
			}
			table.Add(mark, strings.TrimSpace(x.Realm+" "+x.Name), x.Found)
			if x.Do != "" {
				table.Add("", "", "-> "+x.Do)
			}
		}
		table.Write(w)
	})
	if err == nil && !out.OK {
		return fmt.Errorf("%w: see the lines with ACT", errAction)
	}
	return err
}
