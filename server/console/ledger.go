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
	pager
	Entries   []ledgerLine
	Directory *directory
	// Name is what was typed for a person, User who is meant, Fits those who may be meant where several are.
	Name, User   string
	Fits         []*adminv1.User
	Since, Until string
}

// ledgerPage shows the newest entries of the access ledger, or those of a person and of a time.
func (v *visit) ledgerPage() error {
	req := &adminv1.ReadAccessLedgerRequest{NewestFirst: true, Limit: ledgerPerPage + 1, BeforeNumber: uint64(queryNumber(v, "before"))}
	d := &ledgerData{Name: v.query("name"), User: v.query("user"), Since: v.query("since"), Until: v.query("until")}
	if err := v.ledgerOf(d, req); err != nil {
		return err
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
		line, err := v.ledgerLine(m.GetEntry())
		if err != nil {
			return err
		}
		d.Entries = append(d.Entries, line)
	}
	if req.GetBeforeNumber() != 0 {
		d.First = v.with("before", "")
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

// namesakesMax is how many people of one name are offered to choose from.
const namesakesMax = 20

// ledgerOf reads whose entries are looked for: a person by id, or by a name that one person has.
func (v *visit) ledgerOf(d *ledgerData, req *adminv1.ReadAccessLedgerRequest) error {
	if id, err := wire.ParseID(d.User); err == nil {
		req.UserId = id[:]
		return nil
	}
	if d.Name == "" {
		return nil
	}
	out, err := call(v, v.c.o.Admin.ListUsers, &adminv1.ListUsersRequest{Name: d.Name, Limit: namesakesMax})
	if err != nil {
		return err
	}
	switch list := out.GetUsers(); len(list) {
	case 0:
		return refused("没有叫这个名字的人员。", "Nobody has this name.")
	case 1:
		req.UserId, d.User = list[0].GetId(), idText(list[0].GetId())
	default:
		d.Fits = list
	}
	return nil
}

func (v *visit) ledgerLine(e *adminv1.AccessEntry) (ledgerLine, error) {
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
			name, err := v.known.Person(id)
			if err != nil {
				return line, err
			}
			seen = append(seen, name)
		}
	}
	line.Seen = strings.Join(seen, v.lang.pick("；", "; "))
	return line, nil
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
	10: {"发给外部系统", "sent to a system outside"},
	20: {"新增人员", "added a user"}, 21: {"停用或启用人员", "closed or opened a user"}, 22: {"导入人员", "imported users"}, 23: {"设置团队", "set a team"},
	24: {"设置授权", "set grants"}, 25: {"分派房屋", "assigned doors"}, 26: {"房屋交接", "handover"}, 27: {"导入辖区", "imported territories"}, 28: {"导入房屋", "imported doors"},
	29: {"开始会话或签发令牌", "session or token made"}, 30: {"结束会话或作废令牌", "session or token ended"}, 31: {"签发加入码", "join code"}, 32: {"手机登记", "phone enrolled"},
	33: {"停用手机", "phone revoked"}, 34: {"下令擦除", "wipe ordered"}, 35: {"手机已擦除", "phone wiped"}, 36: {"放行更改", "released a change"}, 37: {"驳回更改", "rejected a change"},
	38: {"回避", "recused"}, 39: {"封存案件", "sealed a case"}, 40: {"设置登录方式", "sign-in set"}, 41: {"授权期限", "lease"},
	42: {"冻结月报", "froze a month"}, 45: {"导入规则", "imported rules"}, 46: {"设置对外数据流", "set a feed"}, 47: {"关闭对外数据流", "closed a feed"},
	50: {"告知居民", "told a resident"}, 51: {"更正", "corrected"}, 52: {"销毁", "erased"}, 53: {"封存", "closed to use"}, 54: {"对外提供登记", "sharing registered"},
	55: {"事件登记", "incident registered"}, 56: {"到期销毁", "retention"}, 57: {"法律保留", "legal hold"}, 58: {"影响评估", "assessment filed"}, 59: {"不予受理请求", "refused a request"},
	60: {"更换密钥", "keys rotated"}, 61: {"恢复备份", "restored"},
}
