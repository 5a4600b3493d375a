package console_test

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/internal/browser"
	"onedoor/internal/sim/recount"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// quarter gives the days of this quarter and the one before.
func quarter() (from, to time.Time) {
	now := time.Now().In(time.FixedZone("UTC+8", 8*60*60))
	begin := time.Date(now.Year(), (now.Month()-1)/3*3+1, 1, 0, 0, 0, 0, now.Location())
	return begin.AddDate(0, -3, 0), now
}

// counted counts every figure by community a second time, with code that shares nothing with the reports.
func counted(t *testing.T) map[string]map[string]recount.Sum {
	t.Helper()
	from, to := quarter()
	out := map[string]map[string]recount.Sum{}
	err := scene.demo.View(t.Context(), func(r store.Reader) error {
		tree, err := identity.LoadTree(r)
		if err != nil {
			return err
		}
		world, err := recount.Read(r)
		if err != nil {
			return err
		}
		for _, f := range metrics.Figures() {
			if f.Topic == metrics.TopicSync || !f.Split.Additive() {
				continue
			}
			sums, err := world.Count(f.Name, dateOf(from), dateOf(to))
			if err != nil {
				return err
			}
			out[f.Name] = map[string]recount.Sum{}
			tree.All(func(place identity.Territory) bool {
				if len(place.Code) == communityDigits {
					out[f.Name][place.Name] = sums.Within(func(id recount.ID) bool { return tree.Covers(place.ID, syncengine.ID(id)) })["all"]
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// communityDigits is the length of a community's code.
const communityDigits = 12

func dateOf(at time.Time) time.Time { return recount.Day(at.Year(), at.Month(), at.Day()) }

// total gives the numbers of a territory over all its parts, without the commas.
func total(rows [][]string) []string {
	for _, row := range rows {
		if row[0] == "合计" {
			return strings.Split(strings.ReplaceAll(strings.Join(row[1:], " "), ",", ""), " ")
		}
	}
	return nil
}

// pull opens a report and gives its rows by the name of the territory: the part, then the numbers.
func pull(b *browser.Tab, figure string) map[string][][]string {
	from, to := quarter()
	b.Go("/reports?" + url.Values{"figure": {figure}, "from": {from.Format(time.DateOnly)}, "to": {to.Format(time.DateOnly)}}.Encode())
	out := map[string][][]string{}
	// Places stand as a whole in one table, and by parts in another, which may be folded.
	for _, row := range browser.Eval[[][]string](b, "[...document.querySelectorAll('.report tr:has(td)')].map((r) => [...r.cells].map((c) => c.textContent.trim()))") {
		out[row[0]] = append(out[row[0]], append([]string{"合计"}, row[1:]...))
	}
	for _, row := range browser.Eval[[][]string](b, "[...document.querySelectorAll('.report-parts tr:has(td)')].map((r) => [...r.cells].map((c) => c.textContent.trim()))") {
		out[row[0]] = append(out[row[0]], row[1:])
	}
	return out
}

func TestStory_TheReportIsWhatAnIndependentRecountGives(t *testing.T) {
	b := as(t, domain.RoleStreetLead, "/")
	want := counted(t)
	compared, hidden := 0, 0
	for _, f := range metrics.Figures() {
		if want[f.Name] == nil {
			continue // What phones have not sent is counted elsewhere, and a figure of overlapping parts has no total.
		}
		for place, rows := range pull(b, f.Name) {
			sum, known := want[f.Name][place]
			got := total(rows)
			if !known || got == nil {
				continue
			}
			if got[0] == "＊" {
				hidden++
				continue
			}
			numbers := []string{strconv.FormatInt(sum.Num, 10)}
			if f.Unit != metrics.Count && f.Unit != metrics.Mixed {
				numbers = append(numbers, strconv.FormatInt(sum.Den, 10))
			}
			compared++
			if len(got) < len(numbers) || !slices.Equal(got[:len(numbers)], numbers) {
				t.Errorf("%s in %s: %q, recounted %q", f.Name, place, got, numbers)
			}
		}
	}
	if compared < 2*len(want) {
		t.Errorf("%d numbers of %d figures were compared, %d are hidden", compared, len(want), hidden)
	}
	pull(b, "coverage")
	look(b, "report-coverage")
	if file := browser.Eval[string](b, "fetch(document.querySelector('a[href*=\"form=csv\"]').href).then((r) => r.text())"); !strings.Contains(file, "走访覆盖率") {
		t.Errorf("the file: %.200s", file)
	}
}

func TestStory_ASmallCellStaysHidden(t *testing.T) {
	b := as(t, domain.RoleCommunityStaff, "/")
	hidden := 0
	for _, figure := range []string{"found", "resolved", "hazards_found", "rectified", "open_stock", "same_day", "confirmed"} {
		for place, rows := range pull(b, figure) {
			for _, row := range rows {
				hidden += hiddenIn(t, figure+" in "+place, row)
			}
		}
		if hidden > 0 {
			look(b, "report-hidden")
			return
		}
	}
	t.Error("no small cell was met")
}

// hiddenIn wants a row to show no count below five, and a hidden one to show no number; it gives 1 for a hidden row.
func hiddenIn(t *testing.T, where string, row []string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.ReplaceAll(row[1], ",", ""))
	switch {
	case row[1] == "＊":
		if strings.ContainsAny(strings.Join(row[1:], ""), "0123456789") {
			t.Errorf("%s is hidden and shows %v", where, row)
		}
		return 1
	case err == nil && n > 0 && n < 5:
		t.Errorf("%s shows %d", where, n)
	}
	return 0
}
