package domain

import (
	"fmt"
	"strings"
)

// VoidReason says why a door is none any more; the zero value is not told.
type VoidReason int32

// The reasons, numbered as in the proto file.
const (
	PulledDown       VoidReason = 1
	EnteredByMistake VoidReason = 2
	OtherVoid        VoidReason = 3
)

// words says the reason behind the word for void.
func (r VoidReason) words() string {
	switch r {
	case PulledDown:
		return "（拆除）"
	case EnteredByMistake:
		return "（误登）"
	}
	return ""
}

// What begins the reasons of tasks that a voided door brings, so that they are told from others.
const (
	VoidAskRule  = "规则 void_door："
	VoidCaseRule = "规则 void_case："
)

// DoorIsBack says why a task that a void door brought is done without anybody.
const DoorIsBack = "本户已恢复"

// OfVoidDoor reports that a task's reason is that a door became void.
func OfVoidDoor(why string) bool {
	return strings.HasPrefix(why, VoidAskRule) || strings.HasPrefix(why, VoidCaseRule)
}

// VoidQuestion is what the author of late work at a void door is asked: what happened to the work, and what to do. It holds
// no word of the work itself.
func VoidQuestion(reason VoidReason) (what, why string) {
	return fmt.Sprintf("本户已注销%s，您之后上传的记录已保留：房屋还在请恢复本户，确已注销请办结本任务", reason.words()),
		VoidAskRule + "填写时您的手机尚不知道本户已注销"
}

// AtVoidDoor tells who writes about a door that they know to be void, at once.
func AtVoidDoor(address string, reason VoidReason) Complaint {
	return Complaint{
		Field: "premises_id", Rule: "premises.is_void",
		ZH: fmt.Sprintf("%s已注销%s，记录已保存；房屋还在请先恢复本户，不然它不会再列入走访计划。", address, reason.words()),
		EN: fmt.Sprintf("%s is void; the record is kept. If the door stands, take it back (unvoid): it is in no plan until then", address),
	}
}

// VoidCaseNotice is what who works on a case is told when its door becomes void.
func VoidCaseNotice(reason VoidReason) (what, why string) {
	return fmt.Sprintf("案件所涉房屋已注销%s：请核实本案是否继续办理", reason.words()), VoidCaseRule + "所涉房屋已注销"
}

// VoidTaskID gives the id of the task by which somebody is told, once, of one voiding: by whom it is named, the change that made
// the door void.
func VoidTaskID(about, user, voidedBy ID, change uint64) ID {
	b := append([]byte("onedoor void 1\x00"), about[:]...)
	b = append(append(b, user[:]...), voidedBy[:]...)
	return DerivedID(fmt.Appendf(b, "%020d", change))
}
