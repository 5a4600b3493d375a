package main_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"onedoor/domain/metrics"
)

// figureNames lists the figures of the contract.
func figureNames() (out []string) {
	for _, f := range metrics.Figures() {
		out = append(out, f.Name)
	}
	return out
}

// TestReport_TheDistrictPullsWhatTheStreetDid is a district's day: cases come in at a street's desk, and the district pulls
// figures of them in every form.
func TestReport_TheDistrictPullsWhatTheStreetDid(t *testing.T) {
	w := serving(t)
	_, desk := w.member("reception", "530702001")
	district := w.token(w.user("区长", "district", "530702"))
	for i := range 3 {
		territory := "530702001001"
		if i == 2 {
			territory = "530702001002"
		}
		if r := desk("case", "register", "--title", "楼上漏水", "--territory", territory, "--set", `{"category":"NEIGHBOUR"}`); r.code != done {
			t.Fatalf("%+v", r)
		}
	}
	today := time.Now().In(time.FixedZone("CST", 8*3600)).Format(time.DateOnly)
	period := []string{"--territory", "530702001", "--by", "community", "--from", today, "--to", today}
	out := w.as(district, append([]string{"report", "found"}, period...)...)
	if out.text("figure") != "found" || out.text("formula") == "" || out.text("territory") != "530702001" || out.text("from") != today || out.at("provisional") != true ||
		out.at("heard_from", "phones") != 0.0 || out.at("as_of").(float64) < 3 {
		t.Errorf("%v", out)
	}
	if out.text("rows", 1, "territory") != "530702001001" || out.text("rows", 1, "class") != "all" || out.at("rows", 1, "numerator") != 2.0 ||
		out.at("rows", 1, "value") != 2.0 || out.at("rows", 1, "denominator") != nil || out.at("rows", 1, "suppressed") != false || out.at("totals", 0, "numerator") != 3.0 {
		t.Errorf("rows %v, totals %v", out.at("rows"), out.at("totals"))
	}
	rate := w.as(district, append([]string{"report", "resolved"}, period...)...)
	if rate.at("totals", 0, "numerator") != 0.0 || rate.at("totals", 0, "denominator") != 3.0 || rate.at("totals", 0, "value") != 0.0 {
		t.Errorf("totals %v", rate.at("totals"))
	}
	table := run(t, append(append([]string{"report", "found", "--server", w.addr, "--token-file", district}, period...), "--format", "table")...)
	if table.code != done || !strings.Contains(table.out, "排查数 (found)") || !strings.Contains(table.out, "██") || !strings.Contains(table.out, "TOTAL") {
		t.Errorf("%+v", table)
	}
	for _, name := range figureNames() {
		if got := w.as(district, append([]string{"report", name}, period...)...); got.text("figure") != name || got.list("rows") < 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
	w.reportFiles(district, period)
	w.reportKeeping(district)
}

// reportFiles pulls a report as files.
func (w *world) reportFiles(token string, period []string) {
	w.t.Helper()
	dir := w.t.TempDir()
	pull := func(args ...string) ran {
		return run(w.t, append(append([]string{"report", "found", "--server", w.addr, "--token-file", token}, period...), args...)...)
	}
	sheet := filepath.Join(dir, "found.csv")
	if r := pull("--format", "csv", "--out", sheet); r.code != done || r.out != "" {
		w.t.Fatalf("%+v", r)
	}
	text, err := os.ReadFile(sheet)
	if err != nil || !bytes.HasPrefix(text, []byte("\xef\xbb\xbf类别,地区代码,地区,分类,排查数,分母,数值,下限,上限,说明\r\n")) || !strings.Contains(string(text), "明细,530702001001,") ||
		!strings.Contains(string(text), "来源：") {
		w.t.Errorf("%v, %.600s", err, text)
	}
	pull("--format", "csv", "--out", sheet).wantLine(w.t, failed, "exists")
	book := filepath.Join(dir, "found.xlsx")
	if r := pull("--format", "xlsx", "--out", book); r.code != done {
		w.t.Fatalf("%+v", r)
	}
	f, err := excelize.OpenFile(book)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	if got := strings.Join(f.GetSheetList(), " "); got != "排查数 矛盾纠纷排查情况表 镇办×类型 网格工作通报" {
		w.t.Errorf("sheets %s", got)
	}
	rows, err := f.GetRows("矛盾纠纷排查情况表")
	if err != nil || len(rows) < 4 || strings.Join(rows[1], " ") != "序号 单位 排查数 调处数 调处率 调处成功数 成功率" || rows[3][2] != "2" {
		w.t.Errorf("%v, %v", err, rows)
	}
}

// reportKeeping lists, verifies and rebuilds.
func (w *world) reportKeeping(token string) {
	w.t.Helper()
	if list := w.as(token, "report", "list"); list.list("figures") != len(figureNames()) || list.text("figures", 0, "name") != "coverage" || list.text("figures", 0, "formula") == "" {
		w.t.Errorf("%v", list)
	}
	month := time.Now().In(time.FixedZone("CST", 8*3600)).Format("2006-01")
	if list := w.as(token, "report", "list"); list.text("months", 0, "month") != month || list.text("months", 0, "state") != "running" || list.text("months", 0, "freezes_on") == "" {
		w.t.Errorf("%v", list.at("months"))
	}
	run(w.t, "report", "freeze", month, "--early", "--server", w.addr, "--token-file", token).wantLine(w.t, failed, "it lasts until")
	dry := w.as(token, "report", "freeze", "2020-01", "--dry-run")
	done := w.as(token, "report", "freeze", "2020-01")
	again := w.json("report", "freeze", "2020-01")
	if dry.at("done") != false || dry.text("state") != "provisional" || done.at("done") != true || done.text("state") != "frozen" || dry.text("hash") == "" ||
		again.at("done") != false || again.text("hash") != done.text("hash") {
		w.t.Errorf("freeze: %v, then %v, then %v", dry, done, again)
	}
	table := run(w.t, "report", "freeze", "2020-01", "--server", w.addr, "--token-file", token)
	if table.code != 0 || !strings.Contains(table.out, "nothing was changed") {
		w.t.Errorf("%+v", table)
	}
	if got := w.as(token, "report", "verify"); got.at("ok") != true || got.at("frozen_months") != 1.0 || got.list("problems") != 0 {
		w.t.Errorf("verify: %v", got)
	}
	first := w.as(token, "report", "rebuild")
	if second := w.json("report", "rebuild"); second.at("same") != true || second.text("hash") != first.text("hash") || first.at("same") != true {
		w.t.Errorf("rebuild: %v, then %v", first, second)
	}
	if got := w.json("report", "verify"); got.at("ok") != true {
		w.t.Errorf("verify: %v", got)
	}
}

func TestReport_IsRefusedInOneLine(t *testing.T) {
	w := serving(t)
	street := w.token(w.user("街道督办", "street_lead", "530702001"))
	worker := w.token(w.user("和丽", "grid_worker", "530702001001"))
	ask := func(token string, args ...string) ran {
		return run(t, append(append([]string{"report"}, args...), "--from", "2026-03-01", "--to", "2026-03-31", "--server", w.addr, "--token-file", token)...)
	}
	ask(worker, "coverage", "--territory", "530702001001").wantLine(t, failed, "may not pull")
	ask(street, "coverage", "--territory", "530702").wantLine(t, failed, "may not pull")
	ask(street, "coverage", "--territory", "530702001", "--by", "grid").wantLine(t, failed, "by community")
	ask(street, "ranking", "--territory", "530702001").wantLine(t, failed, "report list")
	ask(street, "coverage", "--territory", "530702001", "--format", "pdf").wantLine(t, usage, "give one of table, json, csv, xlsx")
	ask(street, "coverage", "--territory", "530702001", "--as-of", "999999").wantLine(t, failed, "--as-of")
	operator := filepath.Join(w.dir, "admin.token")
	ask(operator, "coverage", "--territory", "530702").wantLine(t, failed, "sync_lag and sync_health")
	if r := ask(operator, "sync_health", "--territory", "530702", "--json"); r.code != done || decode(t, r.out).text("figure") != "sync_health" {
		t.Errorf("%+v", r)
	}
	for _, args := range [][]string{{"rebuild"}, {"freeze", "2020-01"}} {
		if r := run(t, append(append([]string{"report"}, args...), "--server", w.addr, "--token-file", street)...); r.code != failed {
			t.Errorf("%+v", r)
		}
	}
}
