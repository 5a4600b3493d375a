package reportfile_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"google.golang.org/protobuf/proto"

	reportv1 "onedoor/proto/gen/onedoor/report/v1"

	"onedoor/internal/reportfile"
)

// report makes a report of a share in two places, one part of it hidden.
func report() *reportfile.Report {
	f := &reportv1.Figure{Name: "resolved", NameZh: "化解率", Unit: "share", NumeratorZh: "化解成功", DenominatorZh: "排查数", Classes: []string{"UNKNOWN", "FAMILY"}, ClassesZh: []string{"未分类", "婚姻家庭"}}
	r := &reportfile.Report{}
	r.Add(&reportv1.PullReportResponse{Part: &reportv1.PullReportResponse_Head{Head: &reportv1.ReportHead{
		Figure: f, Territory: "530702", TerritoryName: "古城区", From: "2026-03-01", To: "2026-03-31", Split: true, Statement: []string{"来源：古城区。", "=1+1"},
	}}})
	add := func(kind reportv1.RowKind, rows ...*reportv1.Row) {
		r.Add(&reportv1.PullReportResponse{Part: &reportv1.PullReportResponse_Rows{Rows: &reportv1.ReportRows{Kind: kind, Rows: rows}}})
	}
	add(reportv1.RowKind_ROW_KIND_ROW,
		&reportv1.Row{Territory: "530702001", Name: "=西安街道", Class: "FAMILY", ClassZh: "婚姻家庭", Numerator: proto.Int64(842), Denominator: proto.Int64(869), Value: proto.Float64(842.0 / 869), Low: proto.Float64(0.9), High: proto.Float64(1)},
		&reportv1.Row{Territory: "530702001", Name: "=西安街道", Class: "UNKNOWN", ClassZh: "未分类", Suppressed: true},
		&reportv1.Row{Territory: "530702002", Name: "大研街道", Class: "all", ClassZh: "合计", Numerator: proto.Int64(0), Denominator: proto.Int64(0)})
	add(reportv1.RowKind_ROW_KIND_TOTAL, &reportv1.Row{Territory: "530702", Name: "古城区", Class: "all", ClassZh: "合计", Numerator: proto.Int64(843), Denominator: proto.Int64(871), Value: proto.Float64(843.0 / 871)},
		&reportv1.Row{Territory: "530702001", Name: "=西安街道", Class: "all", ClassZh: "合计", Numerator: proto.Int64(843), Denominator: proto.Int64(871), Value: proto.Float64(843.0 / 871)})
	return r
}

func TestCSV_HasChineseHeadsAndNoFormulaAndTheStatement(t *testing.T) {
	var b bytes.Buffer
	if err := reportfile.CSV(&b, report()); err != nil {
		t.Fatal(err)
	}
	want := "\ufeff类别,地区代码,地区,分类,化解成功,排查数,数值,下限,上限,说明\r\n" +
		"明细,530702001,'=西安街道,婚姻家庭,842,869,96.89%,90.00%,100.00%,\r\n" +
		"明细,530702001,'=西安街道,未分类,＊,＊,＊,,,数值过小或可推算，不显示\r\n" +
		"明细,530702002,大研街道,合计,0,0,—,,,\r\n"
	if got := b.String(); !strings.HasPrefix(got, want) || !strings.Contains(got, "来源：古城区。") {
		t.Errorf("%q", got)
	}
}

func TestXLSX_HoldsNumbersInTheirFormatsAndNoHiddenOne(t *testing.T) {
	r := report()
	sheets := []reportfile.Sheet{reportfile.Plain(r), reportfile.Inspection(r, r, r), reportfile.ByType(r), reportfile.Bulletin([]*reportfile.Report{r, r})}
	var b, again bytes.Buffer
	if err := reportfile.XLSX(&b, sheets); err != nil {
		t.Fatal(err)
	}
	if err := reportfile.XLSX(&again, sheets); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
		t.Errorf("the same report gives other bytes, %v", err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, c := range []struct{ sheet, at, want string }{
		{"化解率", "A1", "化解率 古城区 2026-03-01至2026-03-31"}, {"化解率", "E3", "842"}, {"化解率", "G3", "96.89%"}, {"化解率", "E4", "＊"}, {"化解率", "G5", "—"},
		{"化解率", "C3", "'=西安街道"}, {"矛盾纠纷排查情况表", "C3", "843"}, {"矛盾纠纷排查情况表", "E3", "96.79%"},
		{"矛盾纠纷排查情况表", "B5", "合计"}, {"镇办×类型", "C2", "婚姻家庭"}, {"镇办×类型", "C3", "842"}, {"镇办×类型", "D3", "＊"}, {"镇办×类型", "D4", "0"},
		{"网格工作通报", "D3", "96.79%"}, {"网格工作通报", "D4", "—"},
	} {
		if got, err := f.GetCellValue(c.sheet, c.at); err != nil || got != c.want {
			t.Errorf("%s %s: %q, want %q (%v)", c.sheet, c.at, got, c.want, err)
		}
	}
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if formula := strings.HasPrefix(cell, "="); formula {
					t.Errorf("%s: a formula %q", sheet, cell)
				}
			}
		}
	}
}

// TestSheets_ATerritorysOwnRowIsNotItsTotal sets a street with a row of what stands in it and in none of its communities.
func TestSheets_ATerritorysOwnRowIsNotItsTotal(t *testing.T) {
	f := &reportv1.Figure{Name: "found", NameZh: "排查数", Unit: "count", NumeratorZh: "排查数"}
	row := func(name string, n int64) *reportv1.Row {
		return &reportv1.Row{Territory: "530702001", Name: name, Class: "all", Numerator: proto.Int64(n), Value: proto.Float64(float64(n))}
	}
	r := &reportfile.Report{
		Head: &reportv1.ReportHead{Figure: f, Territory: "530702001", TerritoryName: "西安街道"},
		Rows: []*reportv1.Row{row("西安街道（本级）", 2), {Territory: "530702001001", Name: "金甲社区", Class: "all", Numerator: proto.Int64(7)}}, Totals: []*reportv1.Row{row("西安街道", 9)},
	}
	for _, sheet := range []reportfile.Sheet{reportfile.Inspection(r, r, r), reportfile.ByType(r), reportfile.Bulletin([]*reportfile.Report{r})} {
		first, last := sheet.Rows[0], sheet.Rows[len(sheet.Rows)-1]
		at := len(last) - 1
		if sheet.Name == "矛盾纠纷排查情况表" {
			at = 2
		}
		if first[at] != int64(2) || last[at] != int64(9) || len(sheet.Rows) != 3 {
			t.Errorf("%s: %v", sheet.Name, sheet.Rows)
		}
	}
}

func TestTogether_PartsThePullByItsHeads(t *testing.T) {
	var pulled reportfile.Together
	pulled.Add(&reportv1.PullReportResponse{Part: &reportv1.PullReportResponse_Counting{Counting: &reportv1.Counting{Done: 1, Total: 2}}})
	for _, name := range append([]string{"found"}, reportfile.Beside("found")...) {
		pulled.Add(&reportv1.PullReportResponse{Part: &reportv1.PullReportResponse_Head{Head: &reportv1.ReportHead{Figure: &reportv1.Figure{Name: name}, Territory: "530702"}}})
		pulled.Add(&reportv1.PullReportResponse{Part: &reportv1.PullReportResponse_Rows{Rows: &reportv1.ReportRows{
			Kind: reportv1.RowKind_ROW_KIND_TOTAL, Rows: []*reportv1.Row{{Territory: "530702", Class: "all", Name: name}},
		}}})
	}
	if len(pulled) != 8 || pulled.Find("due_done").Totals[0].GetName() != "due_done" || pulled.Find("satisfied") != nil {
		t.Errorf("%d reports", len(pulled))
	}
	if n := len(reportfile.Office("found", pulled)); n != 3 {
		t.Errorf("%d sheets of the office", n)
	}
	if len(reportfile.Office("handled", pulled)) != 2 || len(reportfile.Office("satisfied", pulled)) != 0 || len(reportfile.Office("found", pulled[:2])) != 0 {
		t.Error("a figure is on another sheet than its own, or a sheet stands without its figures")
	}
	if len(reportfile.Beside("satisfied")) != 0 {
		t.Error("a figure that is on no sheet is pulled with others")
	}
}
