package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"onedoor/internal/command"
	"onedoor/internal/heapfloor"
	"onedoor/internal/settings"
	"onedoor/server"
	"onedoor/server/backupset"
	"onedoor/server/observe"
)

// stopGrace is how long calls in hand may take when the server stops: within
// the ten seconds that container runtimes give before they kill.
const stopGrace = 8 * time.Second

// districtTime is the time of the days that settings name.
var districtTime = time.FixedZone("+08:00", 8*60*60)

// serving are the settings of a server.
type serving struct {
	config  server.Config
	verbose bool
	logForm string
	// clientsBy is the last day on which older apps are served.
	clientsBy string
}

func newServe(a *app) *cobra.Command {
	var s serving
	var printConfig bool
	c := &cobra.Command{
		Use: "serve (--data DIR | --realms DIR)", Short: "Serve a realm, or several, to phones and consoles", Args: cobra.NoArgs,
		Long: `Serves the realm in DIR over gRPC until it is told to stop (Ctrl-C or SIGTERM).
Prints "listening ADDR" on standard error when it is ready; port 0 takes a free
port. Plain text is served on this machine only, unless --plaintext says that
something in front of it encrypts; elsewhere give a certificate. A renewed
certificate is taken up by itself. With --tls-client-ca only callers that show a
certificate are let in: for a server behind a gateway.

With --ledger every change of people, devices, grants, tokens and territories is
also written to a side ledger in a folder on other storage, before it is done. A
restore replays it, so that what was revoked stays revoked and who was enrolled
stays known. The folder must be there; give it every time.

Residents' names and numbers are sealed in the database under the contact key, which
init made beside DIR; without it the realm is not served.

With --store the realm lies in a database of the PostgreSQL family, and DIR holds its
keys alone. Any number of servers may serve it, each with a copy of DIR and of the
contact key.

With --realms every sub-folder of DIR that init or restore made is a realm, and all of
them are served from the same addresses: DIR/530702 with its contact key beside it at
DIR/530702.contact-key, as init makes both. Phones, consoles, reports and feeds need no
other setting: each call is brought to the realm that it names or whose token it brings,
and no realm's caller reaches another's data. Who signs in chooses the district (login
--realm on the command line). A realm that cannot be opened is told of in the log, in
/readyz, in onedoor_realms_unopened and by doctor, and keeps no other from being served.
On SIGHUP the server looks again: for folders that have come, and for realms that it could
not open. With --store all of them lie in that database, each under its folder's name,
and share its connections; with --ledger each has a sub-folder there; --contact-key
may then name a folder with a NAME.contact-key for each. A busy realm waits for itself:
docs/operating.md says how processor, calls and memory are shared.

With --http the console for the centre, the district, auditors and operators is
served on an address of its own, under the same certificate; "console ADDR" on
standard error tells where. It needs no other host. docs/console.md says who finds
what in it.

With --oidc-issuer and --oidc-client-id people may also sign in at an identity
provider, which is asked when somebody does. Register a public client there that
may return to http://127.0.0.1 (any port), as ` + "`onedoor login --provider`" + ` does, and
to the console's address with /signin/callback.

Every flag may stand in a YAML file that --config names, under the flag's name, or in
the environment: --tls-cert is tls-cert there and ONEDOOR_TLS_CERT here. Flags count
more than the environment, and that more than the file; a name that no flag has is
an error. With --print-config it prints what counts and where it came from, without
passwords, says what is wrong, and serves nothing.

When it stops, watches end, calls in hand are finished, and what was not
acknowledged is sent again by the phones. A second signal ends it at once, which
loses nothing either.`,
		Example: `  onedoor serve --data ./realm
  onedoor serve --data /var/lib/onedoor/realm --listen 0.0.0.0:7443 --tls-cert cert.pem --tls-key key.pem
  onedoor serve --data /var/lib/onedoor/realm --ledger /mnt/ledger
  onedoor serve --data ./realm --http 127.0.0.1:7480
  onedoor serve --data /var/lib/onedoor/realm --store 'postgres://onedoor@db1,db2/onedoor?sslmode=verify-full'
  onedoor serve --realms /var/lib/onedoor --http 127.0.0.1:7480
  onedoor serve --config /etc/onedoor/onedoor.yaml
  onedoor serve --config /etc/onedoor/onedoor.yaml --print-config`,
	}
	s.flags(c)
	c.Flags().BoolVar(&printConfig, printFlag, false, "print the settings that count, without passwords, and serve nothing")
	c.RunE = command.Running(func(ctx context.Context, _ []string) error {
		list, err := s.read(a, c)
		if printConfig {
			return errors.Join(a.printSettings(list), checkSettings(err, s.config))
		}
		if err := checkSettings(err, s.config); err != nil {
			return err
		}
		return a.serve(ctx, s.config)
	})
	return c
}

// flags gives a command the settings of a server.
func (s *serving) flags(c *cobra.Command) {
	f, config := c.Flags(), &s.config
	f.StringVar(&config.Dir, "data", "", "the realm's `DIR`")
	f.StringVar(&config.Realms, "realms", "", "serve every realm in the sub-folders of `DIR`, in place of --data")
	storeFlag(c, &config.Store)
	f.StringVar(&config.Listen, "listen", server.ListenDefault, "`ADDR` to listen on")
	f.StringVar(&config.HTTP, "http", "", "`ADDR` of the console, such as 127.0.0.1:7480; none when left out")
	f.StringVar(&config.Admin, "admin", "", "`ADDR` of metrics, health and profiles, in plain text, such as 127.0.0.1:7490; none when left out")
	f.StringVar(&config.CertFile, "tls-cert", "", "PEM `FILE` with the certificate chain")
	f.StringVar(&config.KeyFile, "tls-key", "", "PEM `FILE` with its private key")
	f.StringVar(&config.ClientCAFile, "tls-client-ca", "", "let in only callers with a certificate signed by those in this PEM `FILE`")
	f.StringVar(&config.Ledger, "ledger", "", "`DIR` on other storage for the side ledger, which a restore replays")
	f.StringVar(&config.Provider.Issuer, "oidc-issuer", "", "`URL` of an OpenID Connect provider at which people may sign in")
	f.StringVar(&config.Provider.ClientID, "oidc-client-id", "", "the `ID` by which it knows this realm")
	f.StringVar(&config.Backups.URL, "backup-to", "", "make backups by itself and keep them at `URL`: file:///FOLDER or s3://BUCKET?region=R")
	f.StringSliceVar(&config.Backups.Recipients, "backup-recipient", nil, "encrypt them to these age public `KEY`s, of onedoor keys backup; a bucket needs one")
	f.DurationVar(&config.BackupEvery, "backup-every", 24*time.Hour, "make one as often as this `DURATION`")
	f.IntVar(&config.BackupKeep.Newest, "backup-keep", 14, "keep the newest `N` backups, two at least")
	f.DurationVar(&config.BackupKeep.For, "backup-keep-for", 0, "keep every backup for this `DURATION`, besides the newest")
	f.StringVar(&config.MinClient.Version, "min-client", "", "the oldest `VERSION` of the app that phones may have, such as 1.4.0")
	f.StringVar(&s.clientsBy, "min-client-by", "", "the last `DATE` on which older ones are served, and told to update, such as 2027-01-31")
	f.IntVar(&config.LeaseDays, "lease-days", 0, "from now on phones may work `DAYS` without asking again; the realm keeps it (10 to begin with)")
	f.BoolVar(&config.PlainText, "plaintext", false, "serve plain text on an address that others can reach")
	f.BoolVar(&s.verbose, "verbose", false, "log every call, without what it carries")
	f.StringVar(&s.logForm, "log-format", observe.LogText, "`FORM` of the log on standard error: text or json")
	f.StringVar(&config.TraceTo, "trace-to", "", "`URL` of an OpenTelemetry collector (OTLP over gRPC) to trace calls to, such as http://127.0.0.1:4317")
	f.Float64Var(&config.TraceShare, "trace-share", 1, "trace this `PART` of the calls, above 0 and up to 1")
	contactKeyFlag(c, &config.ContactKey)
	configFlags(c)
}

// read fills in what stands in the environment and the file, and opens the log.
func (s *serving) read(a *app, c *cobra.Command) ([]settings.Setting, error) {
	list, err := settingsOf(c)
	if s.clientsBy != "" {
		day, wrong := time.ParseInLocation(time.DateOnly, s.clientsBy, districtTime)
		if wrong != nil {
			err = errors.Join(err, fmt.Errorf("--min-client-by %s: give a date such as 2027-01-31", s.clientsBy))
		}
		s.config.MinClient.By = day.AddDate(0, 0, 1)
	}
	err = errors.Join(err, s.least(c))
	var form error
	if s.config.Log, form = observe.NewLog(a.Err, s.logForm, s.verbose); form != nil {
		err = errors.Join(err, fmt.Errorf("--log-format %s: %w", s.logForm, form))
	}
	return list, err
}

// least refuses numbers below which a setting would not mean what it says.
func (s *serving) least(c *cobra.Command) (err error) {
	if n := s.config.BackupKeep.Newest; n < backupset.KeepLeast {
		err = fmt.Errorf("--backup-keep %d: keep %d or more: phones clear what they have handed in once two backups hold it", n, backupset.KeepLeast)
	}
	if c.Flags().Changed("trace-share") && s.config.TraceShare == 0 {
		err = errors.Join(err, errors.New("--trace-share 0: give a part of 1, such as 0.1; without --trace-to nothing is traced"))
	}
	return err
}

// serve runs a server until ctx ends.
func (a *app) serve(ctx context.Context, config server.Config) error {
	heapfloor.Touch(heapfloor.Usual)
	s, err := server.Open(ctx, config)
	if err != nil {
		return err
	}
	if at := s.ConsoleAddr(); at != nil {
		fmt.Fprintf(a.Err, "console %s\n", at)
	}
	if at := s.AdminAddr(); at != nil {
		fmt.Fprintf(a.Err, "admin %s\n", at)
	}
	fmt.Fprintf(a.Err, "listening %s\n", s.Addr())
	defer lookAgain(ctx, s, config)()
	served := make(chan error, 1)
	go func() { served <- s.Serve() }() // ended by Stop
	select {
	case err = <-served:
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer cancel()
	return errors.Join(err, s.Stop(grace))
}

// lookAgain has a server of several realms look for more of them on SIGHUP, until what it gives is called.
func lookAgain(ctx context.Context, s *server.Server, config server.Config) (end func()) {
	if config.Realms == "" {
		return func() {}
	}
	asked, ended := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(asked, syscall.SIGHUP)
	go func() { // stopped by end
		defer close(ended)
		for range asked {
			if err := s.LookAgain(context.WithoutCancel(ctx)); err != nil {
				config.Log.Error("realms were not looked for", "error", err)
			}
		}
	}()
	return func() {
		signal.Stop(asked)
		close(asked)
		<-ended
	}
}
