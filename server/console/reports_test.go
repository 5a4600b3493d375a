package console_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/internal/browser"
	"onedoor/internal/wire"
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

// recount counts records of a kind by community, straight from the store: it knows nothing of how reports are counted.
func recount(t *testing.T, kind recordv1.Kind, at func(proto.Message) int64) map[string]int {
	t.Helper()
	out := map[string]int{}
	from, to := quarter()
	err := scene.demo.View(t.Context(), func(r store.Reader) error {
		tree, err := identity.LoadTree(r)
		if err != nil {
			return err
		}
		return r.Records(func(row store.Record) bool {
			rec, err := wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body)
			if err != nil || rec.Kind != syncengine.KindNumber(kind) || rec.Dead() {
				return err == nil
			}
			var m proto.Message = &recordv1.Dispute{}
			if kind == recordv1.Kind_KIND_HAZARD {
				m = &recordv1.Hazard{}
			}
			if err := wire.ReadShown(rec, m, nil); err != nil {
				t.Error(err)
				return false
			}
			if h, ok := m.(*recordv1.Hazard); ok && deleted(t, r, h.GetPremisesId()) {
				return true // What stands at no door stands in no territory.
			}
			when := at(m)
			if when < from.UnixMilli() || when > to.UnixMilli() {
				return true
			}
			for _, key := range rec.CurrentKeys() {
				if !key.IsTerritory() {
					continue
				}
				for _, id := range append([]syncengine.ID{key.ID()}, tree.Ancestors(key.ID())...) {
					if place, ok := tree.ByID(id); ok && len(place.Code) == 12 {
						out[place.Name]++
					}
				}
				break
			}
			return true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// deleted reports a door that is deleted.
func deleted(t *testing.T, r store.Reader, id []byte) bool {
	t.Helper()
	row, ok, err := r.Record(syncengine.ID(id))
	if err != nil || !ok {
		return true
	}
	rec, err := wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body)
	return err != nil || rec.Dead()
}

// total gives the numerator of a territory's total, over all its parts.
func total(rows [][]string) string {
	for _, row := range rows {
		if row[0] == "合计" {
			return strings.ReplaceAll(row[1], ",", "")
		}
	}
	return "none"
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
	for figure, want := range map[string]map[string]int{
		"found":         recount(t, recordv1.Kind_KIND_DISPUTE, func(m proto.Message) int64 { return m.(*recordv1.Dispute).GetRegisteredAt() }),
		"hazards_found": recount(t, recordv1.Kind_KIND_HAZARD, func(m proto.Message) int64 { return m.(*recordv1.Hazard).GetFoundAt() }),
	} {
		shown := pull(b, figure)
		for place, n := range want {
			if got := total(shown[place]); got != strconv.Itoa(n) {
				t.Errorf("%s in %s: %s, want %d", figure, place, got, n)
			}
		}
		if len(want) == 0 {
			t.Errorf("nothing to count for %s", figure)
		}
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
