package client

import (
	"errors"
	"fmt"
	"strings"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/client-sdk/internal/remote"
	"onedoor/client-sdk/internal/speech"
	"onedoor/domain"
	"onedoor/internal/recordjson"
)

// Errors of a replica, wrapped with what was being done.
var (
	// ErrKey: the key does not fit the database, or does not have 32 bytes.
	ErrKey = localdb.ErrKey
	// ErrInUse: the database is open elsewhere.
	ErrInUse = localdb.ErrInUse
	// ErrDamaged: the file is not a whole database of this package.
	ErrDamaged = localdb.ErrDamaged
	// ErrNotWritable: the folder cannot be written.
	ErrNotWritable = localdb.ErrNotWritable
	// ErrFull: the disk has no room left; nothing of the edit or the answer was kept.
	ErrFull = localdb.ErrFull
	// ErrNewer: the database was written by newer software.
	ErrNewer = localdb.ErrNewer
	// ErrClosed: the replica has been closed.
	ErrClosed = localdb.ErrClosed
	// ErrUntrusted: the server showed a certificate that the phone does not trust, as another network's own server would.
	ErrUntrusted = remote.ErrUntrusted
	// ErrNotEnrolled: the phone has no user yet.
	ErrNotEnrolled = errors.New("the phone is not enrolled")
	// ErrEnrolled: the phone has a user already.
	ErrEnrolled = errors.New("the phone is enrolled already")
	// ErrNotFound: no such record is on the phone.
	ErrNotFound = errors.New("no such record on this phone")
	// ErrDeleted: the record is shown as deleted and takes no edits.
	ErrDeleted = errors.New("the record is deleted")
	// ErrUnknownKind: no record kind has that name or message.
	ErrUnknownKind = errors.New("unknown record kind")
	// ErrNothing: an edit writes nothing.
	ErrNothing = errors.New("the edit writes nothing")
	// ErrConflictClosed: nothing is open under that id.
	ErrConflictClosed = errors.New("no open conflict has this id")
	// ErrNoChoice: the conflict has no such value.
	ErrNoChoice = errors.New("the conflict has no such value")
	// ErrQueryShort: a search text without a Chinese character and with fewer than three other characters.
	ErrQueryShort = localdb.ErrQueryShort
	// ErrUnknownPlace: a territory code is not known on the phone.
	ErrUnknownPlace = recordjson.ErrTerritory
	// ErrNoFilter: records of the kind cannot be filtered so.
	ErrNoFilter = errors.New("no such filter")
	// ErrSyncing: another sync of this replica is under way.
	ErrSyncing = errors.New("a sync is under way already")
	// ErrRevoked: the server takes this phone's changes into quarantine and gives it nothing.
	ErrRevoked = errors.New("the device is revoked")
	// ErrLeaseEnded: what the phone's user was lent has ended; only a sync can bring it
	// back. What was written stays on the phone and is sent.
	ErrLeaseEnded = errors.New("the lease on this phone's area has ended")
	// ErrGrantEnded: the user's time with this record has ended by itself.
	ErrGrantEnded = errors.New("the time for which the record was shared has ended")
	// ErrLocked: the phone has not synced for a fortnight and shows nothing until it does.
	ErrLocked = errors.New("the phone is locked until it syncs")
	// ErrDestroyed: it has not synced for a month, and what it held is destroyed; what was
	// written on it is kept, sealed, and is sent.
	ErrDestroyed = errors.New("what the phone held is destroyed until it syncs")
	// ErrWiped: the phone was ordered to destroy what it holds, after handing in what was
	// written on it.
	ErrWiped = errors.New("the phone is wiped by order")
	// ErrSealed: what was written to the record is sealed, since the record left the phone's
	// area; the record takes no edits until it is decided.
	ErrSealed = errors.New("what was written to the record is sealed and waits to be sent")
	// ErrReply: the server's answer is not in the protocol's form; nothing of it was taken.
	ErrReply = errors.New("the server's answer makes no sense")
	// ErrStuck: the server announces more, and nothing comes.
	ErrStuck = errors.New("the sync makes no headway")
	// ErrNoDraft: no draft has this id.
	ErrNoDraft = errors.New("no such draft")
)

// Complaint is one reason why an edit is not kept, as a sentence its author can act on.
type Complaint = domain.Complaint

// Refusal is an edit that the rules of the field do not let pass. Nothing was
// changed; the app keeps the text as a draft.
type Refusal struct {
	Complaints []Complaint
}

// Error gives the English sentences on one line.
func (e *Refusal) Error() string { return e.Sentence(English) }

// Sentence gives the reasons in one of the two languages.
func (e *Refusal) Sentence(lang Language) string {
	texts := make([]string, len(e.Complaints))
	for i, c := range e.Complaints {
		texts[i] = Sentence{ZH: c.ZH, EN: c.EN}.In(lang)
	}
	if lang == Chinese {
		return strings.Join(texts, "")
	}
	return strings.Join(texts, "; ")
}

func refuse(field, rule, zh, en string) *Refusal {
	return &Refusal{Complaints: []Complaint{{Field: field, Rule: rule, ZH: zh, EN: en}}}
}

// Fault is what a transport returns when a call fails and it knows why.
type Fault = remote.Fault

// Language is a language of the sentences for people.
type Language = speech.Language

// The two languages.
const (
	Chinese = speech.Chinese
	English = speech.English
)

// Sentence is one sentence in both languages.
type Sentence = speech.Sentence

// sentences explain the sentinels to a phone's user. The first that matches is told.
var sentences = []struct {
	err  error
	says Sentence
}{
	{ErrKey, Sentence{ZH: "密钥与这个数据库不符，请检查密钥。", EN: "the key does not fit this database: check the key"}},
	{ErrInUse, Sentence{ZH: "数据库正被另一个程序使用，请先关闭它。", EN: "the database is open in another program: close that one first"}},
	{ErrNewer, Sentence{ZH: "数据库由更新的版本写入，请升级应用。", EN: "the database was written by newer software: update the app"}},
	{ErrDamaged, Sentence{ZH: "数据库文件已损坏，请联系管理员。", EN: "the database file is damaged: keep the folder and ask the operator"}},
	{ErrNotWritable, Sentence{ZH: "无法写入数据文件夹，请检查权限和剩余空间。", EN: "the data folder cannot be written: check its permissions and free space"}},
	{ErrNotEnrolled, Sentence{ZH: "手机尚未登记，请先用加入码登记。", EN: "the phone is not enrolled: enrol it with a join code first"}},
	{ErrEnrolled, Sentence{ZH: "手机已经登记过，换人请使用新的文件夹。", EN: "the phone is enrolled already: another user needs another folder"}},
	{ErrNotFound, Sentence{ZH: "这台手机上没有这条记录，请先同步。", EN: "no such record on this phone: sync first, or check the id"}},
	{ErrDeleted, Sentence{ZH: "这条记录已删除，请先恢复再修改。", EN: "the record is deleted: restore it first"}},
	{ErrUnknownKind, Sentence{ZH: "没有这种记录。", EN: "no such record kind"}},
	{ErrNothing, Sentence{ZH: "没有要修改的内容。", EN: "the edit writes nothing: name a field"}},
	{ErrConflictClosed, Sentence{ZH: "没有这个待处理的冲突，可能已经处理。", EN: "nothing is open under this id: it may have been settled already"}},
	{ErrNoChoice, Sentence{ZH: "没有这个可选值，请从1开始数。", EN: "there is no such value: count the others from 1"}},
	{ErrQueryShort, Sentence{ZH: "请至少输入一个汉字或三个其他字符。", EN: "search for at least one Chinese character or three other characters"}},
	{ErrNoFilter, Sentence{ZH: "这种记录不能这样筛选。", EN: ""}},
	{ErrSyncing, Sentence{ZH: "正在同步，请稍候。", EN: "a sync is under way already: wait for it"}},
	{ErrRevoked, Sentence{ZH: "这台设备已被停用，请联系管理员。", EN: "this device is revoked: ask the operator"}},
	{ErrLeaseEnded, Sentence{
		ZH: "本机的离线使用期已到，资料暂不显示，也不能填写。未上传的内容都在，联网同步后会送出；如仍有权限，资料随即恢复。",
		EN: "the time for which this phone may work offline has ended: nothing is shown and nothing can be written. What was written is kept and is sent; sync, and what you may still see comes back",
	}},
	{ErrGrantEnded, Sentence{
		ZH: "您对这条记录的使用期已到，不再显示，也不能修改。未上传的内容都在，同步时会送出；仍需使用请联系管理员。",
		EN: "the time for which this record was shared with you has ended: it is not shown and cannot be changed. What you wrote is kept and is sent; ask the operator if you still need it",
	}},
	{ErrLocked, Sentence{
		ZH: "本机已有14天未同步，资料已锁定。未上传的内容都在，请联网同步后解锁。",
		EN: "this phone has not synced for 14 days and is locked. What was written is kept: sync to unlock it",
	}},
	{ErrDestroyed, Sentence{
		ZH: "本机已有30天未同步，所存资料已销毁。您写的内容已加密封存，本机不能再读，联网同步时会送出，资料随后重新下载。",
		EN: "this phone has not synced for 30 days and what it held is destroyed. What you wrote is sealed, so that this phone cannot read it any more; sync to send it and to fetch the records again",
	}},
	{ErrWiped, Sentence{
		ZH: "管理员已下令清除本机。您写的内容会先上交（等待管理员审核），随后本机的资料和密钥全部销毁。继续工作请向管理员领取新的加入码。",
		EN: "the operator has ordered this phone to be wiped. What you wrote is handed in first and waits for a decision, then everything on the phone and its keys are destroyed. To go on working, ask the operator for a new join code",
	}},
	{ErrSealed, Sentence{
		ZH: "这条记录已不在您负责的范围内。您写的内容已加密封存，本机不能再读，同步时会送出；在此之前不能修改。",
		EN: "the record has left your area. What you wrote is sealed, so that this phone cannot read it any more; it is sent by the next sync, and until then the record cannot be changed",
	}},
	{ErrReply, Sentence{ZH: "服务器的回复无法识别，请升级应用后再试。", EN: "the server's answer makes no sense: update the app and try again"}},
	{ErrStuck, Sentence{ZH: "同步没有进展，请稍后再试。", EN: "the sync makes no headway: try again later"}},
	{ErrNoDraft, Sentence{ZH: "没有这份草稿。", EN: "there is no such draft"}},
}

// Explain gives the sentence that a person should read about an error: what is
// wrong and what to do. It is one line.
func Explain(err error, lang Language) string {
	var refusal *Refusal
	var fault *Fault
	var text *recordjson.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &text) && lang == Chinese:
		return fmt.Sprintf("“%s”填写有误：%s", text.Field, oneLine(text.Error()))
	case errors.As(err, &text):
		return oneLine(text.Error())
	case errors.As(err, &refusal):
		return refusal.Sentence(lang)
	case errors.As(err, &fault):
		return oneLine(fault.Says.In(lang))
	}
	for _, s := range sentences {
		if !errors.Is(err, s.err) {
			continue
		}
		if text := s.says.In(lang); text != "" {
			return text
		}
	}
	return oneLine(err.Error())
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
