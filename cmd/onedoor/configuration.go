package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"onedoor/internal/command"
	"onedoor/internal/settings"
	"onedoor/server"
)

const (
	// envPrefix begins the variables that hold settings.
	envPrefix = "ONEDOOR_"
	// configFlag names the file of settings.
	configFlag = "config"
	// printFlag asks for the settings instead of the work.
	printFlag = "print-config"
)

// configFlags gives a command the flags by which its other flags may come from elsewhere.
func configFlags(c *cobra.Command) {
	c.Flags().String(configFlag, "", "YAML `FILE` with settings, each under its flag's name; $"+envPrefix+"… and flags count more")
}

// settingsOf fills the flags of a command from the environment and the file.
func settingsOf(c *cobra.Command) ([]settings.Setting, error) {
	return settings.Read(c.Flags(), settings.Options{
		Prefix: envPrefix, Environ: os.Environ(), File: configFlag,
		Not: []string{"help", "json", printFlag}, Others: []string{envServer, envTokenFile, envTLSCA, "ONEDOOR_PHONE_KEY"},
	})
}

// settingJSON is one setting as `--print-config --json` gives it.
type settingJSON struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	From  string `json:"from"`
}

// printSettings prints what counts, and where it came from.
func (a *app) printSettings(list []settings.Setting) error {
	result := struct {
		Settings []settingJSON `json:"settings"`
	}{[]settingJSON{}}
	for _, s := range list {
		result.Settings = append(result.Settings, settingJSON{s.Name, s.Value, string(s.From)})
	}
	var failed error
	err := a.Print(result, func(w io.Writer) { failed = settings.Print(w, list) })
	return errors.Join(failed, err)
}

// checkSettings joins what is wrong with the settings and with what they name. It counts as used wrongly where a setting
// cannot be read or stands without what it needs.
func checkSettings(read error, config server.Config) error {
	found := config.Check()
	if read == nil && !errors.Is(found, server.ErrIncomplete) {
		return hinted(found)
	}
	return command.Misused("%s", command.OneLine(errors.Join(read, hinted(found)).Error()))
}

// hinted names the flags by which plain text is avoided or allowed.
func hinted(err error) error {
	if errors.Is(err, server.ErrPlainText) {
		return fmt.Errorf("%w: --tls-cert and --tls-key, or --plaintext", err)
	}
	return err
}
