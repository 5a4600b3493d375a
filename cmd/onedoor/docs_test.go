package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
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
