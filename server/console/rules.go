package console

import (
	"fmt"
	"io"
	"time"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/domain/calendar"
	cases "onedoor/domain/casework"
	"onedoor/internal/rulesheet"
)

// rulesData is what the page of policy tables and official days shows.
type rulesData struct {
	Sheet  rulesheet.Sheet
	Date   string
	Tables []*adminv1.ImportedRules
	// Names are the tables that a file may be of.
	Names []string
	// Text is an imported table as it was handed in.
	Text *adminv1.ImportedRules
	// Done is what a file brought, or would bring.
	Done    *adminv1.ImportRulesResponse
	DryRun  bool
	MayFill bool
}

// rulesPage shows the rows in force on a day, and what was imported.
func (v *visit) rulesPage() error {
	m, _, err := v.rulesView()
	if err != nil {
		return err
	}
	return v.showPage("rules", m)
}

func (v *visit) rulesView() (*view, *rulesData, error) {
	out, err := call(v, v.c.o.Admin.GetRules, &adminv1.GetRulesRequest{})
	if err != nil {
		return nil, nil, err
	}
	d := &rulesData{Tables: out.GetTables(), Names: cases.RuleTables(), MayFill: v.may("ImportRules")}
	day := rulesheet.Today(v.c.o.Now())
	if at, err := calendar.ParseDay(v.query("date")); err == nil {
		day = at
	}
	d.Date = calendar.Date(day).Format(time.DateOnly)
	var book cases.Rulebook
	for _, t := range d.Tables {
		book = append(book, cases.RuleTable{Name: t.GetTable(), Text: t.GetText()})
		if fmt.Sprint(t.GetNumber()) == v.query("table") {
			d.Text = t
		}
	}
	d.Sheet = rulesheet.Of(book, day)
	return &view{Title: v.lang.pick("政策表与节假日", "Policy and official days"), Section: "/rules", Data: d}, d, nil
}

// importRules checks a table, or imports it for every phone of the realm.
func (v *visit) importRules() error {
	req, err := v.rulesAsked()
	m, d, viewErr := v.rulesView()
	if viewErr != nil {
		return viewErr
	}
	if err == nil {
		d.Done, err = call(v, v.c.o.Admin.ImportRules, req)
	}
	if err != nil {
		return v.showAgain(err, "rules", m)
	}
	if d.DryRun = req.GetDryRun(); d.DryRun {
		m.Form = form{"table": {req.GetTable()}}
		return v.showPage("rules", m)
	}
	done := d.Done
	if m, d, err = v.rulesView(); err != nil {
		return err
	}
	d.Done = done
	return v.showPage("rules", m)
}

// rulesAsked reads the file of a table.
func (v *visit) rulesAsked() (*adminv1.ImportRulesRequest, error) {
	if err := v.r.ParseMultipartForm(uploadMemory); err != nil {
		return nil, refused("文件没有收到，或太大。", "No file came, or it is too large.")
	}
	defer func() { _ = v.r.MultipartForm.RemoveAll() }() // What is left is the system's to remove.
	file, head, err := v.r.FormFile("file")
	if err != nil {
		return nil, refused("请选择文件。", "Choose a file.")
	}
	defer func() { _ = file.Close() }() // It was read only.
	text, err := io.ReadAll(io.LimitReader(file, cases.RulebookBytesMax+1))
	if err != nil || len(text) > cases.RulebookBytesMax {
		return nil, refused(fmt.Sprintf("表格最多%d字节。", cases.RulebookBytesMax), fmt.Sprintf("A table has at most %d bytes.", cases.RulebookBytesMax))
	}
	return &adminv1.ImportRulesRequest{Table: v.form("table"), Text: string(text), FileName: head.Filename, DryRun: v.form("act") != "do"}, nil
}

// tableNames are what people call the tables.
var tableNames = map[string][2]string{
	"clinics": {"门诊办理", "clinics"}, "terms": {"各步骤期限", "terms of steps"}, "triage": {"分诊规则", "triage"}, "grades": {"房屋等级", "grades of doors"},
	"cadences": {"走访周期", "cadences"}, "shifts": {"上门时间", "time at doors"}, cases.TableYear: {"某年节假日", "official days of a year"},
}

// table names a table of rules.
func (l language) table(name string) string {
	if w, ok := tableNames[name]; ok {
		return l.pick(w[0], w[1])
	}
	return name
}
