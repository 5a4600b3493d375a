package casework

import (
	"cmp"
	"slices"

	"onedoor/domain"
)

// EventKind is what happened to a case; the numbers are those of the proto enum.
type EventKind int32

// The kinds of events.
const (
	EventAccepted EventKind = iota + 1
	EventTriaged
	EventAssigned
	EventTransferred
	EventEscalated
	EventReturned
	EventExtended
	EventSupervised
	EventMediated
	EventAgreed
	EventFollowUp
	EventCallBack
	EventReopened
	EventPoliceReported
	EventRegistered
	EventDeclined
	EventJoined
	EventPaused
	EventResumed
	EventClosed
	EventNoted
	EventHandling
	EventFailed
	EventRefused
	EventPerforming
	EventConfirmation
	EventArchived
	EventNotified
	EventRectified
	EventHandedOver
	EventRechecked
	EventRecurred
	EventAcknowledged
	EventSeverityRuled
)

// eventWords names the kinds in the order of their numbers.
var eventWords = [...]struct{ name, zh, en string }{
	{"ACCEPTED", "受理", "accepted"},
	{"TRIAGED", "分诊", "sent to a clinic"},
	{"ASSIGNED", "指派", "assigned"},
	{"TRANSFERRED", "移送", "transferred to who is competent"},
	{"ESCALATED", "提级", "escalated to the district"},
	{"RETURNED", "退回", "sent back"},
	{"EXTENDED", "延期", "deadline extended"},
	{"SUPERVISED", "督办", "supervised by the street"},
	{"MEDIATED", "调解", "a mediation was held"},
	{"AGREED", "达成协议", "agreed"},
	{"FOLLOW_UP", "随访", "followed up"},
	{"CALL_BACK", "回访", "called back"},
	{"REOPENED", "重开", "taken up again"},
	{"POLICE_REPORTED", "报警", "the police were told"},
	{"REGISTERED", "登记", "registered"},
	{"DECLINED", "不予受理", "declined"},
	{"JOINED", "参与", "somebody joined by role"},
	{"PAUSED", "中止计时", "the clock stands still"},
	{"RESUMED", "恢复计时", "the clock runs again"},
	{"CLOSED", "办结", "closed"},
	{"NOTED", "备注", "a note"},
	{"HANDLING", "开始办理", "work began"},
	{"FAILED", "调解不成", "mediation failed"},
	{"REFUSED", "拒绝调解", "a party refused"},
	{"PERFORMING", "开始履行", "the agreement is being performed"},
	{"CONFIRMATION", "司法确认", "judicial confirmation moved on"},
	{"ARCHIVED", "归档", "archived"},
	{"NOTIFIED", "告知整改", "told to put it right"},
	{"RECTIFIED", "整改", "put right"},
	{"HANDED_OVER", "移交", "handed over"},
	{"RECHECKED", "复查", "re-checked"},
	{"RECURRED", "复发", "came back"},
	{"ACKNOWLEDGED", "签收", "the department took it over"},
	{"SEVERITY_RULED", "判定等级", "its severity was ruled"},
}

// EventKinds lists all kinds in the order of their numbers.
func EventKinds() []EventKind {
	out := make([]EventKind, len(eventWords))
	for i := range out {
		out[i] = EventKind(i + 1)
	}
	return out
}

// Name gives the proto enum's value without its prefix.
func (k EventKind) Name() string {
	if k < 1 || int(k) > len(eventWords) {
		return "UNSPECIFIED"
	}
	return eventWords[k-1].name
}

// Words names the kind in Chinese and English.
func (k EventKind) Words() (zh, en string) {
	if k < 1 || int(k) > len(eventWords) {
		return "未知", "unknown"
	}
	return eventWords[k-1].zh, eventWords[k-1].en
}

// inOrder are the kinds in the order of the work: of two entries of one time the one that comes first here came first, as of
// a case that is registered and closed in one form.
var inOrder = [...]EventKind{
	EventRegistered, EventAccepted, EventDeclined, EventTransferred, EventPoliceReported, EventTriaged, EventAssigned, EventJoined,
	EventHandling, EventPaused, EventResumed, EventExtended, EventMediated, EventAgreed, EventFailed, EventRefused, EventReturned,
	EventPerforming, EventConfirmation, EventEscalated, EventSupervised, EventSeverityRuled, EventNotified, EventRectified, EventHandedOver,
	EventAcknowledged, EventRechecked, EventRecurred, EventFollowUp, EventCallBack, EventNoted, EventReopened, EventClosed, EventArchived,
}

// CompareEvents orders two entries of a timeline, the older first.
func CompareEvents(a, b Event) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(slices.Index(inOrder[:], a.What), slices.Index(inOrder[:], b.What)))
}

// Event is one entry of the timeline.
type Event struct {
	// What happened.
	What EventKind
	// At is when it happened.
	At domain.UnixMilli
	// Until is the limit of a pause; 0 for others.
	Until domain.UnixMilli
	// Days is how many days the deadline was extended by; 0 for others.
	Days int
	// Actor is who did it.
	Actor domain.ID
	// Text says what there is to say.
	Text string
}
