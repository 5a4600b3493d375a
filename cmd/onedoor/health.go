package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"onedoor/internal/command"
	"onedoor/server"
)

const (
	// healthTimeout is longer than the server takes to find out how it stands.
	healthTimeout = 8 * time.Second
	// healthBytesMax bounds the answer: a few warnings of a line each.
	healthBytesMax = 64 << 10
)

// errNotServing: calls are not answered.
var errNotServing = errors.New("calls are not answered")

func newHealth(a *app) *cobra.Command {
	var s serving
	c := &cobra.Command{
		Use: "health [--config FILE] --admin ADDR", Short: "Ask a running server on this machine whether it answers calls", Args: cobra.NoArgs,
		Long: `Asks the address of serve --admin whether calls are answered, and prints what it
says: warnings name what to look at, each with what to do. Ends with exit code 1
where calls are not answered or nobody does. It needs no shell and no other program,
so that a container without either can be asked; it takes the flags, the file and the
environment of serve, of which it needs the address alone. doctor looks further.`,
		Example: `  onedoor health --admin 127.0.0.1:7490
  onedoor health --config /etc/onedoor/onedoor.yaml --json`,
	}
	s.flags(c)
	c.RunE = command.Running(func(ctx context.Context, _ []string) error {
		if _, err := s.read(a, c); err != nil {
			return command.Misused("%s", command.OneLine(err.Error()))
		}
		if s.config.Admin == "" {
			return command.Misused("no address to ask: give --admin, or admin in a file or the environment, as serve has it")
		}
		return a.health(ctx, s.config.Admin)
	})
	return c
}

func (a *app) health(ctx context.Context, admin string) error {
	answer, err := askReadiness(ctx, admin)
	if err != nil {
		return err
	}
	err = a.Print(answer, func(w io.Writer) {
		fmt.Fprintf(w, "ready: %v\n", answer.Ready)
		printWarnings(w, answer.Warnings)
		for _, r := range answer.Realms {
			fmt.Fprintf(w, "realm %s ready: %v\n", r.Realm, r.Ready)
			printWarnings(w, r.Warnings)
		}
	})
	if err == nil && !answer.Ready {
		return fmt.Errorf("%w: %s", errNotServing, answer.Why)
	}
	return err
}

func printWarnings(w io.Writer, list []server.Advice) {
	for _, x := range list {
		fmt.Fprintf(w, "%s: %s\n-> %s\n", x.Name, x.Why, x.Do)
	}
}

// askReadiness asks the address of metrics and health.
func askReadiness(ctx context.Context, admin string) (answer server.Readiness, err error) {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	asked, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+reachable(admin)+"/readyz", nil)
	if err != nil {
		return answer, command.Misused("--admin %s: %v", admin, err)
	}
	// No proxy that the environment names stands between a machine and itself.
	got, err := (&http.Client{Transport: &http.Transport{}}).Do(asked)
	if err != nil {
		return answer, fmt.Errorf("nobody answers at %s: start the server with --admin, or give its address: %w", admin, err)
	}
	defer got.Body.Close()
	if err := json.NewDecoder(io.LimitReader(got.Body, healthBytesMax)).Decode(&answer); err != nil {
		return answer, fmt.Errorf("what answers at %s is no onedoor server: status %d: %w", admin, got.StatusCode, err)
	}
	return answer, nil
}

// reachable gives the address at which a listener of this machine is asked: one that listens on all addresses, on its own.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err != nil || host != "" && (ip == nil || !ip.IsUnspecified()) {
		return listen
	}
	return net.JoinHostPort("localhost", port)
}
