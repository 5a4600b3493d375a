package console_test

import (
	"testing"

	"onedoor/domain"
)

func TestStory_ACaseLeavesTheHouseWithItsPurposeOnRecord(t *testing.T) {
	b := as(t, domain.RoleReception, "/")
	at := walkIn(b, "案卷要打印")
	b.Type("[name=reason]", "法院调取案卷")
	b.Submit("form[action='" + at + "/export'] button")
	wantText(t, b, "main", "法院调取案卷")
	wantText(t, b, "main", "13800000001")
	look(b, "casefile")
	auditor := as(t, domain.RoleAuditor, "/ledger")
	wantText(t, auditor, ".list tbody", "法院调取案卷")
}

func TestStory_AResidentIsToldWhatIsHeldAndRefusedWithAReason(t *testing.T) {
	b := as(t, domain.RoleReception, "/")
	walkIn(b, "来问自己的信息")
	ask := func(kind string) {
		b.Go("/privacy")
		b.Choose("[name=kind]", kind)
		b.Type("[name=phone]", "13800000001")
		b.Type("[name=identity]", "当面出示证件")
		b.Submit("form[action='/privacy'] button")
	}
	ask("1")
	look(b, "request")
	b.Submit("button[value=access]")
	wantText(t, b, "main", "13800000001")
	wantText(t, b, ".status-line", "已办理")
	look(b, "request-held")
	ask("3")
	b.Submit("button[value=refuse]")
	if !b.Has("#problem") {
		t.Error("a request is refused without a reason")
	}
	b.Type("[name=reason]", "案件还在办理，依法保留")
	b.Submit("button[value=refuse]")
	wantText(t, b, ".status-line", "不予办理")
}
