package server

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
)

// ErrIncomplete means that a setting is missing without which another is no use, or nothing is.
var ErrIncomplete = errors.New("incomplete settings")

// Check tells all at once what of a configuration cannot work on this machine, a line each, before anything is opened; nil
// when nothing was found. Open still finds what only opening shows, such as an address that is taken.
func (c Config) Check() error {
	c = c.filled()
	_, transport := c.transport()
	problems := append([]error{c.checkData(), c.checkStore(), transport}, c.checkAddresses()...)
	if _, err := c.webTLS(); c.HTTP != "" && c.CertFile == "" {
		problems = append(problems, err)
	}
	if (c.Provider.Issuer == "") != (c.Provider.ClientID == "") {
		problems = append(problems, fmt.Errorf("%w: an identity provider needs --oidc-issuer and --oidc-client-id, one is missing", ErrIncomplete))
	}
	if c.LeaseDays < 0 {
		problems = append(problems, fmt.Errorf("a lease of %d days: give 1 day or more", c.LeaseDays))
	}
	return errors.Join(append(problems, c.checkLedger(), c.checkTraces(), c.checkBackups(), c.checkClients())...)
}

func (c Config) checkBackups() error {
	switch {
	case c.Backups.URL == "" && len(c.Backups.Recipients) > 0:
		return fmt.Errorf("%w: --backup-recipient encrypts what --backup-to keeps, which is missing", ErrIncomplete)
	case c.Backups.URL == "":
		return nil
	case c.BackupEvery < 0 || c.BackupEvery > 0 && c.BackupEvery < backupEveryLeast:
		return fmt.Errorf("--backup-every %v: give %v or more", c.BackupEvery, backupEveryLeast)
	}
	if err := c.Backups.CheckKept(); err != nil {
		return fmt.Errorf("--backup-to: %w", err)
	}
	return nil
}

func (c Config) checkClients() error {
	if (c.MinClient.Version == "") != c.MinClient.By.IsZero() {
		return fmt.Errorf("%w: --min-client needs --min-client-by, the last day on which older apps are served", ErrIncomplete)
	}
	if err := c.MinClient.Check(); err != nil {
		return fmt.Errorf("--min-client %s: %w", c.MinClient.Version, err)
	}
	return nil
}

func (c Config) checkTraces() error {
	if c.TraceShare < 0 || c.TraceShare > 1 {
		return fmt.Errorf("--trace-share %v: give a part of 1, such as 0.1", c.TraceShare)
	}
	if c.TraceTo == "" {
		return nil
	}
	at, err := url.Parse(c.TraceTo)
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" {
		return errors.New("--trace-to is no URL of a collector: give one such as http://127.0.0.1:4317")
	}
	return nil
}

func (c Config) checkData() error {
	if c.several() {
		return c.checkRealms()
	}
	if c.Dir == "" {
		return fmt.Errorf("%w: no data folder: give the one that `onedoor init` made with --data", ErrIncomplete)
	}
	return checkFolder(c.Dir)
}

// checkRealms looks at the folder of several realms; how each of them is shows when it is opened.
func (c Config) checkRealms() error {
	if c.Dir != "" {
		return fmt.Errorf("%w: --data serves one realm and --realms those of a folder: give one of the two", ErrIncomplete)
	}
	if name, err := c.database().RealmName(); c.elsewhere() && err == nil && name != "" {
		return fmt.Errorf("--store names realm %s: with --realms each realm has its folder's name, so leave it out", name)
	}
	_, err := c.each()
	return err
}

// checkStore reads the database's URL; whether somebody answers there shows when it is opened.
func (c Config) checkStore() error {
	if !c.elsewhere() {
		return nil
	}
	return c.database().Check()
}

// addresses are those that the server is to listen on, with what listens there.
func (c Config) addresses() [][2]string {
	list := [][2]string{{"phones", c.Listen}, {"the console", c.HTTP}, {"metrics", c.Admin}}
	return slices.DeleteFunc(list, func(a [2]string) bool { return a[1] == "" })
}

// checkAddresses finds addresses that are none, and two that are one.
func (c Config) checkAddresses() (problems []error) {
	taken := map[string]string{}
	for _, a := range c.addresses() {
		at, err := net.ResolveTCPAddr("tcp", a[1])
		if err != nil {
			problems = append(problems, fmt.Errorf("the address for %s: %w: give HOST:PORT, such as %s", a[0], err, ListenDefault))
			continue
		}
		if other, is := taken[at.String()]; is && at.Port != 0 {
			problems = append(problems, fmt.Errorf("%s and %s have one address, %s: give each its own", other, a[0], at))
		}
		taken[at.String()] = a[0]
	}
	return problems
}

func (c Config) checkLedger() error {
	if c.Ledger == "" {
		return nil
	}
	info, err := os.Stat(c.Ledger)
	switch {
	case err != nil:
		return fmt.Errorf("the side ledger's folder: %w: make it, on other storage than the realm's", err)
	case !info.IsDir():
		return fmt.Errorf("the side ledger's folder: %s is a file: give a folder on other storage than the realm's", c.Ledger)
	}
	return nil
}
