package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func phoneSection(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "cli.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(page), "\n## The phone\n")
	if !ok {
		t.Fatal("cli.md has no section on the phone")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	return section
}

// TestDocs_EveryCommandLineIsUnderstood asks each command of the section's shell
// blocks for its help, which is given only when the command and its flags exist.
func TestDocs_EveryCommandLineIsUnderstood(t *testing.T) {
	tried := 0
	for _, block := range regexp.MustCompile("(?s)```shell\n(.*?)```").FindAllStringSubmatch(phoneSection(t), -1) {
		for line := range strings.Lines(block[1]) {
			args, ok := strings.CutPrefix(strings.TrimSpace(line), "onedoor-phone --dir ./phone ")
			if !ok {
				t.Errorf("%q is no command line of onedoor-phone", line)
				continue
			}
			if r := newPhone(t).run(append(strings.Fields(args), "--help")...); r.code != done {
				t.Errorf("%s: %s", args, r.err)
			}
			tried++
		}
	}
	if tried == 0 {
		t.Error("the section has no command line")
	}
}

func TestDocs_EveryCommandAndFlagIsDocumented(t *testing.T) {
	section := phoneSection(t)
	_, list, _ := strings.Cut(newPhone(t).run("--help").out, "Available Commands:\n")
	list, _, _ = strings.Cut(list, "\n\n")
	for line := range strings.Lines(list) {
		name := strings.Fields(line)[0]
		if name == "help" {
			continue
		}
		if !strings.Contains(section, "`"+name) {
			t.Errorf("%s is not in cli.md", name)
		}
		_, flags, _ := strings.Cut(newPhone(t).run(name, "--help").out, "Flags:\n")
		for _, flag := range regexp.MustCompile(`--[a-z][a-z-]+`).FindAllString(flags, -1) {
			if flag != "--help" && !strings.Contains(section, flag) {
				t.Errorf("%s %s is not in cli.md", name, flag)
			}
		}
	}
}

func TestDocs_EveryMemberOfStatusIsDocumented(t *testing.T) {
	_, row, _ := strings.Cut(phoneSection(t), "| `status` |")
	row, _, _ = strings.Cut(row, "\n")
	for member := range serving(t).enrolled("安", gridA).json("status") {
		if !strings.Contains(row, `"`+member+`"`) {
			t.Errorf("%s is not in cli.md", member)
		}
	}
}
