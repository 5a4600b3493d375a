package console_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/domain"
	"onedoor/internal/browser"
)

// phoneOf enrols a phone with the code that a page shows.
func phoneOf(t *testing.T, code string) *client.Replica {
	t.Helper()
	phone, err := client.Open(filepath.Join(t.TempDir(), "phone"), make([]byte, client.KeyBytes), client.Options{DeviceName: "test", AppVersion: "test", Tries: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = phone.Close() })
	if err := phone.Enrol(t.Context(), scene.demo.Server(), code); err != nil {
		t.Fatal(err)
	}
	sync(t, phone)
	return phone
}

func sync(t *testing.T, phone *client.Replica) {
	t.Helper()
	if _, err := phone.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// joinCode makes a join code for a person on their page.
func joinCode(b *browser.Tab, name string) string {
	b.Go("/people?q=" + name)
	b.Submit(".list tbody a")
	b.Submit("button[value=join]")
	return b.Text(".code")
}

func TestStory_APhoneJoinsIsRevokedAndItsChangeIsReleased(t *testing.T) {
	operator := as(t, domain.RoleOperator, "/")
	code := joinCode(operator, "测试网格员01")
	look(operator, "person-join")
	phone := phoneOf(t, code)
	doors, err := phone.List(client.Query{Kind: "premises"})
	if err != nil || len(doors) == 0 {
		t.Fatalf("doors: %v, %v", doors, err)
	}
	door := doors[0].ID
	id, err := phone.Add(&recordv1.Hazard{PremisesId: door[:], Code: recordv1.HazardCode_HAZARD_CODE_GAS.Enum(), SeverityFound: recordv1.Severity_SEVERITY_SERIOUS.Enum(), Note: proto.String("软管老化")})
	if err != nil {
		t.Fatal(err)
	}

	operator.Go("/health")
	wantText(t, operator, ".list", "测试网格员01")
	row := browser.Eval[string](operator, "[...document.querySelectorAll('tr[id^=d-]')].find((r) => r.textContent.includes('test ·')).id")
	operator.Click("#" + row + " summary")
	operator.Type("#"+row+" [name=reason]", "手机丢失")
	operator.Submit("#" + row + " button.danger")
	wantText(t, operator, "#"+row, "已停用")
	if _, err := phone.Sync(t.Context()); err == nil {
		t.Log("a revoked phone is told so with its next exchange")
	}

	staff := as(t, domain.RoleCommunityStaff, "/quarantine")
	wantText(t, staff, ".list", "手机已停用")
	look(staff, "quarantine-waiting")
	staff.Submit(".list tbody a")
	wantText(t, staff, "main", "软管老化")
	look(staff, "waiting")
	staff.Type("[name=reason]", "情况属实")
	staff.Submit("button[value=release]")
	wantText(t, staff, ".notice.good", "已放行")
	staff.Go("/records/" + id.String())
	wantText(t, staff, "main", "软管老化")
}

func TestStory_AGridIsHandedOverAfterADryRun(t *testing.T) {
	b := as(t, domain.RoleOperator, "/handover")
	b.Choose("[name=grid]", browser.Eval[string](b, "[...document.querySelectorAll('[name=grid] option')].find((o) => o.textContent.includes('清溪')).value"))
	b.Choose("[name=to]", browser.Eval[string](b, "[...document.querySelectorAll('[name=to] option')].find((o) => o.textContent.includes('测试网格员05')).value"))
	b.Submit("button[value=plan]")
	wantText(t, b, "main", "交接会做这些")
	look(b, "handover-plan")
	doors := b.Text(".figure b")
	b.Submit("button[value=do]")
	wantText(t, b, ".notice.good", strings.ReplaceAll(doors, ",", ""))
}

func TestStory_AFileIsCheckedBeforeItIsImported(t *testing.T) {
	b := as(t, domain.RoleOperator, "/imports")
	// The browser takes files from its user alone, so the form is filled by a script as a drop would.
	fill := func(text string) {
		browser.Eval[bool](b, `(() => { const d = new DataTransfer(); d.items.add(new File([`+"`"+text+"`"+`], "people.csv", {type: "text/csv"})); document.querySelector("[name=file]").files = d.files; document.querySelector("[value=users]").checked = true; return true })()`)
	}
	fill("name,role,territory\n新来的,helper,530702001001\n")
	b.Submit("button[value=check]")
	wantText(t, b, "main", "检查通过")
	fill("name,role,territory\n坏的,no_such_role,530702001001\n")
	b.Submit("button[value=do]")
	wantText(t, b, "main", "没有导入")
	look(b, "imports-problems")
	fill("name,role,territory\n新来的,helper,530702001001\n")
	b.Submit("button[value=do]")
	wantText(t, b, "main", "已导入")
}

func TestStory_WhoIsAddedWithoutATerritoryIsSaidToSeeNothing(t *testing.T) {
	b := as(t, domain.RoleOperator, "/people")
	add := func(name string, role domain.Role) {
		b.Go("/people")
		b.Type("form.card [name=name]", name)
		b.Choose("form.card [name=role]", strconv.Itoa(int(role)))
		b.Submit("form[action='/people'][method=post] .primary")
		wantText(t, b, "h1", name)
	}
	add("没有辖区的", domain.RoleHelper)
	wantText(t, b, ".notice", "目前什么都看不到")
	add("区里来的", domain.RoleDistrict)
	if b.Has(".notice") {
		t.Errorf("of a role without a territory is said: %s", b.Text(".notice"))
	}
}

func TestStory_SomebodyIsInvitedAndSetsUpHowToSignIn(t *testing.T) {
	operator := as(t, domain.RoleOperator, "/people?q=测试受理员02")
	operator.Submit(".list tbody a")
	operator.Type("[name=name]", "desk2")
	operator.Submit("button[value=invite]")
	code := operator.Text(".code")
	b := tab(t)
	b.Go("/setup")
	b.Type("[name=code]", code)
	b.Type("[name=password]", "a long password for the desk")
	b.Type("[name=again]", "a long password for the desk")
	b.Submit("button.primary")
	if !b.Has("svg.qr") {
		t.Error("no QR code is shown")
	}
	look(b, "setup-authenticator")
	b.Type("[name=totp]", totpNow(t, b.Text(".secret")))
	b.Submit("button.primary")
	wantText(t, b, ".notice.good", "desk2")
}

// totpNow gives the digits that an authenticator with the key shows.
func totpNow(t *testing.T, secret string) string {
	t.Helper()
	digits, err := totp.GenerateCode(secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return digits
}

func TestStory_APageShowsWhatIsNewByItself(t *testing.T) {
	lead := as(t, domain.RoleStreetLead, "/cases?inbox=desk")
	desk := as(t, domain.RoleReception, "/")
	walkIn(desk, "刚刚登记的")
	lead.WaitFor("document.body.innerText.includes('刚刚登记的')")
}

// What is new while no line to the server is open is shown when one is: there is a moment without one behind every page.
func TestStory_APageShowsWhatCameBeforeItWasListening(t *testing.T) {
	lead := as(t, domain.RoleStreetLead, "/cases?inbox=desk")
	line := func(event string) {
		browser.Eval[bool](lead, "window.dispatchEvent(new PageTransitionEvent('"+event+"', {persisted: true}))")
	}
	line("pagehide")
	desk := as(t, domain.RoleReception, "/")
	walkIn(desk, "还没有人在听的")
	line("pageshow")
	lead.WaitFor("document.body.innerText.includes('还没有人在听的')")
}
