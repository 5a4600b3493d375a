package settings_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"onedoor/internal/settings"
)

// flagsOf are the flags of a command with some settings, after its command line was read.
func flagsOf(t *testing.T, args ...string) *pflag.FlagSet {
	t.Helper()
	f := pflag.NewFlagSet("tool", pflag.ContinueOnError)
	f.String("config", "", "")
	f.String("listen", "127.0.0.1:1", "")
	f.String("tls-cert", "", "")
	f.String("store", "", "")
	f.Int("lease-days", 0, "")
	f.Duration("grace", 0, "")
	f.Bool("plaintext", false, "")
	f.StringSlice("scope", nil, "")
	f.Bool("help", false, "")
	if err := f.Parse(args); err != nil {
		t.Fatal(err)
	}
	return f
}

func fileOf(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tool.yaml")
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(f *pflag.FlagSet, environ ...string) ([]settings.Setting, error) {
	return settings.Read(f, settings.Options{Prefix: "TOOL_", Environ: environ, File: "config", Not: []string{"help"}, Others: []string{"TOOL_SERVER"}})
}

// value gives one setting with its origin.
func value(t *testing.T, list []settings.Setting, name string) (string, settings.Origin) {
	t.Helper()
	at := slices.IndexFunc(list, func(s settings.Setting) bool { return s.Name == name })
	if at < 0 {
		t.Fatalf("no setting %s", name)
	}
	return list[at].Value, list[at].From
}

func TestRead_AFlagCountsMoreThanTheEnvironmentAndThatMoreThanTheFile(t *testing.T) {
	path := fileOf(t, "listen: file:1\nlease-days: 3\ngrace: 30h\nscope: [a, b]\nplaintext: true\n")
	list, err := read(flagsOf(t, "--listen", "flag:1"), "TOOL_CONFIG="+path, "TOOL_LISTEN=env:1", "TOOL_LEASE_DAYS=4", "TOOL_STORE=", "OTHER=1")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2]string{
		"listen":     {"flag:1", "command line"},
		"lease-days": {"4", "environment TOOL_LEASE_DAYS"},
		"grace":      {"30h0m0s", path + " line 3"},
		"scope":      {"a,b", path + " line 4"},
		"plaintext":  {"true", path + " line 5"},
		"store":      {"", "default"},
	} {
		if got, from := value(t, list, name); got != want[0] || string(from) != want[1] {
			t.Errorf("%s is %q from %q, want %q", name, got, from, want)
		}
	}
}

func TestRead_ANameOrValueThatIsNoneIsToldWithItsPlaceAndAllAtOnce(t *testing.T) {
	path := fileOf(t, "listne: a\nlease-days: many\ngrace:\nstore: a\nstore: b\nconfig: other.yaml\nplaintext: [true, false]\n")
	list, err := read(flagsOf(t, "--config", path), "TOOL_TLS_CRET=x", "TOOL_SEVRER=x", "TOOL_GRACE=soon", "TOOL_XYZZY=1")
	if got, from := value(t, list, "lease-days"); got != "many" || from != settings.Origin(path+" line 2") {
		t.Errorf("shown is %q from %q, not what stands there", got, from)
	}
	if !errors.Is(err, settings.ErrSetting) {
		t.Fatalf("error %v", err)
	}
	for _, says := range []string{
		`line 1: no setting "listne": did you mean listen?`, `line 2: lease-days: "many" is no whole number, such as 14`, "line 3: grace: a value or a list",
		"line 5: store stands in the file twice", `line 6: no setting "config"`, `line 7: plaintext: "true,false" is no yes or no`,
		`no setting "TOOL_TLS_CRET": did you mean TOOL_TLS_CERT`, `no setting "TOOL_SEVRER": did you mean TOOL_SERVER?`, `TOOL_GRACE: grace: "soon" is no duration`, `no setting "TOOL_XYZZY": there are TOOL_CONFIG, `,
	} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("nothing says %q in:\n%v", says, err)
		}
	}
	if lines := strings.Count(err.Error(), "\n") + 1; lines != 10 {
		t.Errorf("%d lines:\n%v", lines, err)
	}
}

func TestRead_AValueThatIsRefusedLeavesTheDefault(t *testing.T) {
	f := flagsOf(t)
	keep := f.Int("keep", 14, "")
	if _, err := read(f, "TOOL_KEEP=many"); !errors.Is(err, settings.ErrSetting) || *keep != 14 {
		t.Errorf("it keeps %d, %v", *keep, err)
	}
}

func TestRead_WhatAContainerIsToldOfItsNeighboursIsNoSetting(t *testing.T) {
	_, err := read(flagsOf(t), "TOOL_SERVICE_HOST=10.0.0.1", "TOOL_SERVICE_PORT_GRPC=1", "TOOL_PORT=tcp://10.0.0.1:1",
		"TOOL_PORT_7443_TCP_ADDR=10.0.0.1", "TOOL_CONSOLE_SERVICE_PORT=1", "TOOL_SERVER=of another command")
	if err != nil {
		t.Error(err)
	}
}

func TestRead_AFileThatCannotBeUsedIsNamed(t *testing.T) {
	for body, says := range map[string]string{
		"- a\n":                                  "line 1: a mapping is wanted",
		"a: [b\n":                                "no YAML",
		"a: {b: c}":                              `no setting "a"`,
		"store: {}":                              "a value or a list",
		"store: [~]":                             "a value or a list",
		"store: " + strings.Repeat("x", 300<<10): "bytes",
	} {
		path := fileOf(t, body)
		if _, err := read(flagsOf(t, "--config", path)); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), says) {
			t.Errorf("%.20q: error %v, want one with %q", body, err, says)
		}
	}
	if _, err := read(flagsOf(t, "--config", "/nowhere.yaml")); err == nil {
		t.Error("a file that is not there was read")
	}
	if _, err := read(flagsOf(t, "--config", fileOf(t, "# nothing yet\n"))); err != nil {
		t.Error(err)
	}
}

func TestPrint_GivesAFileThatIsReadToTheSameSettings(t *testing.T) {
	first, err := read(flagsOf(t, "--listen", "a: b #c", "--scope", "x,y", "--lease-days", "3", "--plaintext"))
	if err != nil {
		t.Fatal(err)
	}
	var printed strings.Builder
	if err := settings.Print(&printed, first); err != nil {
		t.Fatal(err)
	}
	again, err := read(flagsOf(t, "--config", fileOf(t, printed.String())))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, printed.String())
	}
	for _, s := range first {
		if got, _ := value(t, again, s.Name); got != s.Value {
			t.Errorf("%s is %q after %q, in:\n%s", s.Name, got, s.Value, printed.String())
		}
	}
}

func TestHidden_ShowsAValueWithoutItsPasswords(t *testing.T) {
	for value, want := range map[string]string{
		"postgres://onedoor:hunter2@db:5432/onedoor?sslmode=verify-full": "postgres://onedoor:xxxxx@db:5432/onedoor?sslmode=verify-full",
		"postgres://onedoor:hu/nt@er2@db/onedoor":                        "postgres://onedoor:xxxxx@db/onedoor",
		"postgres://db/onedoor?user=a&password=hunter2":                  "postgres://db/onedoor?user=a&password=xxxxx",
		"host=db user=a password='hunter 2' dbname=x":                    "host=db user=a password=xxxxx dbname=x",
		"s3://bucket?region=cn-north-1&secret_access_key=hunter2":        "s3://bucket?region=cn-north-1&secret_access_key=xxxxx",
		"authorization=Bearer%20hunter2,x=1":                             "authorization=xxxxx,x=1",
		"postgres://onedoor@db/onedoor":                                  "postgres://onedoor@db/onedoor",
		"file:///mnt/a@b":                                                "file:///mnt/a@b",
		"/etc/onedoor/cert.pem":                                          "/etc/onedoor/cert.pem",
		"0.0.0.0:7443":                                                   "0.0.0.0:7443",
	} {
		if got := settings.Hidden(value); got != want {
			t.Errorf("%s is shown as %s, want %s", value, got, want)
		}
	}
}
