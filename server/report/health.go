package report

import (
	"cmp"
	"slices"
	"strings"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/domain/metrics"
	"onedoor/domain/smallcells"
	"onedoor/internal/recordwords"
	"onedoor/server/exchange"
	"onedoor/syncengine"
)

const hourMillis syncengine.UnixMilli = 60 * 60_000

// measure is one line of the sync report: what is there of unsent work and of trouble in one territory. It names no
// phone and no person.
type measure struct {
	name, zh string
	// oldest says that of several the greatest counts, instead of their sum.
	oldest bool
}

// The measures, in the order of their rows; those of a version and of a reason follow them.
var (
	contactHour   = measure{"contact_1h", "1小时内联系", false}
	contactDay    = measure{"contact_24h", "24小时内联系", false}
	contactWeek   = measure{"contact_7d", "7天内联系", false}
	contactOlder  = measure{"contact_older", "超过7天未联系", false}
	contactNever  = measure{"contact_never", "从未联系", false}
	unsentChanges = measure{"unsent", "未上传记录", false}
	unsentOldest  = measure{"unsent_oldest_hours", "最早未上传（小时）", true}
	openConflicts = measure{"conflicts", "待决冲突", false}
	waiting       = measure{"quarantine", "隔离待处理", false}
	waitingOldest = measure{"quarantine_oldest_hours", "最久隔离（小时）", true}
	suspectClocks = measure{"suspect_clocks", "时钟可疑的记录", false}
	sentBytes     = measure{"bytes", "上传字节", false}
)

var measureOrder = []string{
	"contact_1h", "contact_24h", "contact_7d", "contact_older", "contact_never", "unsent", "unsent_oldest_hours", "conflicts",
	"quarantine", "quarantine_oldest_hours", "suspect_clocks", "bytes",
}

// appOf and reasonOf are the measures of one app version and of one reason of quarantine.
func appOf(version string) measure { return measure{"app:" + version, "版本" + version, false} }

func reasonOf(r syncv1.QuarantineReason) measure {
	name := strings.ToLower(strings.TrimPrefix(r.String(), "QUARANTINE_REASON_"))
	zh, _ := recordwords.Waiting(r)
	return measure{"quarantine:" + name, "隔离原因：" + zh, false}
}

// healthSums gathers measures by place.
type healthSums struct {
	layout *layout
	cells  map[int]map[measure]metrics.Sum
}

func (h *healthSums) add(place int, m measure, s metrics.Sum) {
	for n := place; n >= 0; n = h.layout.places[n].parent {
		h.addAt(n, m, s)
	}
}

func (h *healthSums) addAt(n int, m measure, s metrics.Sum) {
	if h.cells[n] == nil {
		h.cells[n] = map[measure]metrics.Sum{}
	}
	was := h.cells[n][m]
	if m.oldest {
		was.Num = max(was.Num, s.Num)
	} else {
		was.Add(s)
	}
	h.cells[n][m] = was
}

// health fills the report with the state of phones as it is now, and of what they sent in the period.
func (p *pulling) health(all []phone, now syncengine.UnixMilli) error {
	h := &healthSums{layout: p.layout, cells: map[int]map[measure]metrics.Sum{}}
	places := map[syncengine.ID]int{}
	for i := range all {
		if place, ok := p.placeOfPhone(&all[i]); ok {
			places[all[i].incarnation] = place
			h.addPhone(place, &all[i], now)
		}
	}
	p.addSent(h, places)
	if err := p.addQuarantine(h, places, now); err != nil {
		return err
	}
	if err := p.addConflicts(h); err != nil {
		return err
	}
	for i := range p.layout.places {
		if p.layout.places[i].row {
			p.out.Rows = append(p.out.Rows, p.healthRows(h, i)...)
		}
	}
	p.out.Totals = p.healthRows(h, 0)
	return nil
}

// placeOfPhone gives the place where a phone counts: that of the first territory its user works in.
func (p *pulling) placeOfPhone(x *phone) (int, bool) {
	for _, area := range x.areas {
		if place, ok := p.layout.leafOf(area); ok {
			return place, true
		}
	}
	covers := slices.ContainsFunc(x.areas, func(area syncengine.ID) bool { return p.tree.Covers(area, p.root.ID) })
	return p.layout.leafOfPlace(0), covers
}

func (h *healthSums) addPhone(place int, x *phone, now syncengine.UnixMilli) {
	contacts := []struct {
		m  measure
		in bool
	}{
		{contactNever, x.contact.LastContact == 0}, {contactHour, x.contact.LastContact >= now-hourMillis},
		{contactDay, x.contact.LastContact >= now-dayMillis}, {contactWeek, x.contact.LastContact >= now-7*dayMillis}, {contactOlder, true},
	}
	counted := false
	for _, c := range contacts {
		sum := metrics.Sum{Den: 1}
		if c.in && !counted {
			sum.Num, counted = 1, true
		}
		h.add(place, c.m, sum)
	}
	h.add(place, unsentChanges, metrics.Sum{Num: int64(x.contact.Pending)})
	if x.contact.Pending > 0 && x.contact.OldestPending > 0 {
		h.add(place, unsentOldest, metrics.Sum{Num: int64(max(0, now-x.contact.OldestPending) / hourMillis)})
	}
	if x.contact.AppVersion != "" {
		h.add(place, appOf(x.contact.AppVersion), metrics.Sum{Num: 1})
	}
}

// addSent adds what phones sent in the period: bytes, and changes whose clock was out. In a place finer than a community, which may
// be one worker's, neither bytes nor the number of changes are told: they would be that worker's days.
func (p *pulling) addSent(h *healthSums, places map[syncengine.ID]int) {
	for incarnation, days := range p.s.projection.devices {
		place, ok := places[incarnation]
		if !ok {
			continue
		}
		for day, s := range days {
			if day >= p.query.From && day <= p.query.To {
				h.addSent(place, s)
			}
		}
	}
}

func (h *healthSums) addSent(place int, s *sent) {
	for n := place; n >= 0; n = h.layout.places[n].parent {
		if h.layout.places[n].rank() == smallcells.Below {
			h.addAt(n, suspectClocks, metrics.Sum{Num: s.suspect})
			continue
		}
		h.addAt(n, sentBytes, metrics.Sum{Num: s.bytes})
		h.addAt(n, suspectClocks, metrics.Sum{Num: s.suspect, Den: s.changes})
	}
}

func (p *pulling) addQuarantine(h *healthSums, places map[syncengine.ID]int, now syncengine.UnixMilli) error {
	return p.s.realm.ListQuarantine(p.r, 0, func(q exchange.Quarantined) bool {
		if place, ok := places[q.Incarnation]; ok {
			h.add(place, waiting, metrics.Sum{Num: 1})
			h.add(place, waitingOldest, metrics.Sum{Num: int64(max(0, now-q.At) / hourMillis)})
			h.add(place, reasonOf(q.Reason), metrics.Sum{Num: 1})
		}
		return true
	})
}

func (p *pulling) addConflicts(h *healthSums) error {
	return p.s.realm.ListConflicts(p.r, syncengine.ID{}, func(rec *syncengine.Record) bool {
		for _, key := range rec.CurrentKeys() {
			if place, ok := p.layout.leafOf(key.ID()); key.IsTerritory() && ok {
				h.add(place, openConflicts, metrics.Sum{Num: 1})
				return true
			}
		}
		return true
	})
}

// healthRows gives the measures of one place, the fixed ones first.
func (p *pulling) healthRows(h *healthSums, place int) []Row {
	of := h.cells[place]
	list := make([]measure, 0, len(of))
	for m := range of {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b measure) int {
		return cmp.Or(cmp.Compare(orderOf(a.name), orderOf(b.name)), cmp.Compare(a.name, b.name))
	})
	out := make([]Row, 0, len(list))
	for _, m := range list {
		sum := of[m]
		value := float64(sum.Num)
		out = append(out, Row{
			Territory: p.layout.places[place].code, Name: p.layout.places[place].name, Class: m.name, ClassZH: m.zh, Sum: &sum, Value: &value,
		})
	}
	return out
}

func orderOf(name string) int {
	if i := slices.Index(measureOrder, name); i >= 0 {
		return i
	}
	return len(measureOrder)
}

// The percentiles of the sync lag.
var percentiles = []struct {
	percent  int
	name, zh string
}{{50, "p50", "中位数"}, {95, "p95", "95百分位"}}

// lag fills the report with the minutes from visits to their arrival.
func (p *pulling) lag() error {
	lags := p.s.projection.lags(p.period, p.layout)
	all := make([]metrics.Lags, len(lags))
	for i := range lags {
		for n := i; n >= 0; n = p.layout.places[n].parent {
			all[n].Join(&lags[i])
		}
	}
	for i := range p.layout.places {
		if p.layout.places[i].row {
			p.out.Rows = append(p.out.Rows, p.lagRows(i, &all[i])...)
		}
	}
	p.out.Totals = p.lagRows(0, &all[0])
	return nil
}

// lagRows gives the percentiles of one place. In a place finer than a community a percentile over a few visits would tell
// of single ones.
func (p *pulling) lagRows(place int, l *metrics.Lags) (out []Row) {
	at := &p.layout.places[place]
	for _, pc := range percentiles {
		sum := l.Percentile(pc.percent)
		row := Row{Territory: at.code, Name: at.name, Class: pc.name, ClassZH: pc.zh}
		if at.rank() == smallcells.Below && sum.Den > 0 && sum.Den < smallcells.Least {
			row.Suppressed = true
		} else {
			row.Sum = &sum
			if v, ok := metrics.Minutes.Value(sum); ok {
				row.Value = &v
			}
		}
		out = append(out, row)
	}
	return out
}
