package report_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/domain/smallcells"
	"onedoor/internal/sim/attack"
	"onedoor/server/report"
)

// prey is a month of disputes that somebody of the district wants to know more of than is shown: how many of which category
// each community had.
type prey struct {
	*world
	communities []string
	categories  []recordv1.DisputeCategory
	days        []int
	// truth counts by community, category and day.
	truth map[[3]int]int64
}

func newPrey(w *world, seed uint64) *prey {
	p := &prey{
		world: w, communities: []string{comA, comB, comC}, days: []int{3, 4, 9, 17}, truth: map[[3]int]int64{},
		categories: []recordv1.DisputeCategory{recordv1.DisputeCategory_DISPUTE_CATEGORY_FAMILY, recordv1.DisputeCategory_DISPUTE_CATEGORY_NEIGHBOUR, recordv1.DisputeCategory_DISPUTE_CATEGORY_WAGES},
	}
	if seed == 0 { // One small part among large ones: the totals would give it away.
		for c, parts := range [][]int64{{2, 8, 6}, {9, 7, 5}, {6, 9, 10}} {
			for k, n := range parts {
				p.truth[[3]int{c, k, c % len(p.days)}] = n
			}
		}
		return p
	}
	random := rand.New(rand.NewPCG(seed, 3))
	for range 14 + random.IntN(25) {
		c, k, d := random.IntN(len(p.communities)), min(random.IntN(5), 2), random.IntN(len(p.days))
		p.truth[[3]int{c, k, d}]++
	}
	return p
}

// cell numbers an unknown.
func (p *prey) cell(community, category, day int) int {
	return (community*len(p.categories)+category)*len(p.days) + day
}

// cells lists the unknowns of some communities, categories and days; -1 is all of them.
func (p *prey) cells(in func(community int) bool, category int, day func(int) bool) (out []int) {
	for c := range p.communities {
		for k := range p.categories {
			for d := range p.days {
				if in(c) && (category < 0 || category == k) && day(p.days[d]) {
					out = append(out, p.cell(c, k, d))
				}
			}
		}
	}
	return out
}

// hunter gathers what is shown of the prey.
type hunter struct {
	*prey
	puzzle *attack.Puzzle
	// hidden are the community's parts of the month that are not shown.
	hidden map[[2]int]bool
}

// counted says of each figure which of its numbers counts the disputes that were registered.
var counted = map[string]func(metrics.Sum) int64{
	"found": func(s metrics.Sum) int64 { return s.Num }, "handled": den, "resolved": den, "escalated": den, "returned": den, "to_community": den,
}

func den(s metrics.Sum) int64 { return s.Den }

// look takes in a report of the district's.
func (h *hunter) look(out *report.Report) {
	of, known := counted[out.Figure.Name]
	today := metrics.DayOf(domain.UnixMilli(h.now.UnixMilli()))
	inside := func(day int) bool {
		at := day64(day)
		return at >= out.From && at <= out.To && at <= today // What is to come was not there to be counted.
	}
	for _, row := range slices.Concat(out.Rows, out.Totals) {
		category := h.categoryOf(row.Class)
		in := func(c int) bool { return domain.Code(row.Territory).Contains(domain.Code(h.communities[c])) }
		if strings.HasSuffix(row.Name, "（本级）") {
			continue // Nothing is registered there.
		}
		if out.Provisional && out.Figure.Split.Additive() && row.Class != "all" {
			h.t.Errorf("%s %s..%s shows the district a part of %s before the month is frozen", out.Figure.Name, metrics.DayText(out.From), metrics.DayText(out.To), row.Territory)
		}
		if row.Suppressed {
			if row.Sum != nil || row.Value != nil || row.Low != nil {
				h.t.Errorf("a hidden row holds numbers: %+v", row)
			}
			if i := slices.Index(h.communities, row.Territory); i >= 0 && category >= 0 {
				h.hidden[[2]int{i, category}] = true
			}
			continue
		}
		if known && row.Sum != nil && category != unknownCategory {
			h.puzzle.Known(of(*row.Sum), h.cells(in, category, inside)...)
		}
	}
	if !out.Provisional {
		h.shownAsNothing(out)
	}
}

// shownAsNothing takes a part that has no row in a frozen month for what it says: nothing was counted.
func (h *hunter) shownAsNothing(out *report.Report) {
	if _, known := counted[out.Figure.Name]; !known {
		return
	}
	for i, community := range h.communities {
		if out.By != domain.Community || !domain.Code(out.Territory.Code).Contains(domain.Code(community)) {
			continue
		}
		for k := range h.categories {
			told := slices.ContainsFunc(out.Rows, func(r report.Row) bool { return r.Territory == community && h.categoryOf(r.Class) == k })
			if !told {
				h.puzzle.Known(0, h.cells(func(c int) bool { return c == i }, k, func(int) bool { return true })...)
			}
		}
	}
}

// unknownCategory is that of a part which the prey has none of.
const unknownCategory = -2

func (h *hunter) categoryOf(class string) int {
	if class == "all" {
		return -1
	}
	for i, k := range h.categories {
		if metrics.SplitDisputes.Name(metrics.Class(k)) == class {
			return i
		}
	}
	return unknownCategory
}

func day64(day int) domain.Days {
	return domain.Days(time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC).Unix() / 86_400)
}

// hunt pulls everything that counts the prey, at every level, for every run of days up to now.
func (h *hunter) hunt(whole bool) {
	for figure := range counted {
		for _, by := range []domain.Level{domain.County, domain.Street, domain.Community} {
			for from := range h.days {
				for to := from; to < len(h.days); to++ {
					q := report.Query{Figure: figure, Territory: county, By: by, From: day64(h.days[from]), To: day64(h.days[to])}
					h.look(h.pull(h.district, q))
				}
			}
			if whole {
				h.look(h.pull(h.district, march(figure, county, by)))
				h.look(h.pull(h.district, march(figure, streetA, max(by, domain.Street))))
			}
		}
	}
}

// TestAttack_NothingHiddenComesOutOfEverythingTheDistrictMayPull plays a month: the district pulls all it may on each day,
// at every watermark, and again when the month is frozen and late records have come, and solves for what is hidden.
func TestAttack_NothingHiddenComesOutOfEverythingTheDistrictMayPull(t *testing.T) {
	hidden := 0
	for seed := range uint64(4) {
		p := newPrey(newWorld(t), seed)
		h := &hunter{prey: p, hidden: map[[2]int]bool{}, puzzle: attack.New(len(p.communities) * len(p.categories) * len(p.days))}
		for d, day := range p.days {
			p.now = time.Date(2026, 3, day, 3, 0, 0, 0, time.UTC)
			for c := range p.communities {
				for k := range p.categories {
					for range p.truth[[3]int{c, k, d}] {
						p.dispute(day, p.communities[c], func(m *recordv1.Dispute) { m.Category = p.categories[k].Enum() })
					}
				}
			}
			h.hunt(false)
		}
		p.now = time.Date(2026, 4, 8, 3, 0, 0, 0, time.UTC)
		h.hunt(true)
		h.puzzle.Narrow()
		hidden += len(h.hidden)
		h.caught()
	}
	if hidden == 0 {
		t.Error("nothing was hidden in any month: the attack shows nothing")
	}
}

// caught wants every small part to be hidden, and none of them to be worked out.
func (h *hunter) caught() {
	truth := make([]int64, len(h.communities)*len(h.categories)*len(h.days))
	for at, n := range h.truth {
		truth[h.cell(at[0], at[1], at[2])] = n
	}
	if !h.puzzle.Fits(truth) {
		h.t.Fatal("what the hunter noted is not what is true")
	}
	for c := range h.communities {
		for k := range h.categories {
			var n int64
			for d := range h.days {
				n += h.truth[[3]int{c, k, d}]
			}
			name := fmt.Sprintf("%s %s: %d", h.communities[c], h.categories[k], n)
			small := n > 0 && n < smallcells.Least
			if small && !h.hidden[[2]int{c, k}] {
				h.t.Errorf("%s is shown", name)
			}
			if !h.hidden[[2]int{c, k}] || !small {
				continue
			}
			if got, certain := h.puzzle.Certain(h.cells(func(at int) bool { return at == c }, k, func(int) bool { return true })...); certain {
				h.t.Errorf("%s is worked out as %d", name, got)
			}
		}
	}
}
