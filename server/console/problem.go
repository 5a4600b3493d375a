package console

import (
	"context"
	"errors"
	"net/http"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/server/throttle"
)

// problem is what a page says when something cannot be done.
type problem struct {
	status int
	ZH, EN string
	// detail is what the call said, in English; empty where that adds nothing.
	Detail string
	// signedOut says that the session has ended.
	signedOut bool
}

// errNoPage means that no page has the address.
var errNoPage = errors.New("no such page")

// faultProblem is what is said of a fault of the server's own.
var faultProblem = &problem{status: http.StatusInternalServerError, ZH: "服务器出错，什么也没有改变。原因记录在服务器日志中，请告诉系统管理员。",
	EN: "The server has a fault of its own; nothing was changed. The cause stands in its log: tell the operator."}

// reasonWords are what a refusal of the services means to a person at the console, and what to do.
var reasonWords = map[adminv1.Reason]problem{
	adminv1.Reason_REASON_TOKEN:             {signedOut: true},
	adminv1.Reason_REASON_NOT_PERMITTED:     {ZH: "您的角色不能这样做，或这条记录不在您的辖区。", EN: "Your role may not do this, or the record is outside of your area."},
	adminv1.Reason_REASON_INVALID:           {ZH: "填写的内容不合要求，请改正后再提交。什么也没有改变。", EN: "A value is not valid; correct it and send again. Nothing was changed."},
	adminv1.Reason_REASON_NOT_FOUND:         {ZH: "没有找到，或不在您的辖区。手机上新建的记录同步后才会出现。", EN: "Not found, or not in your area. What a phone has made appears when it has synced."},
	adminv1.Reason_REASON_USER_CLOSED:       {ZH: "这位人员已停用，请先启用。", EN: "This person has left; open the account again first."},
	adminv1.Reason_REASON_FILE_REFUSED:      {ZH: "文件不能使用，请按模板另存为UTF-8的CSV。", EN: "The file cannot be used: export it as CSV in UTF-8 with the columns named below."},
	adminv1.Reason_REASON_FILE_TOO_LARGE:    {ZH: "文件太大，请拆分后再导入。", EN: "The file is too large; split it."},
	adminv1.Reason_REASON_TOO_MANY_MISSING:  {ZH: "完整名册缺少太多房屋，没有导入。请导出完整的名册，或不勾选“完整名册”。", EN: "The complete register lacks too many doors; export all of it, or import it as a part."},
	adminv1.Reason_REASON_NOT_WAITING:       {ZH: "这条更改已经有人处理过，请刷新列表。", EN: "This change was decided already; look at the list again."},
	adminv1.Reason_REASON_NOT_RELEASABLE:    {ZH: "现在还不能放行：请先放行它所依赖的更改，或驳回。", EN: "It cannot be released yet: release what it depends on first, or reject it."},
	adminv1.Reason_REASON_IMPORT_RUNNING:    {ZH: "另一次导入正在进行，请稍后再试。", EN: "Another import is running; try again when it is done."},
	adminv1.Reason_REASON_STORE_FULL:        {ZH: "服务器磁盘已满，什么也没有改变。请告诉系统管理员。", EN: "The server's disk is full; nothing was changed. Tell the operator."},
	adminv1.Reason_REASON_STORE_READ_ONLY:   {ZH: "服务器的数据现在不能写入，什么也没有改变。请告诉系统管理员。", EN: "The server's data cannot be written; nothing was changed. Tell the operator."},
	adminv1.Reason_REASON_OUTDATED:          {ZH: "这台服务器的软件比数据旧，请稍后再试；系统管理员需要升级它。", EN: "This server's software is older than the data: try again in a moment; the operator upgrades it."},
	adminv1.Reason_REASON_STORE_DAMAGED:     {ZH: "服务器的数据损坏，请系统管理员恢复备份。手机会带回更新的内容。", EN: "The server's data is damaged; the operator restores a backup, and phones bring back what is newer."},
	adminv1.Reason_REASON_STOPPING:          {ZH: "服务器正在重启，请稍后再试。", EN: "The server is restarting; try again in a moment."},
	adminv1.Reason_REASON_SIGN_IN:           {ZH: "登录名、密码或验证码不正确。请检查三项，并确认手机时间准确；丢失其中一项的，请向系统管理员申请邀请。", EN: "Name, password or code is wrong. Check all three, and that the phone's clock is right; who has lost one asks the operator for an invitation."},
	adminv1.Reason_REASON_SLOW_DOWN:         {ZH: "尝试太频繁，请稍等片刻再试。刚才输入的内容没有被查看。", EN: "Too many tries: wait a little. What was typed was not looked at."},
	adminv1.Reason_REASON_PASSWORD:          {ZH: "密码太容易被猜到，请换一个更长的。", EN: "The password is too easy to guess; choose a longer one."},
	adminv1.Reason_REASON_INVITATION:        {ZH: "邀请码不正确、已使用或已过期，请向系统管理员申请新的。", EN: "The invitation is wrong, used or expired; ask the operator for a new one."},
	adminv1.Reason_REASON_PROVIDER:          {ZH: "统一身份认证现在不可用，请稍后再试，或用密码登录。", EN: "The identity provider cannot be reached: try again, or use a password."},
	adminv1.Reason_REASON_TOO_EARLY:         {ZH: "这个月还没有结束，或者手机还在补报，现在不能冻结。", EN: "The month is not over, or phones still bring records of it."},
	adminv1.Reason_REASON_COUNTING:          {ZH: "服务器启动后正在统计全部记录，请稍后刷新。", EN: "The server has started and counts its records: look again in a moment."},
	adminv1.Reason_REASON_STORE_UNAVAILABLE: {ZH: "数据库暂时无法连接，请稍后再试。", EN: "The database cannot be reached at the moment; try again soon."},
	adminv1.Reason_REASON_NO_CONFLICT:       {ZH: "这处冲突已经有人处理过，请刷新列表。", EN: "This conflict is closed already; look at the list again."},
	adminv1.Reason_REASON_REALM:             {ZH: "服务器上有数据暂时打不开，请稍后再试，并告诉系统管理员。", EN: "The server has data that cannot be opened at the moment: try again later, and tell the operator."},
	adminv1.Reason_REASON_CHANGED:           {ZH: "您查看之后又有人修改了这条记录。请看过最新的内容再决定，什么也没有改变。", EN: "Somebody has written since you looked. Look at what stands now, then decide; nothing was changed."},
}

// statusOf gives the HTTP status for a gRPC code.
var statusOf = map[codes.Code]int{
	codes.Unauthenticated: http.StatusUnauthorized, codes.PermissionDenied: http.StatusForbidden, codes.NotFound: http.StatusNotFound,
	codes.InvalidArgument: http.StatusUnprocessableEntity, codes.FailedPrecondition: http.StatusConflict, codes.Aborted: http.StatusConflict,
	codes.AlreadyExists: http.StatusConflict, codes.ResourceExhausted: http.StatusTooManyRequests, codes.Unavailable: http.StatusServiceUnavailable,
}

// problemOf turns what went wrong into what a page says.
func problemOf(err error) *problem {
	var p *problem
	var slow *throttle.SlowDown
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &slow):
		p := reasonWords[adminv1.Reason_REASON_SLOW_DOWN]
		p.status = http.StatusTooManyRequests
		return &p
	case errors.Is(err, errNoPage):
		return &problem{status: http.StatusNotFound, ZH: "没有这个页面。", EN: "There is no such page."}
	case errors.Is(err, context.Canceled):
		return &problem{status: http.StatusRequestTimeout, ZH: "请求已取消。", EN: "The request was given up."}
	}
	return refusalOf(err)
}

// refusalOf reads a refusal of the services.
func refusalOf(err error) *problem {
	st := status.Convert(err)
	var reason adminv1.Reason
	zh, en := "", ""
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			reason = adminv1.Reason(adminv1.Reason_value["REASON_"+d.GetReason()])
		case *errdetails.LocalizedMessage:
			if d.GetLocale() == "zh-CN" {
				zh, en = d.GetMessage(), st.Message()
			}
		}
	}
	p, known := reasonWords[reason]
	switch {
	case zh != "":
		p = problem{ZH: zh, EN: en}
	case known:
		p.Detail = st.Message()
	default:
		p = *faultProblem
	}
	if code, ok := statusOf[st.Code()]; ok {
		p.status = code
	} else {
		p.status = http.StatusInternalServerError
	}
	return &p
}

// reasonOf gives the reason of a refusal; unspecified for none and for any other error.
func reasonOf(err error) adminv1.Reason {
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			return adminv1.Reason(adminv1.Reason_value["REASON_"+info.GetReason()])
		}
	}
	return adminv1.Reason_REASON_UNSPECIFIED
}

// Error makes a problem an error that pages may give.
func (p *problem) Error() string { return p.EN }

// refused is a problem with what somebody typed.
func refused(zh, en string) *problem {
	return &problem{status: http.StatusUnprocessableEntity, ZH: zh, EN: en}
}

// text gives what a problem says in a language.
func (p *problem) text(lang language) string { return lang.pick(p.ZH, p.EN) }

// fail answers with a page that says what is the matter.
func (v *visit) fail(p *problem) {
	if p.status >= http.StatusInternalServerError {
		v.c.o.Log.Error("page failed", "page", v.r.Pattern, "status", p.status)
	}
	v.show(p.status, "problem", &view{Title: v.lang.pick("没有完成", "Not done"), Data: p})
}

// fail answers somebody who is not signed in, or before it is known who it is.
func (c *Console) fail(w http.ResponseWriter, r *http.Request, p *problem) {
	(&visit{c: c, w: w, r: r, lang: languageOf(r), me: &adminv1.GetMeResponse{}}).fail(p)
}
