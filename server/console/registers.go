package console

import (
	"fmt"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
)

// registerTab is one register that the law asks for.
type registerTab struct {
	Name, Label, Hint string
	Kind              adminv1.PrivacyRegisterKind
	Current           bool
}

// registerTabs are the registers, in the order of the law's articles.
func (v *visit) registerTabs() []registerTab {
	return []registerTab{
		{Name: "sharing", Kind: adminv1.PrivacyRegisterKind_PRIVACY_REGISTER_KIND_SHARING, Label: v.lang.pick("对外提供", "Sharing"),
			Hint: v.lang.pick("把个人信息交给别的单位，都要登记（个人信息保护法第二十三条）。", "Every handing over of personal data to others stands here (Personal Information Protection Law, article 23).")},
		{Name: "assessment", Kind: adminv1.PrivacyRegisterKind_PRIVACY_REGISTER_KIND_ASSESSMENT, Label: v.lang.pick("影响评估", "Assessments"),
			Hint: v.lang.pick("处理前的影响评估，至少保存三年（第五十五、五十六条）。", "Impact assessments, kept three years at least (articles 55 and 56).")},
		{Name: "incident", Kind: adminv1.PrivacyRegisterKind_PRIVACY_REGISTER_KIND_INCIDENT, Label: v.lang.pick("安全事件", "Incidents"),
			Hint: v.lang.pick("泄露、篡改、丢失都要登记；系统会列出可能涉及的记录（第五十七条）。", "Leaks, tampering and losses; the records that may be concerned are listed (article 57).")},
	}
}

type registersData struct {
	Tabs      []registerTab
	Now       registerTab
	Entries   []*adminv1.RegisterEntry
	Directory *directory
	MayFile   bool
	// Filed is the entry just made, Affected the records that an incident may concern.
	Filed    *adminv1.RegisterEntry
	Affected []heldRecord
}

// registersPage shows a register.
func (v *visit) registersPage() error {
	m, _, err := v.registersView()
	if err != nil {
		return err
	}
	return v.showPage("registers", m)
}

func (v *visit) registersView() (*view, *registersData, error) {
	d := &registersData{Tabs: v.registerTabs(), MayFile: v.may("FileEntry")}
	wanted := orElse(v.form("register"), orElse(v.query("register"), d.Tabs[0].Name))
	for i := range d.Tabs {
		if d.Tabs[i].Name == wanted {
			d.Tabs[i].Current, d.Now = true, d.Tabs[i]
		}
	}
	if d.Now.Kind == 0 {
		return nil, nil, errNoPage
	}
	out, err := call(v, v.c.o.Privacy.ListEntries, &adminv1.ListEntriesRequest{Register: d.Now.Kind})
	if err != nil {
		return nil, nil, err
	}
	for _, e := range out.GetEntries() {
		d.Entries = append([]*adminv1.RegisterEntry{e}, d.Entries...)
	}
	d.Directory, err = v.directory()
	return &view{Title: v.lang.pick("合规登记", "Registers"), Section: "/registers", Data: d}, d, err
}

// fileEntry adds an entry to a register; of an incident it shows which records it may concern.
func (v *visit) fileEntry() error {
	m, d, err := v.registersView()
	if err != nil {
		return err
	}
	f := v.fields()
	entry := &adminv1.RegisterEntry{
		Register: d.Now.Kind, What: v.form("what"), Recipient: v.form("recipient"), Purpose: v.form("purpose"), RecordIds: f.idLines("records"),
		SinceMs: f.minute("since"), UntilMs: f.minute("until"), DeviceId: f.id("device"), UserId: f.id("user"),
	}
	err = f.err
	var out *adminv1.FileEntryResponse
	if err == nil {
		out, err = call(v, v.c.o.Privacy.FileEntry, &adminv1.FileEntryRequest{Entry: entry})
	}
	if err != nil {
		return v.showAgain(err, "registers", m)
	}
	if m, d, err = v.registersView(); err != nil {
		return err
	}
	d.Filed = out.GetEntry()
	for _, a := range out.GetAffected() {
		d.Affected = append(d.Affected, heldRecord{Kind: v.lang.kind(a.GetRecordKind()) + " " + shortID(a.GetRecordId()), Address: recordAddress(a.GetRecordKind(), a.GetRecordId())})
	}
	return v.showPage("registers", m)
}

// retentionData is what the page of retention shows.
type retentionData struct {
	Periods        []periodLine
	Holds          []*adminv1.LegalHold
	LastRunMs      int64
	Directory      *directory
	MaySet, MayRun bool
	MayHold        bool
	Run            *adminv1.RunRetentionResponse
	DryRun         bool
	Flash          string
}

// periodLine is one period of retention.
type periodLine struct {
	Name, What, After string
	Days              uint32
}

// retentionPage shows how long what is kept, what is held by law, and what a run would destroy.
func (v *visit) retentionPage() error {
	m, _, err := v.retentionView()
	if err != nil {
		return err
	}
	return v.showPage("retention", m)
}

func (v *visit) retentionView() (*view, *retentionData, error) {
	out, err := call(v, v.c.o.Privacy.GetRetention, &adminv1.GetRetentionRequest{})
	if err != nil {
		return nil, nil, err
	}
	p := out.GetPeriods()
	line := func(name, zh, en, afterZH, afterEN string, days uint32) periodLine {
		return periodLine{name, v.lang.pick(zh, en), v.lang.pick(afterZH, afterEN), days}
	}
	d := &retentionData{
		Holds: out.GetHolds(), LastRunMs: out.GetLastRunMs(), MaySet: v.may("SetRetention"), MayRun: v.may("RunRetention"), MayHold: v.may("Hold"),
		Periods: []periodLine{
			line("notes", "走访、隐患和任务的备注", "Notes of visits, hazards and tasks", "写下之后", "after they were written", p.GetVisitNoteDays()),
			line("contacts", "房屋联系人", "The contact of a door", "房屋作废之后", "after the door became void", p.GetContactDays()),
			line("case_contacts", "案件当事人的联系方式", "Contacts of a case", "办结之后", "after it was closed", p.GetCaseContactDays()),
			line("case_files", "案件内容", "The texts of a case", "办结之后", "after it was closed", p.GetCaseFileDays()),
			line("ledger", "查阅台账", "The access ledger", "记入之后", "after the entry was made", p.GetLedgerDays()),
			line("backups", "备份", "Backups", "备份之后", "after they were made", p.GetBackupDays()),
		},
	}
	d.Directory, err = v.directory()
	return &view{Title: v.lang.pick("保存期限", "Retention"), Section: "/retention", Data: d}, d, err
}

// actOnRetention sets the periods, sets or lifts a legal hold, or runs what expires.
func (v *visit) actOnRetention() error {
	f := v.fields()
	days := func(name string) uint32 {
		n, _ := f.number(name)
		return uint32(min(n, 1<<31))
	}
	var run *adminv1.RunRetentionResponse
	var flash string
	var err error
	act := v.form("act")
	switch act {
	case "set":
		periods := &adminv1.RetentionPeriods{
			VisitNoteDays: days("notes"), ContactDays: days("contacts"), CaseContactDays: days("case_contacts"), CaseFileDays: days("case_files"),
			LedgerDays: days("ledger"), BackupDays: days("backups"),
		}
		if err = f.err; err == nil {
			_, err = call(v, v.c.o.Privacy.SetRetention, &adminv1.SetRetentionRequest{Periods: periods})
		}
		flash = v.lang.pick("已保存，从下一次到期清理起有效。", "Saved; it counts from the next run on.")
	case "hold", "lift":
		req := &adminv1.HoldRequest{RecordId: f.id("record"), Reason: v.form("reason"), Lift: act == "lift"}
		if err = f.err; err == nil {
			_, err = call(v, v.c.o.Privacy.Hold, req)
		}
		flash = v.lang.pick("已登记。", "It stands now.")
	case "check", "run":
		run, err = call(v, v.c.o.Privacy.RunRetention, &adminv1.RunRetentionRequest{DryRun: act == "check"})
	default:
		err = errNoPage
	}
	m, d, viewErr := v.retentionView()
	if viewErr != nil {
		return viewErr
	}
	if err != nil {
		return v.showAgain(err, "retention", m)
	}
	if d.Run, d.DryRun = run, act == "check"; run == nil {
		d.Flash = flash
	}
	return v.showPage("retention", m)
}

// retentionClass names a class of retention.
func (l language) retentionClass(n int32) string {
	words := [...][2]string{{"其他", "other"}, {"走访备注", "notes of visits"}, {"房屋联系人", "contacts of doors"}, {"当事人联系方式", "contacts of cases"}, {"案件内容", "texts of cases"}}
	if n < 0 || int(n) >= len(words) {
		return fmt.Sprint(n)
	}
	return l.pick(words[n][0], words[n][1])
}
