package casework

import "strings"

// whyRule begins the reason of a task that a rule made.
const whyRule = "rule "

// gone says of each kind of duty what it means that the rules ask for it no more.
var gone = map[DutyKind]struct{ zh, en string }{
	DutyNearlyDue:   {"这一步已经办结，或期限已改、已过", "the step is done, or its deadline moved or is over"},
	DutyOverdue:     {"案件已经办理，或期限已改", "the case was worked, or its deadline moved"},
	DutyTransfer:    {"案件已受理、不予受理或移送", "the case was taken, declined or transferred"},
	DutyFollowUp:    {"已经随访，或案件已办结", "the case was followed up, or is finished"},
	DutyPerformance: {"已经了解履行情况，或案件已往下走", "performance was looked at, or the case went on"},
	DutyCallBack:    {"已经回访，或案件已往下走", "the parties were called back, or the case went on"},
	DutyJudicial:    {"已经申请司法确认，或申请期限已过", "confirmation was applied for, or its time is over"},
	DutyRecheck:     {"隐患已复查、移交，或整改期限已改", "the hazard was re-checked or handed over, or its date moved"},
	DutyAcknowledge: {"移交的隐患已签收、退回或办结", "the hand-over was acknowledged, sent back or closed"},
}

// DutyOf reads from a task's reason which rule made it; false for one that no rule of duties did.
func DutyOf(why string) (DutyKind, bool) {
	name, ok := strings.CutPrefix(why, whyRule)
	_, known := gone[DutyKind(name)]
	return DutyKind(name), ok && known
}

// Gone says why a task of this kind is closed by itself: the rules ask for it no more. It tells nothing of the case itself, since a
// helper may read the task.
func (k DutyKind) Gone() (zh, en string) { return gone[k].zh, gone[k].en }
