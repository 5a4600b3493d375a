package client_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocs_TheSDKPageBuildsInAModuleOfItsOwn writes the page's code into an app beside the repository and runs the page's
// commands there. Tidying wants to know what the tests of dependencies import, which the repository's own build does not fetch: that
// comes from wherever this machine gets modules.
func TestDocs_TheSDKPageBuildsInAModuleOfItsOwn(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "sdk.md"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	app := t.TempDir()
	if err := os.WriteFile(filepath.Join(app, "round.go"), []byte(screens(string(page))), 0o600); err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```shell\n(go mod init.*?)```").FindStringSubmatch(string(page))
	if block == nil {
		t.Fatal("the page does not say how an app gets the module")
	}
	for line := range strings.Lines(block[1]) {
		words := strings.Fields(strings.ReplaceAll(line, "../onedoor", root))
		c := exec.CommandContext(t.Context(), words[0], words[1:]...) // The words are the page's.
		c.Dir = app
		c.Env = append(os.Environ(), "GOSUMDB=off", "GOTOOLCHAIN=local", "GOWORK=off", "GOFLAGS=")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
	}
}

// screens is a file of an app with all of the page's functions, as a package that others call.
func screens(page string) string {
	var b strings.Builder
	b.WriteString("package round\n\nimport (\n\"context\"\n\"errors\"\n\"fmt\"\n\"io\"\n")
	for _, name := range regexp.MustCompile("`((?:client |recordv1\\s)?\"[^`\"]+\")`").FindAllStringSubmatch(page, -1) {
		b.WriteString(strings.Join(strings.Fields(name[1]), " ") + "\n")
	}
	b.WriteString(")\n")
	var calls []string
	for _, code := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(page, -1) {
		b.WriteString(code[1])
		for _, f := range regexp.MustCompile(`(?m)^func (\w+)`).FindAllStringSubmatch(code[1], -1) {
			calls = append(calls, f[1])
		}
	}
	// What is not exported has to be used.
	b.WriteString("\nvar _ = []any{" + strings.Join(calls, ", ") + "}\n")
	return b.String()
}
