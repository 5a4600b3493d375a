package remote

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"onedoor/client-sdk/internal/speech"
	"onedoor/internal/wire"
)

// Fault is a call that failed, with what is known of why.
type Fault struct {
	// Reason is the server's stable name of the reason, such as CODE_EXPIRED;
	// empty when no server answered.
	Reason string
	// Passing tells that another try may succeed.
	Passing bool
	// After is how long the server asks to wait before it; 0 where it does not say.
	After time.Duration
	// Says is what a person can do about it.
	Says speech.Sentence
	// Cause is what the transport met.
	Cause error
}

// Error gives the English sentence and the cause.
func (e *Fault) Error() string {
	if e.Cause == nil {
		return e.Says.EN
	}
	return fmt.Sprintf("%s (%v)", e.Says.EN, e.Cause)
}

// Unwrap gives the cause.
func (e *Fault) Unwrap() error { return e.Cause }

// reasons says what each of the server's reasons means to a phone's user.
var reasons = map[string]speech.Sentence{
	"BAD_REQUEST":       {ZH: "服务器不认识这个请求，请升级应用；数据没有变化。", EN: "the server does not understand the request: update the app; nothing was changed"},
	wire.ReasonBusy:     {ZH: "服务器正忙，稍后会自动再试；内容仍在手机上。", EN: "the server is busy: it is tried again in a moment; your work stays on the phone"},
	"SLOW_DOWN":         {ZH: "尝试太频繁，请稍等片刻再试。", EN: "too many tries: wait a little, then try again"},
	"WRONG_REALM":       {ZH: "这台手机属于另一个区，请连接本区的服务器。", EN: "the phone belongs to another district: use that district's server"},
	"UNKNOWN_DEVICE":    {ZH: "服务器没有登记这台设备，请向管理员要加入码重新登记。", EN: "the device is not enrolled at this server: ask the operator for a join code"},
	"BAD_SIGNATURE":     {ZH: "设备密钥不符，请联系管理员；未同步的内容仍在手机上。", EN: "the device's key does not fit: ask the operator; unsent work stays on the phone"},
	"AHEAD_UNKNOWN":     {ZH: "服务器需要重新接收这批数据，请再同步一次；内容仍在手机上。", EN: "the server needs the changes once more: sync again; your work stays on the phone"},
	"STALE":             {ZH: "手机时间偏差太大，请先同步一次。", EN: "the request is too old by the server's clock: sync once, then try again"},
	wire.ReasonAppOld:   {ZH: "应用版本过旧，服务器不再接收，请升级应用；未上传的内容仍在手机上，升级后会上传。", EN: "the app is older than the server asks for: update it; unsent work stays on the phone and is sent then"},
	"CODE_MISTYPED":     {ZH: "加入码输入有误，请核对后重新输入。", EN: "the join code is mistyped: compare it with the one shown"},
	"CODE_UNKNOWN":      {ZH: "没有这个加入码，请向管理员要新的。", EN: "there is no such join code: ask the operator for a new one"},
	"CODE_EXPIRED":      {ZH: "加入码已过期，请向管理员要新的。", EN: "the join code has expired: ask the operator for a new one"},
	"CODE_USED":         {ZH: "加入码已被使用，请向管理员要新的。", EN: "the join code was used already: ask the operator for a new one"},
	"INCARNATION_TAKEN": {ZH: "这个数据库已登记给别人，请用新的文件夹。", EN: "this database is enrolled for somebody else: start with an empty folder"},
	"USER_CLOSED":       {ZH: "账号已停用，请联系管理员。", EN: "the user is closed: ask the operator"},
	"LOOK_REASON":       {ZH: "请用4到200个字写明原因，不要写证件号、银行卡号或电话。", EN: "give a reason of 4 to 200 characters, without identity, card or telephone numbers"},
	"LOOK_DOOR":         {ZH: "没有找到唯一的一扇门，请给出编号或登记的完整地址。", EN: "not exactly one door is meant: give its id, or the whole address as its record has it"},
	"LOOK_ROLE":         {ZH: "您的角色不能查询辖区外的房屋，请找民警、网格员或社区干部。", EN: "your role looks nothing up outside of its area: ask an officer, a grid worker or community staff"},
	"LOOK_OWN":          {ZH: "这扇门就在您的辖区内，同步后可在手机上查看。", EN: "the door lies in your own area: sync, and look on the phone"},
	"LOOK_MANY":         {ZH: "24小时内查询次数已到上限，确有需要请管理员授权。", EN: "you have looked up as many doors as 24 hours allow: ask the operator to grant them"},
	"LOOK_REFUSED":      {ZH: "服务器没有显示这扇门，请联系管理员。", EN: "the server does not show the door: ask the operator"},
	"STORE_FULL":        {ZH: "服务器磁盘已满，请通知管理员；内容仍在手机上。", EN: "the server's disk is full: tell the operator; your work stays on the phone"},
	"STORE_READ_ONLY":   {ZH: "服务器暂时不能写入，请通知管理员；内容仍在手机上。", EN: "the server cannot write: tell the operator; your work stays on the phone"},
	"LEDGER":            {ZH: "服务器暂时不能登记设备，请通知管理员；内容仍在手机上。", EN: "the server cannot note devices at the moment: tell the operator; your work stays on the phone"},
	"OUTDATED":          {ZH: "这台服务器正在升级，请稍后再试；内容仍在手机上。", EN: "this server is being upgraded: try again in a moment; your work stays on the phone"},
	"REALM_UNOPENED":    {ZH: "服务器上本区的数据暂时打不开，请稍后再试并通知管理员；内容仍在手机上。", EN: "the server cannot open the district's data at the moment: try again later and tell the operator; your work stays on the phone"},
	"STORE_DAMAGED":     {ZH: "服务器数据损坏，请通知管理员；内容仍在手机上。", EN: "the server's data is damaged: tell the operator; your work stays on the phone"},
}

var (
	unreachable = speech.Sentence{ZH: "连不上服务器，请检查网络后再试；内容仍在手机上。", EN: "the server cannot be reached: check the connection and try again; your work stays on the phone"}
	tooSlow     = speech.Sentence{ZH: "服务器没有及时回复，请稍后再试；内容仍在手机上。", EN: "the server did not answer in time: try again later; your work stays on the phone"}
	notOurs     = speech.Sentence{ZH: "这个地址上不是本系统的服务器，请检查地址。", EN: "no onedoor server answers at this address: check it"}
	tooLarge    = speech.Sentence{ZH: "消息超过了大小限制，请升级应用。", EN: "a message is larger than a message may be: update the app"}
	faulty      = speech.Sentence{ZH: "服务器出错，请稍后再试；内容仍在手机上。", EN: "the server met a fault: try again later; your work stays on the phone"}
)

// afterMost bounds what a server can ask for: a mistake of its own must not keep work on a phone.
const afterMost = 15 * time.Minute

// passing lists the codes that another try may not meet.
var passing = map[codes.Code]bool{
	codes.Unavailable: true, codes.DeadlineExceeded: true, codes.Internal: true, codes.Aborted: true, codes.Unknown: true,
	codes.ResourceExhausted: true,
}

// faultOf turns a call's error into what the phone tells its user. An error that
// is the caller's own cancellation passes as it is.
func faultOf(err error) error {
	st, ok := status.FromError(err)
	if err == nil || !ok || st.Code() == codes.Canceled {
		return err
	}
	f := &Fault{Passing: passing[st.Code()], Cause: errors.New(st.Message())}
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			f.Reason = d.GetReason()
		case *errdetails.RetryInfo:
			f.After = min(max(d.GetRetryDelay().AsDuration(), 0), afterMost)
		}
	}
	f.Says, ok = reasons[f.Reason]
	if !ok {
		f.Says = saysOf(st.Code(), f.Reason != "")
	}
	return f
}

func saysOf(code codes.Code, answered bool) speech.Sentence {
	switch code {
	case codes.Unavailable:
		if !answered {
			return unreachable
		}
	case codes.DeadlineExceeded:
		return tooSlow
	case codes.Unimplemented:
		return notOurs
	case codes.ResourceExhausted:
		return tooLarge
	}
	return faulty
}
