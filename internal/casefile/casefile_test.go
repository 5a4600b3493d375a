package casefile_test

import (
	"bytes"
	"strings"
	"testing"

	"onedoor/internal/casefile"
	"onedoor/testdata/notes"
)

func file(rows int) *casefile.File {
	f := &casefile.File{Title: "甲方与乙方投资款纠纷", Number: "01890a5d", Source: "由 onedoor 于 2026-06-01 导出。"}
	f.Sections = []casefile.Section{
		{Heading: "基本情况", Facts: []casefile.Fact{{"状态", "已办结"}, {"说明", strings.Repeat("双方因投资款归还发生争执，经调解达成一致。", 20)}}},
		{Heading: "过程", Columns: []casefile.Column{{"时间", 0.25}, {"事项", 0.2}, {"说明", 0.55}}},
		{Heading: "附件", Empty: "没有附件"},
	}
	for range rows {
		f.Sections[1].Rows = append(f.Sections[1].Rows, []string{"2026-06-01 09:00", "受理", "来访登记 https://example.org/a-very-long-word-that-does-not-fit-a-single-line-of-this-column-at-all-and-goes-on-and-on"})
	}
	return f
}

func set(t *testing.T, f *casefile.File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := casefile.Write(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pages(b []byte) int { return bytes.Count(b, []byte("/Type /Page\n")) }

func TestWrite_SetsAFileWithItsFont(t *testing.T) {
	b := set(t, file(3))
	if !bytes.HasPrefix(b, []byte("%PDF-1.")) || !bytes.Contains(b, []byte("/FontFile2")) || !bytes.Contains(b, []byte("/ToUnicode")) {
		t.Errorf("no PDF with a font of its own: %.60q", b)
	}
	if n := pages(b); n != 1 {
		t.Errorf("%d pages", n)
	}
	if len(b) > 400_000 {
		t.Errorf("%d bytes: the font is embedded whole", len(b))
	}
	if !bytes.Equal(b, set(t, file(3))) {
		t.Error("the same contents give other bytes")
	}
}

func TestWrite_GoesOnOnFurtherPages(t *testing.T) {
	if n := pages(set(t, file(200))); n < 10 {
		t.Errorf("200 lines on %d pages", n)
	}
	f := file(0)
	f.Sections[1].Rows = [][]string{{"", "", strings.Repeat("很长的一段说明。", 2000)}}
	if n := pages(set(t, f)); n < 5 {
		t.Errorf("a line of 16,000 characters on %d pages", n)
	}
}

func TestWrite_TakesAnyText(t *testing.T) {
	f := file(0)
	f.Title = "tab\there \x00 and 😀 and ไทย"
	f.Sections[1].Rows = [][]string{{}, {"only one"}, {"a", "b", "c", "one too many"}}
	set(t, f)
}

// TestWrite_HasAFormForWhatACaseIsWrittenIn asks for the characters of the notes corpus, of numbers and of Latin names.
func TestWrite_HasAFormForWhatACaseIsWrittenIn(t *testing.T) {
	text := "0123456789 ABCXYZabcxyz.,:;-+/@()#%&" + "“”‘’—…，。、；：？！（）《》「」·〓" + strings.Join(notes.Lines(), "")
	got, err := casefile.Clean(text)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.NewReplacer("①", "(1)", "②", "(2)", "③", "(3)").Replace(text); got != want {
		t.Error("a character of the notes has no form")
	}
	if got, _ := casefile.Clean("好😀ไ\x00"); got != "好〓〓 " {
		t.Errorf("what has no form is set as %q", got)
	}
}
