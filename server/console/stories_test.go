package console_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"onedoor/domain"
	"onedoor/internal/browser"
	"onedoor/server/accessledger"
	"onedoor/server/store"
)

// walkIn fills in the reception form for two neighbours and sends it; it gives the address of the case.
func walkIn(b *browser.Tab, title string) string {
	b.Go("/cases/new")
	b.Type("[name=title]", title)
	b.Choose("[name=territory]", browser.Eval[string](b, "[...document.querySelectorAll('[name=territory] option')].at(-1).value"))
	b.Choose("[name=category]", "2")
	b.Choose("[name=source]", "3")
	b.Type("[name=description]", "楼上装修漏水，吊顶泡坏")
	b.Type("[name='name.甲方']", "测试居民甲")
	b.Type("[name='phone.甲方']", "13800000001")
	b.Choose("[name='consent.甲方']", "1")
	b.Type("[name='name.乙方']", "测试居民乙")
	b.Choose("[name='consent.乙方']", "1")
	b.Submit("form[action='/cases/new'] button.primary")
	return strings.Split(b.Address(), "?")[0]
}

func wantText(t *testing.T, b *browser.Tab, selector, want string) {
	t.Helper()
	if got := b.Text(selector); !strings.Contains(got, want) {
		b.Picture("failed-" + t.Name())
		t.Errorf("%s: %s says %q, want %q in it", b.Address(), selector, got, want)
	}
}

func TestStory_AWalkInIsRegisteredTriagedAssignedAndSettled(t *testing.T) {
	desk := as(t, domain.RoleReception, "/")
	at := walkIn(desk, "楼上漏水纠纷")
	wantText(t, desk, "h1", "楼上漏水纠纷")
	wantText(t, desk, ".status-line", "已登记")
	wantText(t, desk, "aside", "13800000001")
	look(desk, "case-registered")
	desk.Go(at + "/steps/accept")
	desk.Submit("form[data-guard] .primary")
	wantText(t, desk, ".status-line", "已受理")
	if desk.Has("a[href$='/steps/triage']") {
		t.Error("reception is offered to triage")
	}

	dispatcher := as(t, domain.RoleDispatcher, at)
	dispatcher.Submit("a[href$='/steps/triage']")
	dispatcher.Click("input[name=clinic][value='1']")
	look(dispatcher, "step-triage")
	dispatcher.Submit("form[data-guard] .primary")
	wantText(t, dispatcher, ".status-line", "普通门诊")
	dispatcher.Submit("a[href$='/steps/assign']")
	dispatcher.Choose("[name=mediator]", browser.Eval[string](dispatcher, "[...document.querySelectorAll('[name=mediator] option')].find((o) => o.textContent.includes('调解员01')).value"))
	dispatcher.Submit("form[data-guard] .primary")
	wantText(t, dispatcher, ".status-line", "已指派")

	mediator := as(t, domain.RoleMediator, "/")
	wantText(t, mediator, "main", "楼上漏水纠纷")
	for _, step := range []string{"handle", "agree"} {
		mediator.Go(at + "/steps/" + step)
		if step == "agree" {
			mediator.Choose("[name=agreement_form]", "2")
			mediator.Type("[name=agreement_text]", "乙方三日内修好，甲方不再追究")
		}
		mediator.Submit("form[data-guard] .primary")
	}
	wantText(t, mediator, ".status-line", "达成协议")
	wantText(t, mediator, ".timeline", "达成协议")
	look(mediator, "case-agreed")
}

func TestStory_AStepThatTheRulesRefuseSaysWhyAndKeepsWhatWasTyped(t *testing.T) {
	b := as(t, domain.RoleReception, "/")
	b.Go("/cases/new")
	b.Type("[name=title]", "当场和解")
	b.Choose("[name=territory]", browser.Eval[string](b, "[...document.querySelectorAll('[name=territory] option')].at(-1).value"))
	b.Click("[name=on_the_spot]")
	b.Type("[name=agreement_text]", "互相道歉")
	b.Submit("form[action='/cases/new'] button.primary")
	wantText(t, b, "#problem", "各方当事人的同意")
	if got := browser.Eval[string](b, "document.querySelector('[name=title]').value + document.querySelector('[name=agreement_text]').value"); got != "当场和解互相道歉" {
		t.Errorf("of what was typed there is left: %q", got)
	}
	for _, alias := range []string{"甲方", "乙方"} {
		b.Choose("[name='consent."+alias+"']", "1")
	}
	b.Submit("form[action='/cases/new'] button.primary")
	wantText(t, b, ".status-line", "已办结")
}

func TestStory_AnOverdueCaseIsFoundAndSupervised(t *testing.T) {
	b := as(t, domain.RoleStreetLead, "/overview")
	b.Submit("a[href='/cases?inbox=overdue']")
	wantText(t, b, "main", "超期")
	b.Submit(".list tbody a")
	b.Submit("a[href$='/steps/supervise']")
	b.Type("[name=text]", "请今天内办理并反馈")
	b.Submit("form[data-guard] .primary")
	wantText(t, b, ".timeline", "请今天内办理并反馈")
	wantText(t, b, "main", "任务与督办")
	look(b, "case-supervised")
}

func TestStory_ADepartmentFindsTheCaseThatWasRoutedToItAndNoOther(t *testing.T) {
	desk := as(t, domain.RoleReception, "/")
	at := walkIn(desk, "房屋漏雨要住建部门")
	desk.Go(at + "/steps/accept")
	desk.Submit("form[data-guard] .primary")
	dispatcher := as(t, domain.RoleDispatcher, at+"/steps/triage")
	dispatcher.Click("input[name=clinic][value='2']")
	dispatcher.Submit("form[data-guard] .primary")
	dispatcher.Go(at + "/steps/assign")
	dispatcher.Choose("[name=mediator]", browser.Eval[string](dispatcher, "[...document.querySelectorAll('[name=mediator] option')].find((o) => o.textContent.includes('调解员02')).value"))
	dispatcher.Click("[name=departments]")
	dispatcher.Submit("form[data-guard] .primary")
	wantText(t, dispatcher, "aside", "住房和城乡建设局")

	handler := as(t, domain.RoleDepartment, "/")
	wantText(t, handler, ".list", "房屋漏雨要住建部门")
	if n := browser.Eval[int](handler, "document.querySelectorAll('.list tbody tr').length"); n != 1 {
		t.Errorf("the department is shown %d cases", n)
	}
	handler.Submit(".list tbody a")
	if handler.Has(".contact") {
		t.Error("the department is shown a party's contact")
	}
	look(handler, "case-department")
}

func TestStory_AConflictIsResolvedWithTheOtherValue(t *testing.T) {
	b := as(t, domain.RoleCommunityStaff, "/conflicts")
	const choosable = ".card:has(.value:not(.stands) button)"
	id := browser.Eval[string](b, "document.querySelector('"+choosable+"').id")
	chosen := b.Text("#" + id + " .value:not(.stands) .value-text")
	record := browser.Eval[string](b, "document.querySelector('#"+id+" h2 a').getAttribute('href')")
	b.Submit("#" + id + " .value:not(.stands) button")
	wantText(t, b, ".notice.good", "已处理")
	if b.Has("#" + id) {
		t.Error("the conflict is still listed")
	}
	b.Go(record)
	wantText(t, b, "main", strings.Split(chosen, "\n")[0])
	look(b, "record")
}

func TestStory_TheDistrictDrillsDownToCommunitiesAndSeesNoGridAndNoDoor(t *testing.T) {
	b := as(t, domain.RoleDistrict, "/")
	for range 2 {
		b.Submit("#areas tbody a")
	}
	if b.Has("#areas") {
		t.Error("the district is shown grids")
	}
	b.Go("/overview?area=530702001001001")
	wantText(t, b, ".notice.bad", "不在您的辖区")
	b.Go("/conflicts")
	shown := browser.Eval[string](b, "[...document.querySelectorAll('.card h2')].map((h) => h.innerText).join('; ')")
	for _, kind := range []string{"房屋", "走访", "隐患"} {
		if strings.Contains(shown, kind) {
			t.Errorf("the district is shown conflicts of doors: %s", shown)
		}
	}
}

func TestStory_WhatARoleMayNotDoIsAbsentAndRefused(t *testing.T) {
	b := as(t, domain.RoleReception, "/")
	for _, path := range []string{"/people", "/health", "/ledger", "/handover", "/imports", "/teams"} {
		if b.Has("nav a[href='" + path + "']") {
			t.Errorf("reception is offered %s", path)
		}
		b.Go(path)
		if !b.Has(".notice.bad") {
			t.Errorf("reception is shown %s", path)
		}
	}
	b.Go("/nowhere")
	wantText(t, b, ".notice.bad", "没有这个页面")
	look(b, "problem")
}

func TestStory_TheLanguageIsSwitchedAndKept(t *testing.T) {
	b := as(t, domain.RoleStreetLead, "/cases")
	b.Submit(".top .who form.language button")
	wantText(t, b, "h1", "Cases")
	b.Go("/overview")
	wantText(t, b, "main", "Open cases")
	if lang := browser.Eval[string](b, "document.documentElement.lang"); lang != "en" {
		t.Errorf("the page says that it is written in %q", lang)
	}
	look(b, "overview-english")
	b.Submit(".top .who form.language button")
	wantText(t, b, "main", "未办结案件")
}

func TestStory_AllIsDoneWithTheKeyboardAlone(t *testing.T) {
	b := tab(t)
	b.Go("/cases/new")
	d := desk(t, domain.RoleReception)
	b.TabTo("[name=name]")
	b.Keys(d.Name)
	b.TabTo("[name=password]")
	b.Keys(d.Password)
	b.TabTo("[name=code]")
	b.Keys(code(t, d))
	b.Press()
	b.TabTo("[name=title]")
	b.Keys("keyboard only")
	b.TabTo("[name=territory]")
	b.Keys(kb.ArrowDown, kb.ArrowDown)
	b.TabTo("form[action='/cases/new'] button.primary")
	b.Press()
	wantText(t, b, "h1", "keyboard only")
	b.TabTo("a[href$='/steps/accept']")
	b.Press()
	b.TabTo("form[data-guard] .primary")
	b.Press()
	wantText(t, b, ".status-line", "已受理")
}

func TestStory_AFormWhoseSessionHasEndedKeepsItsText(t *testing.T) {
	b := afresh(t, domain.RoleCommunityStaff, "/cases/new")
	b.Type("[name=title]", "登录过期前写的")
	b.Type("[name=description]", "很长的一段话，不想再打一遍")
	b.Choose("[name=territory]", browser.Eval[string](b, "[...document.querySelectorAll('[name=territory] option')].at(-1).value"))
	// Somebody signs out in another tab of the same browser.
	if ok := browser.Eval[bool](b, "fetch('/signout', {method: 'POST'}).then((r) => r.ok)"); !ok {
		t.Fatal("not signed out")
	}
	b.Submit("form[action='/cases/new'] button.primary")
	wantText(t, b, ".notice.warn", "内容还在")
	signIn(t, b, desk(t, domain.RoleCommunityStaff))
	wantText(t, b, "main", "很长的一段话")
	look(b, "resume")
	b.Submit("form[action='/cases/new'] button.primary")
	wantText(t, b, "h1", "登录过期前写的")
}

func TestStory_AFormWithAFileWhoseSessionHasEndedKeepsItsOtherFields(t *testing.T) {
	b := afresh(t, domain.RoleOperator, "/rules")
	const table = "version,effective_from,turn,days,source\\n2027-1,2027-01-01,hotel,21,test\\n"
	fill := func() {
		browser.Eval[bool](b, "(() => { const d = new DataTransfer(); d.items.add(new File([`"+table+"`], 'cadences.csv', {type: 'text/csv'})); document.querySelector('[name=file]').files = d.files; return true })()")
	}
	b.Choose("[name=table]", "cadences")
	fill()
	if ok := browser.Eval[bool](b, "fetch('/signout', {method: 'POST'}).then((r) => r.ok)"); !ok {
		t.Fatal("not signed out")
	}
	b.Submit("button[value=check]")
	signIn(t, b, desk(t, domain.RoleOperator))
	wantText(t, b, "main", "cadences")
	wantText(t, b, ".notice.warn", "文件要重新选择")
	look(b, "resume-file")
	fill()
	b.Submit("form[action='/rules'] button.primary")
	wantText(t, b, ".notice", "检查通过")
}

func TestStory_TheLedgerTellsWhoSawAContact(t *testing.T) {
	desk := as(t, domain.RoleReception, "/")
	walkIn(desk, "台账里看得到")
	b := as(t, domain.RoleAuditor, "/ledger")
	wantText(t, b, ".list tbody", "控制台查看")
	wantText(t, b, ".list tbody", "当事人联系方式")
}

// looked gives what the access ledger tells of people at desks, from an entry on.
func looked(t *testing.T, after uint64) (out []accessledger.Entry) {
	t.Helper()
	err := scene.demo.View(t.Context(), func(r store.Reader) error {
		return accessledger.Walk(r, accessledger.Filter{After: after}, func(e accessledger.Entry) bool {
			if e.Actor.Device.IsZero() && !e.Actor.User.IsZero() {
				out = append(out, e)
			}
			return true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestStory_OneLookIsOneEntryOfTheLedger(t *testing.T) {
	b := as(t, domain.RoleStreetLead, "/cases")
	for path, of := range map[string]string{
		"/overview": "coverage", "/reports?figure=bulletin": "coverage", "/reports?figure=inspection": "found", "/reports/file?form=xlsx&figure=inspection": "found",
	} {
		all := looked(t, 0)
		before := all[len(all)-1].Number
		if strings.Contains(path, "/file") {
			browser.Eval[int](b, "fetch('"+path+"').then((r) => r.arrayBuffer()).then((f) => f.byteLength)")
		} else {
			b.Go(path)
		}
		noted := looked(t, before)
		if len(noted) != 1 || noted[0].Action != accessledger.Export || !strings.HasPrefix(noted[0].Place, of+" ") || !strings.HasPrefix(noted[0].Reason, "report, with ") {
			t.Errorf("%s is noted as %+v", path, noted)
		}
	}
}
