package metrics

// Sources of the figures. They are named, not copied: what is taken from them is the way of counting.
const (
	sourceVisits   = "走访 work plans of grid teams: coverage, completion and contact as they are reported upwards"
	sourceHazards  = "住房租赁条例 (2025) and 隐患排查整改 ledgers: found, put right, on time, come back"
	sourceTable    = "矛盾纠纷排查情况表: both rates over what was found"
	sourceStandard = "GB/T 31000-2015 dispute items, 人民调解法 (2010)"
	sourceCentre   = "the centre's clinics: deadlines of domain/policy, follow-ups, call-backs"
	sourceCallback = "evaluation and call-back of the centre: over the answers given, with their number"
	sourceSync     = "this software: freshness of what phones send"
)

var figures = []Figure{
	{Name: "coverage", ZH: "走访覆盖率", EN: "coverage", Topic: TopicDoors, Unit: Share, Split: SplitDoors, NumZH: "已访房屋", NumEN: "doors seen", DenZH: "在册房屋", DenEN: "doors", Source: sourceVisits,
		Formula: "doors with at least one seen visit in the period / doors in the register at its end", door: (*Door).coverage},
	{Name: "due_done", ZH: "走访完成率", EN: "due visits done", Topic: TopicDoors, Unit: Share, Split: SplitDoors, NumZH: "按期完成", NumEN: "seen in time", DenZH: "到期应访", DenEN: "turns due", Source: sourceVisits,
		Formula: "turns of doors seen by their due day and 3 days' grace / turns due in the period; a door is due its cadence after it was seen, entered, or due last", door: (*Door).dueDone},
	{Name: "contact_made", ZH: "有效走访率", EN: "contact made", Topic: TopicDoors, Unit: Share, Split: SplitDoors, NumZH: "见到人", NumEN: "answered", DenZH: "走访次数", DenEN: "calls", Source: sourceVisits,
		Formula: "calls at doors with the outcome SEEN / all calls at doors; an officer's check without an outcome is no call", door: (*Door).contactMade},
	{Name: "police_check", ZH: "核查率", EN: "police check", Topic: TopicDoors, Unit: Share, Split: SplitChecks, NumZH: "已核查/通过", NumEN: "checked / passed", DenZH: "民警包保房屋/已核查", DenEN: "doors of officers / checked", Source: sourceVisits,
		Formula: "CHECKED: doors checked in the period / doors in the register that are assigned to an officer; PASSED: checks passed / checks decided", door: (*Door).policeCheck},
	{Name: "hazards_found", ZH: "隐患发现数", EN: "hazards found", Topic: TopicHazards, Unit: Count, Split: SplitHazards, NumZH: "发现隐患", NumEN: "found", Source: sourceHazards,
		Formula: "hazards found in the period", hazard: (*Hazard).found},
	{Name: "hazard_density", ZH: "隐患密度", EN: "hazards per 100 doors visited", Topic: TopicHazards, Unit: PerHundred, Split: SplitDoors, NumZH: "发现隐患", NumEN: "found", DenZH: "已访房屋", DenEN: "doors seen", Source: sourceHazards,
		Formula: "100 x hazards found in the period / doors with at least one seen visit in it", door: (*Door).visited, hazard: (*Hazard).dense},
	{Name: "fixed_on_spot", ZH: "即查即改率", EN: "fixed on the spot", Topic: TopicHazards, Unit: Share, Split: SplitHazards, NumZH: "即查即改", NumEN: "put right at once", DenZH: "发现隐患", DenEN: "found", Source: sourceHazards,
		Formula: "hazards found in the period whose disposal is FIXED_ON_THE_SPOT / hazards found in the period", hazard: (*Hazard).fixedOnSpot},
	{Name: "rectified", ZH: "隐患整改率", EN: "rectified", Topic: TopicHazards, Unit: Share, Split: SplitHazards, NumZH: "已整改销号", NumEN: "put right", DenZH: "发现隐患", DenEN: "found", Source: sourceHazards,
		Formula: "hazards found in the period that stand re-checked or closed / hazards found in the period", hazard: (*Hazard).rectified},
	{Name: "rectified_on_time", ZH: "按期整改率", EN: "rectified on time", Topic: TopicHazards, Unit: Share, Split: SplitHazards, NumZH: "按期整改", NumEN: "put right in time", DenZH: "到期隐患", DenEN: "deadlines due", Source: sourceHazards,
		Formula: "hazards put right by the day of their deadline / hazards whose deadline fell in the period", hazard: (*Hazard).rectifiedOnTime},
	{Name: "recurrence", ZH: "隐患复发率", EN: "recurrence", Topic: TopicHazards, Unit: Share, Split: SplitHazards, NumZH: "90天内复发", NumEN: "came back", DenZH: "已整改销号", DenEN: "put right", Source: sourceHazards,
		Formula: "hazards closed in the period of which the same code was found again at the same door within 90 days / hazards closed in the period", hazard: (*Hazard).recurrence},
	{Name: "found", ZH: "排查数", EN: "disputes found", Topic: TopicDisputes, Unit: Count, Split: SplitDisputes, NumZH: "排查数", NumEN: "registered", Source: sourceTable,
		Formula: "disputes registered in the period", dispute: (*Dispute).found},
	{Name: "handled", ZH: "调处率", EN: "disputes handled", Topic: TopicDisputes, Unit: Share, Split: SplitDisputes, NumZH: "调处数", NumEN: "handled", DenZH: "排查数", DenEN: "registered", Source: sourceTable,
		Formula: "disputes registered in the period on which work began / disputes registered in the period", dispute: (*Dispute).handled},
	{Name: "resolved", ZH: "化解率", EN: "resolved", Topic: TopicDisputes, Unit: Share, Split: SplitDisputes, NumZH: "化解成功", NumEN: "settled", DenZH: "排查数", DenEN: "registered", Source: sourceTable,
		Formula: "disputes registered in the period with the result SUCCESS or PARTIAL / disputes registered in the period", dispute: (*Dispute).resolved},
	{Name: "open_stock", ZH: "在办存量", EN: "open stock by age", Topic: TopicDisputes, Unit: Count, Split: SplitAges, NumZH: "在办件数", NumEN: "open", Source: sourceCentre,
		Formula: "disputes registered by the end of the period and not ended by then, by age: up to 7, 8-20, 21-60, over 60 days", dispute: (*Dispute).openStock},
	{Name: "closed", ZH: "结案率", EN: "closed", Topic: TopicDisputes, Unit: Share, Split: SplitDisputes, NumZH: "已结案", NumEN: "closed", DenZH: "应结案", DenEN: "due", Source: sourceCentre,
		Formula: "disputes that stand closed / disputes whose clinic's deadline fell in the period", dispute: (*Dispute).closed},
	{Name: "closed_on_time", ZH: "按期结案率", EN: "closed on time", Topic: TopicDisputes, Unit: Share, Split: SplitDisputes, NumZH: "按期结案", NumEN: "closed in time", DenZH: "应结案", DenEN: "due", Source: sourceCentre,
		Formula: "disputes that stand closed and whose work ended by the minute of the deadline / disputes whose clinic's deadline fell in the period", dispute: (*Dispute).closedOnTime},
	{Name: "same_day", ZH: "当日办结率", EN: "same day", Topic: TopicDisputes, Unit: Share, Split: SplitDisputes, NumZH: "当日办结", NumEN: "closed the same day", DenZH: "普通门诊件", DenEN: "general clinic", Source: sourceCentre,
		Formula: "general-clinic disputes closed on the day they were accepted / general-clinic disputes accepted in the period", dispute: (*Dispute).sameDay},
	{Name: "escalated", ZH: "提级率", EN: "escalated", Topic: TopicDisputes, Unit: Share, Split: SplitDisputes, NumZH: "提级件", NumEN: "escalated", DenZH: "登记件", DenEN: "registered", Source: sourceCentre,
		Formula: "disputes registered in the period that were escalated to the district / disputes registered in the period", dispute: (*Dispute).escalated},
	{Name: "returned", ZH: "退回率", EN: "returned", Topic: TopicDisputes, Unit: Share, Split: SplitDisputes, NumZH: "退回件", NumEN: "sent back", DenZH: "登记件", DenEN: "registered", Source: sourceCentre,
		Formula: "disputes registered in the period that were sent back / disputes registered in the period", dispute: (*Dispute).returned},
	{Name: "to_community", ZH: "转社区率", EN: "sent to the community", Topic: TopicDisputes, Unit: Share, Split: SplitDisputes, NumZH: "转社区件", NumEN: "sent to the community", DenZH: "登记件", DenEN: "registered", Source: sourceCentre,
		Formula: "disputes registered in the period that the community clinic works / disputes registered in the period", dispute: (*Dispute).toCommunity},
	{Name: "follow_ups", ZH: "随访率", EN: "follow-ups kept", Topic: TopicDisputes, Unit: Share, Split: SplitDisputes, NumZH: "按期随访", NumEN: "made in time", DenZH: "应随访", DenEN: "follow-ups due", Source: sourceCentre,
		Formula: "follow-ups made by their due day / follow-ups due in the period, as the clinic's policy asks for them", dispute: (*Dispute).followUps},
	{Name: "relapse", ZH: "反弹率", EN: "relapse", Topic: TopicDisputes, Unit: Share, Split: SplitDisputes, NumZH: "90天内重开", NumEN: "reopened", DenZH: "办结件", DenEN: "closed", Source: sourceCentre,
		Formula: "disputes closed in the period that were reopened within 90 days / disputes closed in the period", dispute: (*Dispute).relapse},
	{Name: "performed", ZH: "协议履行率", EN: "agreements performed", Topic: TopicDisputes, Unit: Share, Split: SplitDisputes, NumZH: "已履行", NumEN: "performed", DenZH: "到期协议", DenEN: "agreements due", Source: sourceStandard,
		Formula: "agreements seen to be performed / agreements that took effect in the period", dispute: (*Dispute).performed},
	{Name: "confirmed", ZH: "司法确认率", EN: "court-confirmed", Topic: TopicDisputes, Unit: Share, Split: SplitDisputes, NumZH: "司法确认", NumEN: "confirmed", DenZH: "书面协议", DenEN: "written agreements", Source: sourceStandard,
		Formula: "written agreements that a court confirmed / written agreements that took effect in the period", dispute: (*Dispute).confirmed},
	{Name: "responded", ZH: "响应率", EN: "responded", Topic: TopicDisputes, Unit: Share, Split: SplitDisputes, NumZH: "已响应", NumEN: "responded", DenZH: "回访答复", DenEN: "answers", Source: sourceCallback,
		Formula: "call-backs answered with yes to whether the centre responded / call-backs in the period that answered it", dispute: (*Dispute).responded},
	{Name: "solved", ZH: "解决率", EN: "solved", Topic: TopicDisputes, Unit: Share, Split: SplitDisputes, NumZH: "已解决", NumEN: "solved", DenZH: "回访答复", DenEN: "answers", Source: sourceCallback,
		Formula: "call-backs answered with yes to whether it is solved / call-backs in the period that answered it", dispute: (*Dispute).solved},
	{Name: "satisfied", ZH: "满意率", EN: "satisfied", Topic: TopicDisputes, Unit: Share, Split: SplitDisputes, NumZH: "满意或基本满意", NumEN: "satisfied or fair", DenZH: "回访答复", DenEN: "answers", Source: sourceCallback,
		Formula: "call-backs answered with SATISFIED or FAIR / call-backs in the period that answered it", dispute: (*Dispute).satisfied},
	{Name: "sync_lag", ZH: "同步及时性", EN: "sync lag", Topic: TopicSync, Unit: Minutes, Split: SplitNone, NumZH: "分钟", NumEN: "minutes", DenZH: "走访数", DenEN: "visits", Source: sourceSync,
		Formula: "p50 and p95 of the minutes from a visit to its arrival at the server, nearest rank, over the visits of the period"},
	{Name: "sync_health", ZH: "同步状况", EN: "sync health", Topic: TopicSync, Unit: Mixed, Split: SplitNone, NumZH: "数量", NumEN: "count", DenZH: "总数", DenEN: "all", Source: sourceSync,
		Formula: "phones by last contact, unsent changes and the oldest of them, conflicts, quarantine and its age, suspect clocks, app versions, bytes"},
}
