package demo_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rivo/uniseg"

	"onedoor/domain"
	"onedoor/internal/demo"
)

func TestTable_FiguresStandUnderEachOtherWhateverTheCharacters(t *testing.T) {
	r := demo.Report{Phones: 40, Doors: 34754, Changes: 3713, Wall: 31 * time.Second, Clinics: map[domain.Clinic]int{domain.ClinicSpecial: 17}, Findings: demo.Findings{Converged: true, Conflicts: 343}}
	widths := map[int]bool{}
	for line := range strings.Lines(r.Table()) {
		if line = strings.TrimSuffix(line, "\n"); line != "" {
			widths[uniseg.StringWidth(line)] = true
		}
	}
	if len(widths) != 1 {
		t.Errorf("lines end in %d columns:\n%s", len(widths), r.Table())
	}
	for _, want := range []string{"34,754", "3,713", "343", "是 yes", "31.0 s", "普通门诊", "专科门诊", "特需门诊", "社区门诊", "未分诊", "17"} {
		if !strings.Contains(r.Table(), want) {
			t.Errorf("%q is not in the table:\n%s", want, r.Table())
		}
	}
}

func TestTable_TellsADemoThatFailed(t *testing.T) {
	if table := (&demo.Report{}).Table(); !strings.Contains(table, "否 NO") {
		t.Errorf("phones that do not agree are not told:\n%s", table)
	}
}

func TestAlign_CountsAChineseCharacterAsTwo(t *testing.T) {
	got := demo.Align([][3]string{{"走访", "visits", "7"}, {"ab", "x", "1,234"}})
	if want := "走访  visits      7\nab    x       1,234\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
