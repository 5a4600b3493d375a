package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	feedv1 "onedoor/proto/gen/onedoor/feed/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"
)

// documents are the pages whose commands are tried.
var documents = []string{"cli.md", "operating.md"}

func document(t *testing.T, name string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestDocs_EveryCommandLineIsUnderstood asks each command of a page's sh blocks
// for its help, which is given only when the command and all its flags exist.
func TestDocs_EveryCommandLineIsUnderstood(t *testing.T) {
	block := regexp.MustCompile("(?s)```sh\n(.*?)```")
	for _, name := range documents {
		tried := 0
		for _, match := range block.FindAllStringSubmatch(document(t, name), -1) {
			for line := range strings.Lines(match[1]) {
				args, ok := strings.CutPrefix(strings.TrimSpace(line), "onedoor ")
				if !ok {
					t.Errorf("%s: %q is no command line of onedoor", name, line)
					continue
				}
				if r := run(t, append(strings.Fields(args), "--help")...); r.code != done {
					t.Errorf("%s: onedoor %s: %s", name, args, r.err)
				}
				tried++
			}
		}
		if tried == 0 {
			t.Errorf("%s has no command line", name)
		}
	}
}

// TestDocs_EveryCommandAndFlagIsDocumented walks the commands by their help.
func TestDocs_EveryCommandAndFlagIsDocumented(t *testing.T) {
	page := document(t, "cli.md")
	// The demo's page is README.md.
	elsewhere := map[string]bool{"demo": true, "help": true, "completion": true}
	flag := regexp.MustCompile(`--[a-z][a-z-]+`)
	var walk func(path ...string)
	walk = func(path ...string) {
		help := run(t, append(path, "--help")...).out
		_, flags, _ := strings.Cut(help, "Flags:\n")
		for _, name := range flag.FindAllString(flags, -1) {
			if name != "--help" && !strings.Contains(page, name) {
				t.Errorf("onedoor %s: %s is not in cli.md", strings.Join(path, " "), name)
			}
		}
		_, list, _ := strings.Cut(help, "Available Commands:\n")
		list, _, _ = strings.Cut(list, "\n\n")
		for line := range strings.Lines(list) {
			words := strings.Fields(line)
			if len(words) == 0 || elsewhere[words[0]] {
				continue
			}
			child := append(append([]string{}, path...), words[0])
			if !strings.Contains(page, "`"+strings.Join(child, " ")) && !strings.Contains(page, "onedoor "+strings.Join(child, " ")) {
				t.Errorf("onedoor %s is not in cli.md", strings.Join(child, " "))
			}
			walk(child...)
		}
	}
	walk()
}

// TestDocs_EveryCommandThatATextNamesIsThere looks at the commands that sentences and tables name, which no block shows.
func TestDocs_EveryCommandThatATextNamesIsThere(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil || len(pages) < 10 {
		t.Fatal(pages, err)
	}
	rules := filepath.Join("..", "..", "deploy", "prometheus", "onedoor.rules.yml")
	named := regexp.MustCompile("`onedoor ([a-z][^`]*)`")
	seen := map[string]bool{}
	for _, path := range append(pages, filepath.Join("..", "..", "README.md"), rules) {
		page, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range named.FindAllStringSubmatch(string(page), -1) {
			if line := bare(match[1]); !seen[line] && !understood(t, strings.Fields(line)) {
				t.Errorf("%s: there is no `onedoor %s`", filepath.Base(path), line)
			} else {
				seen[line] = true
			}
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d commands were found", len(seen))
	}
}

// bare gives the words in front of the first flag or argument, which are written otherwise.
func bare(line string) string {
	return regexp.MustCompile(`^[a-z]+( [a-z][a-z-]*\b)*`).FindString(line)
}

// understood reports that the words are a command, or one with arguments.
func understood(t *testing.T, words []string) bool {
	t.Helper()
	r := run(t, append(words, "--help")...)
	_, usage, _ := strings.Cut(r.out, "Usage:\n")
	usage, _, _ = strings.Cut(strings.TrimSpace(usage), "\n")
	path := strings.Fields(usage)[1:] // Behind `onedoor`.
	for i, word := range words {
		if i == len(path) || path[i] != word {
			// What follows a command is its argument, where it takes one.
			return i > 0 && i < len(path) && regexp.MustCompile(`^\(?[A-Z]{2}`).MatchString(path[i])
		}
	}
	return r.code == done
}

func TestDocs_EveryRoleIsNamed(t *testing.T) {
	_, roles, _ := strings.Cut(run(t, "user", "add", "--help").out, "Roles: ")
	roles, _, _ = strings.Cut(roles, ".")
	_, listed, _ := strings.Cut(document(t, "cli.md"), "`ROLE` is one of ")
	listed, _, _ = strings.Cut(listed, ", in any case")
	if want := strings.Fields(strings.ReplaceAll(roles, ",", " ")); len(want) < 12 || strings.Join(strings.Fields(strings.ReplaceAll(listed, ",", " ")), " ") != strings.Join(want, " ") {
		t.Errorf("cli.md lists %q, the command %q", listed, roles)
	}
}

// TestDocs_EveryNameThatAResultMayHoldIsListed holds the enumerations of the admin protocol against the page.
func TestDocs_EveryNameThatAResultMayHoldIsListed(t *testing.T) {
	page := document(t, "cli.md")
	for prefix, names := range map[string]map[int32]string{
		"ACCESS_ACTION_":     adminv1.AccessAction_name,
		"DEVICE_STATE_":      adminv1.DeviceState_name,
		"USER_STATE_":        adminv1.UserState_name,
		"LOG_ENTRY_TYPE_":    adminv1.LogEntryType_name,
		"QUARANTINE_REASON_": syncv1.QuarantineReason_name,
		"FEED_STATE_":        feedv1.FeedState_name,
	} {
		for number, name := range names {
			if short := strings.ToLower(strings.TrimPrefix(name, prefix)); number != 0 && !strings.Contains(page, "`"+short+"`") {
				t.Errorf("cli.md does not list %s", short)
			}
		}
	}
}
