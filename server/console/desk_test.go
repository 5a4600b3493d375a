package console_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"onedoor/domain"
	"onedoor/internal/browser"
)

// choose gives the value of the first option whose words hold a text.
func choose(b *browser.Tab, selector, words string) string {
	return browser.Eval[string](b, "[...document.querySelectorAll(\""+selector+" option\")].find((o) => o.value && o.textContent.includes('"+words+"')).value")
}

// attach puts a file into a form, as a drop would: the browser takes files from its user alone.
func attach(b *browser.Tab, name, text string) {
	browser.Eval[bool](b, "(() => { const d = new DataTransfer(); d.items.add(new File([`"+text+"`], '"+name+"', {type: 'text/csv'})); document.querySelector('[name=file]').files = d.files; return true })()")
}

func TestStory_AHazardIsFoundBySeverityRuledAndHandedOverByKeyboard(t *testing.T) {
	b := as(t, domain.RoleCommunityStaff, "/hazards")
	b.TabTo("select[name=state]")
	b.Keys(kb.ArrowDown) // Those that were found and nothing else.
	b.TabTo(".filter button")
	b.Press()
	for _, state := range browser.Eval[[]string](b, "[...document.querySelectorAll('.list tbody td[data-label=状态]')].map((c) => c.innerText)") {
		if state != "已发现" {
			t.Errorf("a hazard that is %s among those that were found", state)
		}
	}
	b.TabTo(".list tbody a")
	b.Press()
	at := b.Address()
	look(b, "hazard")
	b.TabTo("a[href$='/steps/rule']")
	b.Press()
	look(b, "hazard-step")
	b.TabTo("[name=severity]")
	b.Keys(kb.ArrowDown, kb.ArrowDown) // Major is the third.
	b.TabTo("[name=text]")
	b.Keys("officer and staff agree")
	b.TabTo("form[data-guard] .primary")
	b.Press()
	wantText(t, b, ".status-line", "重大")
	wantText(t, b, ".timeline", "officer and staff agree")
	b.Go(strings.Split(at, "?")[0] + "/steps/hand-over")
	b.Choose("[name=to]", choose(b, "[name=to]", "住房"))
	b.Submit("form[data-guard] .primary")
	wantText(t, b, ".status-line", "已移交")

	handler := as(t, domain.RoleDepartment, "/hazards?inbox=department")
	handler.Submit(".list tbody a")
	handler.Submit("a[href$='/steps/acknowledge']")
	handler.Submit("form[data-guard] .primary")
	wantText(t, handler, ".timeline", "签收")
	look(handler, "hazard-department")
}

func TestStory_OfficialDaysAreCheckedThenImportedForEveryPhone(t *testing.T) {
	b := as(t, domain.RoleOperator, "/rules")
	b.Choose("[name=table]", "cadences")
	attach(b, "cadences.csv", "turn,days\nhotel,a week\n")
	b.Submit("button[value=check]")
	if !b.Has("#problem") {
		t.Error("a table of another shape is taken")
	}
	look(b, "rules-refused")
	const table = "version,effective_from,turn,days,source\\n2027-1,2027-01-01,hotel,21,区里通知\\n"
	for _, act := range []string{"check", "do"} {
		b.Choose("[name=table]", "cadences")
		attach(b, "cadences.csv", table)
		b.Submit("button[value=" + act + "]")
	}
	wantText(t, b, ".notice.good", "已导入")
	wantText(t, b, ".list", "测试管理员")
	b.Go("/rules?date=2027-02-01")
	wantText(t, b, "main", "21")
	lead := as(t, domain.RoleStreetLead, "/rules")
	if lead.Has("form[action='/rules'] [name=file]") {
		t.Error("a street lead is offered to import tables")
	}
}

func TestStory_AResidentHasATelephoneNumberCorrected(t *testing.T) {
	b := as(t, domain.RoleReception, "/")
	at := walkIn(b, "电话登记错了")
	b.Go("/privacy")
	b.Choose("[name=kind]", "2")
	b.Type("[name=record]", strings.TrimPrefix(at, "/cases/"))
	b.Type("[name=identity]", "当面出示证件")
	b.Submit("form[action='/privacy'] button")
	b.Type("[name='correct.party_contacts.甲方.phone']", "13900000009")
	b.Type("[name=reason]", "本人说明号码有误")
	look(b, "request-correct")
	b.Submit("button[value=correct]")
	wantText(t, b, ".status-line", "已办理")
	b.Go(at)
	wantText(t, b, "aside", "13900000009")
	wantText(t, b, "aside", "测试居民甲")
}

func TestStory_RegistersAndLegalHoldsAreKept(t *testing.T) {
	b := as(t, domain.RoleReception, "/")
	record := strings.TrimPrefix(walkIn(b, "法院调取"), "/cases/")
	b.Go("/registers")
	b.Type("[name=what]", "案件联系方式")
	b.Type("[name=recipient]", "古城区人民法院")
	b.Type("[name=purpose]", "司法确认，单独同意")
	b.Type("[name=records]", record)
	b.Submit("form[action='/registers'] button")
	wantText(t, b, ".notice.good", "已登记")
	look(b, "registers-filed")
	b.Go("/retention")
	b.Type("[name=record]", record)
	b.Type("[name=reason]", "法院调取案卷")
	b.Submit("button[value=hold]")
	wantText(t, b, "aside", "法院调取案卷")
	if b.Has("button[value=set]") || b.Has("button[value=check]") {
		t.Error("reception is offered to set or run retention")
	}
	look(b, "retention-held")
	b.Submit("button[value=lift]")
	if strings.Contains(b.Text("aside"), "法院调取案卷") {
		t.Error("the hold stands after it was lifted")
	}
	operator := as(t, domain.RoleOperator, "/retention")
	operator.Submit("button[value=check]")
	wantText(t, operator, "main", "现在清理会销毁")
	look(operator, "retention-dry-run")
}

func TestStory_SomebodyIsGrantedMoreAndHelpsForAWhile(t *testing.T) {
	b := as(t, domain.RoleOperator, "/people?q=测试民警01")
	b.Submit(".list tbody a")
	grants := func() int { return browser.Eval[int](b, "document.querySelectorAll('.quiet[value=take-back]').length") }
	before := grants()
	b.Click("details.act:has([name=role]) summary")
	b.Choose("[name=role]", choose(b, "[name=role]", "民警"))
	b.Choose("[name=territory]", choose(b, "[name=territory]", "义正"))
	b.Submit("button[value=grant]")
	if now := grants(); now != before+1 {
		t.Errorf("%d grants of a person's, were %d", now, before)
	}
	look(b, "person-granted")
	b.Submit("[value=take-back]")
	if now := grants(); now != before {
		t.Errorf("%d grants of a person's after one was taken back, were %d", now, before)
	}
	b.Click("details.act:has([name=doors]) summary")
	b.Choose("[name=help_in]", choose(b, "[name=help_in]", "义正"))
	b.Submit("button[value=assign]")
	wantText(t, b, "#problem", "填写到哪一天")
	until := time.Now().AddDate(0, 1, 0)
	browser.Eval[bool](b, "(document.querySelector('[name=help_until]').value = '"+until.Format(time.DateOnly)+"', true)")
	b.Submit("button[value=assign]")
	wantText(t, b, ".notice.good", until.Format("2006年1月2日"))
	b.Click("details.act:has([name=doors]) summary")
	b.Type("[name=doors]", "no door")
	browser.Eval[bool](b, "(document.querySelector('button[value=assign]').scrollIntoView(), true)")
	b.Submit("button[value=assign]")
	wantText(t, b, "#problem", "不是编号")
}

func TestStory_ACaseIsKeptAsPDF(t *testing.T) {
	b := as(t, domain.RoleReception, "/")
	at := walkIn(b, "要PDF案卷")
	head := browser.Eval[string](b, "fetch('"+at+"/export', {method: 'POST', headers: {'Content-Type': 'application/x-www-form-urlencoded'}, body: 'as=pdf&reason='+encodeURIComponent('法院调阅')}).then((r) => r.text()).then((t) => t.slice(0, 5))")
	if head != "%PDF-" {
		t.Errorf("the file begins with %q", head)
	}
	wantText(t, as(t, domain.RoleAuditor, "/ledger"), ".list tbody", "法院调阅")
}

func TestStory_TheDistrictPullsTheOfficesSheetsAndGoesDownToCommunities(t *testing.T) {
	b := as(t, domain.RoleDistrict, "/reports?figure=bulletin")
	if n := browser.Eval[int](b, "document.querySelectorAll('.report').length"); n != 7 {
		t.Errorf("the bulletin has %d figures", n)
	}
	look(b, "report-bulletin")
	if head := browser.Eval[string](b, "fetch(document.querySelector('a[href*=\"form=xlsx\"]').href).then((r) => r.text()).then((t) => t.slice(0, 2))"); head != "PK" {
		t.Errorf("the workbook begins with %q", head)
	}
	b.Go("/reports?figure=found")
	b.Submit(".report tbody a")
	if b.Has(".report tbody a") {
		t.Error("the district is led to grids")
	}
	places := browser.Eval[[]string](b, "[...document.querySelectorAll('.report tbody th')].map((c) => c.innerText)")
	if !slices.ContainsFunc(places, func(name string) bool { return strings.Contains(name, "居委会") }) {
		t.Errorf("below the street there is %v", places)
	}
	b.Submit(".trail a")
	wantText(t, b, ".report", "街道")
}

func TestStory_TheLedgerIsSearchedByName(t *testing.T) {
	b := as(t, domain.RoleAuditor, "/ledger")
	b.Type("[name=name]", "测试受理员")
	b.Submit(".filter button")
	if b.Has(".inline a") { // Several are called so: one is chosen.
		b.Submit(".inline a")
	}
	for _, who := range browser.Eval[[]string](b, "[...document.querySelectorAll('.list tbody td[data-label=谁]')].map((c) => c.innerText)") {
		if !strings.Contains(who, "测试受理员") && who != "管理员令牌" && !strings.Contains(who, "测试管理员") {
			t.Errorf("an entry of %s", who)
		}
	}
	b.Go("/ledger?name=nobody+is+called+so")
	wantText(t, b, ".notice.bad", "没有叫这个名字")
}

func TestStory_LongListsAreTurnedPageByPage(t *testing.T) {
	b := as(t, domain.RoleStreetLead, "/cases")
	seen := map[string]bool{}
	for {
		for _, at := range browser.Eval[[]string](b, "[...document.querySelectorAll('.list tbody a')].map((a) => a.getAttribute('href'))") {
			if seen[at] {
				t.Errorf("%s stands on two pages", at)
			}
			seen[at] = true
		}
		if !b.Has(".pager [rel=next]") {
			break
		}
		b.Submit(".pager [rel=next]")
	}
	if len(seen) <= 50 || !b.Has(".pager [rel=first]") {
		t.Errorf("%d cases on all pages", len(seen))
	}
}
