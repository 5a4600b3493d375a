package console

import (
	"fmt"
	"strings"
	"time"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/recordwords"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// ledgerPerPage is what is looked through at one go.
const ledgerPerPage = 50

// ledgerLine is an entry of the access ledger.
type ledgerLine struct {
	*adminv1.AccessEntry
	Act, Seen, Who string
}

type ledgerData struct {
	Entries      []ledgerLine
	Newer, Older string
	Directory    *directory
	User         string
	Since, Until string
}

// ledgerPage shows the newest entries of the access ledger, or those of a person and of a time.
func (v *visit) ledgerPage() error {
	req := &adminv1.ReadAccessLedgerRequest{NewestFirst: true, Limit: ledgerPerPage + 1, BeforeNumber: uint64(queryNumber(v, "before"))}
	d := &ledgerData{User: v.query("user"), Since: v.query("since"), Until: v.query("until")}
	if id, err := wire.ParseID(d.User); err == nil {
		req.UserId = id[:]
	}
	req.SinceMs, req.UntilMs = dayOf(d.Since, 0), dayOf(d.Until, 1)
	out, err := gather(named(v.ctx, req), v.c.o.Admin.ReadAccessLedger, req)
	if err != nil {
		return err
	}
	if d.Directory, err = v.directory(); err != nil {
		return err
	}
	for i, m := range out {
		if i == ledgerPerPage {
			d.Older = v.with("before", fmt.Sprint(out[i-1].GetEntry().GetNumber()))
			break
		}
		d.Entries = append(d.Entries, v.ledgerLine(m.GetEntry()))
	}
	if req.GetBeforeNumber() != 0 {
		d.Newer = v.with("before", "")
	}
	return v.showPage("ledger", &view{Title: v.lang.pick("查阅台账", "Access ledger"), Section: "/ledger", Data: d})
}

// dayOf gives the beginning of a day so many days after the one written; 0 where none is.
func dayOf(text string, later int) int64 {
	at, err := time.ParseInLocation(time.DateOnly, text, shanghai)
	if err != nil {
		return 0
	}
	return at.AddDate(0, 0, later).UnixMilli()
}

// with gives this page's address with another value of one field.
func (v *visit) with(name, value string) string {
	q := v.r.URL.Query()
	q.Set(name, value)
	if value == "" {
		q.Del(name)
	}
	return v.r.URL.Path + "?" + q.Encode()
}

func (v *visit) ledgerLine(e *adminv1.AccessEntry) ledgerLine {
	line := ledgerLine{AccessEntry: e, Act: v.actWords(e.GetAction()), Who: e.GetUserName()}
	if line.Who == "" {
		line.Who = v.lang.pick("服务器", "the server")
		if e.GetOperator() {
			line.Who = v.lang.pick("管理员令牌", "the operator's token")
		}
	}
	var seen []string
	for _, t := range e.GetRecords() {
		seen = append(seen, v.touched(t))
	}
	for _, id := range e.GetAboutUsers() {
		if string(id) != string(e.GetUserId()) {
			seen = append(seen, v.known.Person(id))
		}
	}
	line.Seen = strings.Join(seen, v.lang.pick("；", "; "))
	return line
}

// touched says which fields of how many records were seen.
func (v *visit) touched(t *adminv1.AccessedRecords) string {
	kind := kindOf(t.GetRecordKind())
	var names []string
	for _, n := range t.GetFields() {
		if kind != nil {
			if f, ok := kind.Field(syncengine.FieldNumber(n)); ok {
				names = append(names, recordwords.Field(f.Name).In(string(v.lang)))
			}
		}
	}
	out := fmt.Sprintf(v.lang.pick("%d条%s", "%d × %s"), len(t.GetRecordIds()), v.lang.kind(t.GetRecordKind()))
	if len(names) > 0 {
		out += v.lang.pick("的", ": ") + strings.Join(names, v.lang.pick("、", ", "))
	}
	return out
}

// actWords says what was done.
func (v *visit) actWords(a adminv1.AccessAction) string {
	if w, ok := actWords[a]; ok {
		return v.lang.pick(w[0], w[1])
	}
	return strings.ToLower(strings.TrimPrefix(a.String(), "ACCESS_ACTION_"))
}

// actWords are the acts of the access ledger by number, in both languages.
var actWords = map[adminv1.AccessAction][2]string{
	1: {"手机同步", "sync"}, 2: {"查看记录缘由", "explained a record"}, 3: {"查看冲突", "read conflicts"}, 4: {"查看待审更改", "read a waiting change"}, 5: {"读取日志", "read the log"},
	6: {"导出", "export"}, 7: {"应急查询", "emergency look-up"}, 8: {"按电话查找", "look-up by number"}, 9: {"控制台查看", "read in the console"},
	20: {"新增人员", "added a user"}, 21: {"停用或启用人员", "closed or opened a user"}, 22: {"导入人员", "imported users"}, 23: {"设置团队", "set a team"},
	24: {"设置授权", "set grants"}, 25: {"分派房屋", "assigned doors"}, 26: {"房屋交接", "handover"}, 27: {"导入辖区", "imported territories"}, 28: {"导入房屋", "imported doors"},
	29: {"开始会话或签发令牌", "session or token made"}, 30: {"结束会话或作废令牌", "session or token ended"}, 31: {"签发加入码", "join code"}, 32: {"手机登记", "phone enrolled"},
	33: {"停用手机", "phone revoked"}, 34: {"下令擦除", "wipe ordered"}, 35: {"手机已擦除", "phone wiped"}, 36: {"放行更改", "released a change"}, 37: {"驳回更改", "rejected a change"},
	38: {"回避", "recused"}, 39: {"封存案件", "sealed a case"}, 40: {"设置登录方式", "sign-in set"}, 41: {"授权期限", "lease"},
	50: {"告知居民", "told a resident"}, 51: {"更正", "corrected"}, 52: {"销毁", "erased"}, 53: {"封存", "closed to use"}, 54: {"对外提供登记", "sharing registered"},
	55: {"事件登记", "incident registered"}, 56: {"到期销毁", "retention"}, 57: {"法律保留", "legal hold"}, 58: {"影响评估", "assessment filed"}, 59: {"不予受理请求", "refused a request"},
	60: {"更换密钥", "keys rotated"}, 61: {"恢复备份", "restored"},
}
