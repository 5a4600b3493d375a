package console

import (
	"encoding/hex"
	"fmt"
	"html/template"
	"strings"
	"time"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/calendar"
	cases "onedoor/domain/casework"
	"onedoor/internal/recordwords"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// shanghai is the time that people here live by; it has no summer time.
var shanghai = time.FixedZone("UTC+8", 8*60*60)

// functions are what templates may call, in a language.
func (l language) functions() template.FuncMap {
	return template.FuncMap{
		"t": l.pick, "time": l.time, "day": l.day, "span": l.span, "ago": l.ago, "id": idText, "short": shortID, "num": number,
		"role": l.role, "clinic": l.clinic, "state": l.state, "step": l.step, "event": l.event, "taskState": l.taskState,
		"hazard": l.hazardCode, "hazardState": l.hazardState, "severity": l.severity, "severityTone": severityTone, "table": l.table, "retentionClass": func(c recordv1.RetentionClass) string { return l.retentionClass(int32(c)) },
		"clinicNamed": l.clinicNamed, "origin": l.origin, "date": l.date, "tone": toneOf, "plus": plusOf, "term": l.term, "ruleName": l.ruleName, "gradeTone": gradeTone, "filled": filled, "kind": l.kind, "clock": l.clock, "clockTone": clockTone, "bytes": sizeText, "join": strings.Join, "add": add, "deviceState": l.deviceState,
		"category": l.category, "source": l.source, "risk": l.risk, "relation": l.relation, "iso": isoTime, "percent": percent, "dict": dict, "qr": newQRPicture, "indent": indent, "lang": func() string { return string(l) },
	}
}

func add(a, b int) int { return a + b }

// dict gives a part of a page several values under names.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict: %d values are no pairs", len(pairs))
	}
	out := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is no name", pairs[i])
		}
		out[name] = pairs[i+1]
	}
	return out, nil
}

// time writes a time as people here do; a dash for none.
func (l language) time(ms int64) string {
	if ms == 0 {
		return "—"
	}
	return time.UnixMilli(ms).In(shanghai).Format(l.pick("2006年1月2日 15:04", "2 Jan 2006, 15:04"))
}

// day writes the day of a time.
func (l language) day(ms int64) string {
	if ms == 0 {
		return "—"
	}
	return time.UnixMilli(ms).In(shanghai).Format(l.pick("2006年1月2日", "2 Jan 2006"))
}

// date writes a day that stands as 2026-05-29.
func (l language) date(text string) string {
	at, err := time.ParseInLocation(time.DateOnly, text, shanghai)
	if err != nil {
		return text
	}
	return l.day(at.UnixMilli())
}

// toneOf gives a figure that is above nothing its colour.
func toneOf(n uint32, tone string) string {
	if n == 0 {
		return ""
	}
	return tone
}

// plusOf marks a figure that was not counted to its end.
func plusOf(more bool) string {
	if more {
		return "+"
	}
	return ""
}

// isoTime is what machines read of a time.
func isoTime(ms int64) string { return time.UnixMilli(ms).In(shanghai).Format(time.RFC3339) }

// span writes a length of time in its two greatest units.
func (l language) span(seconds int64) string {
	d := (time.Duration(seconds) * time.Second).Abs()
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	switch {
	case days > 0 && hours > 0 && days < 10:
		return fmt.Sprintf(l.pick("%d天%d小时", "%d d %d h"), days, hours)
	case days > 0:
		return fmt.Sprintf(l.pick("%d天", "%d d"), days)
	case hours > 0:
		return fmt.Sprintf(l.pick("%d小时%d分", "%d h %d min"), hours, minutes)
	}
	return fmt.Sprintf(l.pick("%d分", "%d min"), minutes)
}

// ago writes how long ago a time was, seen from now.
func (l language) ago(ms, now int64) string {
	if ms == 0 {
		return l.pick("从未", "never")
	}
	seconds := (now - ms) / 1000
	if seconds < 60 {
		return l.pick("刚刚", "just now")
	}
	return fmt.Sprintf(l.pick("%s前", "%s ago"), l.span(seconds))
}

// number writes a count with its thousands apart.
func number(n any) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// percent writes a part of a whole; a dash where there is no whole.
func percent(part, whole uint32) string {
	if whole == 0 {
		return "—"
	}
	return fmt.Sprintf("%.1f%%", 100*float64(part)/float64(whole))
}

// sizeText writes a size.
func sizeText(n uint64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d B", n)
}

// idText writes an id as addresses have it; conflicts' ids are not of 36 characters.
func idText(b []byte) string {
	if id, ok := syncengine.IDFromBytes(b); ok {
		return id.String()
	}
	return hex.EncodeToString(b)
}

// shortID is enough of an id to tell two apart on one page: its random end.
func shortID(b []byte) string {
	text := idText(b)
	return text[max(0, len(text)-6):]
}

func (l language) role(r recordv1.Role) string {
	if r == 0 {
		return "—"
	}
	return l.pick(domain.Role(r).LabelZH(), domain.Role(r).LabelEN())
}

func (l language) clinic(c recordv1.Clinic) string { return l.pick(domain.Clinic(c).Words()) }

// clinicNamed names a clinic by its short name, as sheets of rules have it.
func (l language) clinicNamed(name string) string {
	for _, c := range domain.Clinics() {
		if c.String() == name {
			return l.pick(c.Words())
		}
	}
	return name
}

// origin says where a grant comes from.
func (l language) origin(o adminv1.GrantOrigin) string {
	switch o {
	case adminv1.GrantOrigin_GRANT_ORIGIN_TERRITORY:
		return l.pick("本人岗位", "own post")
	case adminv1.GrantOrigin_GRANT_ORIGIN_TEAM:
		return l.pick("团队", "team")
	case adminv1.GrantOrigin_GRANT_ORIGIN_ASSIGNMENT:
		return l.pick("分派的房屋", "assigned doors")
	case adminv1.GrantOrigin_GRANT_ORIGIN_PERSON:
		return l.pick("另行授权", "granted besides")
	}
	return ""
}

// term writes a term that stands as 20d or 5w; a dash for none.
func (l language) term(text string) string {
	t, err := calendar.ParseTerm(text)
	if err != nil || t.None() {
		return "—"
	}
	return l.pick(t.Words())
}

// ruleNames are what people call the names in tables of rules.
var ruleNames = map[string][2]string{
	"accept": {"受理", "accepting"}, "transfer": {"移送", "transfer"}, "triage": {"分诊", "triage"}, "judicial_confirmation": {"申请司法确认", "judicial confirmation"},
	"performance": {"履行协议", "performance"}, "call_back": {"回访", "call back"}, "recheck": {"隐患复查", "re-check of a hazard"}, "acknowledge": {"部门签收", "a department's acknowledgement"},
	"check_return": {"抽查退回", "a check that came back"}, "recurrence": {"算作复发", "counts as come back"},
	"rental_green": {"出租房（绿）", "rental, green"}, "rental_yellow": {"出租房（黄）", "rental, yellow"}, "rental_orange": {"出租房（橙）", "rental, orange"}, "rental_red": {"出租房（红）", "rental, red"},
	"group_let_or_mixed": {"群租、三合一", "group-let or mixed use"}, "household": {"普通住户", "household"}, "hotel": {"旅馆民宿", "hotel"},
	"GREEN": {"绿", "green"}, "YELLOW": {"黄", "yellow"}, "ORANGE": {"橙", "orange"}, "RED": {"红", "red"},
}

// ruleName names what a table of rules names; a name of newer software is told as it stands.
func (l language) ruleName(name string) string {
	if w, ok := ruleNames[name]; ok {
		return l.pick(w[0], w[1])
	}
	return name
}

// gradeTone is the colour of a grade: a word of the style sheet.
func gradeTone(name string) string {
	switch name {
	case "RED":
		return "late"
	case "ORANGE", "YELLOW":
		return "soon"
	}
	return "calm"
}

// filled puts a number into a sentence that has a place for it.
func filled(text string, n int64) string { return strings.ReplaceAll(text, "{n}", fmt.Sprint(n)) }

func (l language) state(s recordv1.DisputeState) string {
	return l.pick(cases.Disputes.StateWords(cases.State(s)))
}

func (l language) taskState(s recordv1.TaskState) string {
	return l.pick(cases.Tasks.StateWords(cases.State(s)))
}

// step names a step of a dispute.
func (l language) step(name string) string {
	if s, ok := cases.Disputes.Step(name); ok {
		return l.pick(s.ZH, s.EN)
	}
	return name
}

func (l language) event(k recordv1.CaseEventKind) string { return l.pick(cases.EventKind(k).Words()) }

func (l language) hazardCode(c recordv1.HazardCode) string {
	return l.word(hazardCodes, int32(c))
}

func (l language) hazardState(s recordv1.HazardState) string {
	return l.pick(cases.Hazards.StateWords(cases.State(s)))
}

// severity names the severity that counts: what was ruled, else what was found.
func (l language) severity(z *recordv1.Hazard) string {
	if s := severityOf(z); s != 0 {
		return l.word(severities, int32(s))
	}
	return l.pick("未判定", "not judged")
}

func severityOf(z *recordv1.Hazard) recordv1.Severity {
	if z.SeverityRuled != nil {
		return z.GetSeverityRuled()
	}
	return z.GetSeverityFound()
}

// severityTone is the colour of a severity.
func severityTone(z *recordv1.Hazard) string {
	switch severityOf(z) {
	case recordv1.Severity_SEVERITY_MAJOR:
		return "late"
	case recordv1.Severity_SEVERITY_SERIOUS:
		return "soon"
	}
	return "plain"
}

// kind names a kind of record.
func (l language) kind(k recordv1.Kind) string {
	if kind, ok := schema.Load().Kind(syncengine.KindNumber(k)); ok {
		return recordwords.Kind(kind.Name).In(string(l))
	}
	return fmt.Sprintf(l.pick("种类%d", "kind %d"), k)
}

// clock says how a deadline stands.
func (l language) clock(t *adminv1.CaseTiming) string {
	if t == nil {
		return l.pick("无期限", "no deadline")
	}
	left := l.span(t.GetLeftS())
	switch t.GetClock() {
	case "overdue":
		return fmt.Sprintf(l.pick("超期%s", "%s overdue"), left)
	case "paused":
		return fmt.Sprintf(l.pick("已中止，剩%s", "paused, %s left"), left)
	case "stopped":
		return l.pick("计时结束", "clock stopped")
	}
	return fmt.Sprintf(l.pick("剩%s", "%s left"), left)
}

// nearDeadline is when a deadline is shown as near.
const nearDeadline = 24 * 60 * 60

// clockTone is the colour of a clock: a word of the style sheet.
func clockTone(t *adminv1.CaseTiming) string {
	switch {
	case t == nil || t.GetClock() == "stopped":
		return "quiet"
	case t.GetClock() == "overdue":
		return "late"
	case t.GetClock() == "paused":
		return "hold"
	case t.GetLeftS() < nearDeadline:
		return "soon"
	}
	return "calm"
}

// indent sets a territory off below the one above it.
func indent(code string) string {
	switch {
	case len(code) > 15:
		return "　　　"
	case len(code) > 12:
		return "　　"
	case len(code) > 9:
		return "　"
	}
	return ""
}
