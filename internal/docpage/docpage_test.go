package docpage_test

import (
	"os"
	"path/filepath"
	"testing"

	"onedoor/internal/docpage"
)

func TestTail_IsWrittenBehindWhatPeopleWrote(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	const words, line = "# Cases\n\nWords.\n\n", "<!-- made from code -->\n"
	if err := os.WriteFile(page, []byte(words+line+"old rows\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	docpage.Tail(t, page, line, "new rows\n", true)
	if got, err := os.ReadFile(page); err != nil || string(got) != words+line+"new rows\n" {
		t.Errorf("the page is %q, %v", got, err)
	}
	docpage.Tail(t, page, line, "new rows\n", false)
}

func TestWhole_IsWrittenAnew(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	docpage.Whole(t, page, "first\n", true)
	docpage.Whole(t, page, "second\n", true)
	if got, err := os.ReadFile(page); err != nil || string(got) != "second\n" {
		t.Errorf("the page is %q, %v", got, err)
	}
}
