package domain

// Numbers of a dispute's states, results and other values that the rules of its steps look at.
const (
	disputeTriaged     = 3
	disputeAssigned    = 4
	disputeHandling    = 5
	disputeFailed      = 6
	disputeAgreed      = 7
	disputeRefused     = 8
	disputePerforming  = 9
	disputeVerified    = 10
	disputeClosed      = 12
	resultSuccess      = 1
	resultPartial      = 2
	resultFailure      = 3
	consentAgreed      = 1
	consentRefused     = 2
	caseRiskHigh       = 3
	partiesOfADispute  = 2
	judicialConfirming = 1
)

// stepRules are what a step of a dispute needs of the record's other fields. They are asked when the state is written,
// and not of somebody who writes something else into a case that lacks it.
var stepRules = []precondition{
	stepNeeds("dispute.triaged_without_clinic", []string{"clinic"}, "clinic", "分诊请选择门诊。", "choose the clinic",
		func(f Fields) bool { return f.Numbers["clinic"] != 0 }, disputeTriaged),
	stepNeeds("dispute.high_risk_untold", []string{"risk", "police_reported_at"}, "police_reported_at",
		"案件风险为高，请先报警并填写报警时间，再继续办理（人民调解法第二十五条）。",
		"the risk of the case is high: tell the police first and give police_reported_at (人民调解法, article 25)",
		func(f Fields) bool { return f.Numbers["risk"] != caseRiskHigh || f.Numbers["police_reported_at"] != 0 },
		disputeTriaged, disputeAssigned, disputeHandling),
	stepNeeds("dispute.assigned_to_nobody", []string{"mediator", "participants"}, "mediator", "指派请选择调解员或参与人。", "choose the mediator, or who takes part",
		func(f Fields) bool { return f.Sizes["mediator"] > 0 || f.Sizes["participants"] > 0 }, disputeAssigned),
	stepNeeds("dispute.worked_without_consent", []string{"parties"}, "parties",
		"调解须各方当事人同意，请先填写各方的意见（人民调解法第三条、第十七条）。",
		"mediation needs the consent of each party, two at least: enter it in parties (人民调解法, articles 3 and 17)",
		everyPartyAgrees, disputeHandling, disputeAgreed),
	stepNeeds("dispute.agreed_without_form", []string{"agreement_form"}, "agreement_form", "达成协议请选择口头或书面（人民调解法第二十八条）。",
		"choose the form of the agreement, ORAL or WRITTEN (人民调解法, article 28)", hasForm, disputeAgreed),
	stepNeeds("dispute.refused_by_nobody", []string{"parties"}, "parties", "请写明哪一方拒绝调解（人民调解法第十七条）。",
		"say which party refuses, in parties (人民调解法, article 17)",
		func(f Fields) bool { return partiesWith(f, consentRefused) > 0 }, disputeRefused),
	stepNeeds("dispute.ended_untold", []string{"result", "remedies_notified_at"}, "remedies_notified_at",
		"调解终止，请先告知当事人还可以通过仲裁、行政、司法途径解决，并填写告知时间（人民调解法第二十六条）。",
		"mediation ends: tell the parties the other ways (arbitration, administration, court) and give remedies_notified_at (人民调解法, article 26)",
		func(f Fields) bool {
			ended := f.Numbers["state"] != disputeClosed || f.Numbers["result"] == resultFailure
			return !ended || f.Numbers["remedies_notified_at"] != 0
		}, disputeFailed, disputeRefused, disputeClosed),
	stepNeeds("dispute.performed_without_date", []string{"agreement_effective_on"}, "agreement_effective_on", "请填写协议生效时间。",
		"give agreement_effective_on, the day the agreement takes effect",
		func(f Fields) bool { return f.Numbers["agreement_effective_on"] != 0 }, disputePerforming),
	stepNeeds("dispute.verified_without_call", []string{"call_back_at"}, "call_back_at", "请先回访当事人并填写回访时间（人民调解法第三十一条）。",
		"call the parties back first and give call_back_at (人民调解法, article 31)",
		func(f Fields) bool { return f.Numbers["call_back_at"] != 0 }, disputeVerified),
	stepNeeds("dispute.verified_unsolved", []string{"solved"}, "solved", "当事人说没有解决，不能核实履行，请重新办理。",
		"the party called says that it is not solved: handle the case again",
		func(f Fields) bool { solved, answered := f.Numbers["solved"]; return !answered || solved != 0 }, disputeVerified),
	stepNeeds("dispute.closed_without_result", []string{"result"}, "result", "办结请选择结果：成功、部分成功或失败。",
		"choose the result: SUCCESS, PARTIAL or FAILURE", func(f Fields) bool { return f.Numbers["result"] != 0 }, disputeClosed),
	stepNeeds("dispute.settled_without_consent", []string{"result", "parties"}, "parties", "化解成功的案件，请填写各方当事人的同意。",
		"a settled case has the consent of each party, two at least: enter it in parties",
		func(f Fields) bool { return !settled(f) || everyPartyAgrees(f) }, disputeClosed),
	stepNeeds("dispute.settled_without_form", []string{"result", "agreement_form"}, "agreement_form", "化解成功的案件，请选择协议是口头还是书面。",
		"a settled case has an agreement: choose its form, ORAL or WRITTEN",
		func(f Fields) bool { return !settled(f) || hasForm(f) }, disputeClosed),
	{
		name: "dispute.confirmed_without_agreement", field: "judicial_confirmation", reads: []string{"judicial_confirmation"},
		looks: []string{"agreement_form", "agreement_effective_on"},
		broken: func(f Fields) (string, string, bool) {
			return "申请司法确认，请先填写协议形式和生效时间（人民调解法第三十三条）。",
				"judicial confirmation needs agreement_form and agreement_effective_on (人民调解法, article 33)",
				f.Numbers["judicial_confirmation"] >= judicialConfirming && (!hasForm(f) || f.Numbers["agreement_effective_on"] == 0)
		},
	},
}

// stepNeeds is the rule that a dispute which comes into one of the states holds something, told by the fields it looks at.
func stepNeeds(name string, looks []string, field, zh, en string, holds func(Fields) bool, states ...int64) precondition {
	return precondition{name: name, field: field, reads: []string{"state"}, looks: looks,
		broken: func(f Fields) (string, string, bool) {
			for _, state := range states {
				if f.Numbers["state"] == state && !holds(f) {
					return zh, en, true
				}
			}
			return "", "", false
		}}
}

func settled(f Fields) bool {
	return f.Numbers["result"] == resultSuccess || f.Numbers["result"] == resultPartial
}

func hasForm(f Fields) bool { return f.Numbers["agreement_form"] != 0 }

// partiesWith counts the parties that gave an answer.
func partiesWith(f Fields, consent int64) (n int) {
	for _, alias := range f.Keys["parties"] {
		if f.Numbers["parties."+alias+".consent"] == consent {
			n++
		}
	}
	return n
}

func everyPartyAgrees(f Fields) bool {
	parties := len(f.Keys["parties"])
	return parties >= partiesOfADispute && partiesWith(f, consentAgreed) == parties
}
