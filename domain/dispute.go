package domain

import "strings"

// Greatest values of a case. They catch slips of the finger.
const (
	// PeopleCountMax: the street has some 130,000 people.
	PeopleCountMax = 100_000
	// AmountFenMax is ten billion CNY in fen, above any claim a street settles.
	AmountFenMax = 1_000_000_000_000
	// methodCodeMax is the greatest number of the standard's two-digit code.
	methodCodeMax = 99
)

var disputeRules = []precondition{
	needsText("dispute.needs_title", "title", "请用几个字写明是什么纠纷。", "give the dispute a title"),
	needsAny("dispute.needs_territory", "territory", "请选择纠纷所在的网格或社区。",
		"choose the territory that the dispute lies in", "territory"),
	within("dispute", "people_count", "涉及人数", 0, PeopleCountMax),
	within("dispute", "amount_fen", "涉及金额（分）", 0, AmountFenMax),
	within("dispute", "method_code", "化解方式代码", 1, methodCodeMax),
	byAlias("parties"),
	byAlias("party_contacts"),
	sealedForSomebody,
	reasonFor("dispute.declined_without_reason", "state", disputeDeclined, "decline_reason",
		"不予受理时请写明原因，并告知当事人。", "a declined case needs decline_reason, as the parties are told"),
}

// sealedForSomebody is the rule that a seal leaves the case to somebody: whoever is not named loses it, its author too.
var sealedForSomebody = precondition{name: "dispute.sealed_for_nobody", field: "sealed", reads: []string{"sealed", "mediator", "participants"},
	broken: func(f Fields) (string, string, bool) {
		return "封存后只有调解员和参与人能看到本案：请先指定调解员或参与人（需要继续办理的话，也把自己加上），再封存。",
			"a sealed case reaches its mediator and participants only: name at least one of them, and yourself if you go on working it, then seal it",
			f.Numbers["sealed"] != 0 && f.Sizes["mediator"] == 0 && f.Sizes["participants"] == 0
	}}

// ProposeSeal gives a proposal to seal the case, by rule: it is about a family, or a minor is drawn in (人民调解法,
// article 15, binds mediators to the parties' privacy; 未成年人保护法, article 103, keeps a minor in a case unnamed). A person decides; nothing seals by itself.
func ProposeSeal(f Fields) (Complaint, bool) {
	family, minor := f.Numbers["category"] == disputeFamily, f.Numbers["minors"] != 0
	if f.Numbers["sealed"] != 0 || !family && !minor {
		return Complaint{}, false
	}
	return Complaint{Field: "sealed", Rule: "dispute.propose_seal",
		ZH: "本案涉及婚姻家庭或未成年人，建议封存：指定调解员和参与人后，把“封存”设为是，其他人就看不到了。",
		EN: "the case is about a family or a minor: consider sealing it, with a mediator or participants named; nobody else reads it then",
	}, true
}

// byAlias is the rule that the parties are named by alias and never by name.
func byAlias(field string) precondition {
	return precondition{name: "dispute." + field + "_by_alias", field: field, reads: []string{field},
		broken: func(f Fields) (string, string, bool) {
			for _, key := range f.Keys[field] {
				if !IsAlias(key) {
					return "当事人请用“甲方”“乙方”等代称，姓名和电话填在当事人联系方式里。",
						"name the parties 甲方, 乙方 and so on; names and numbers go into party_contacts, under the alias", true
				}
			}
			return "", "", false
		}}
}

// IsAlias reports whether a text is an alias of a party: 甲方 to 癸方, A方 to Z方, a single letter A to Z, or 第三人. A
// number may follow: 甲方2.
func IsAlias(text string) bool {
	text = strings.TrimRight(text, "0123456789")
	if text == "第三人" {
		return true
	}
	stem := strings.TrimSuffix(text, "方")
	if len(stem) == 1 {
		return stem[0] >= 'A' && stem[0] <= 'Z'
	}
	return stem != text && len(stem) == len("甲") && strings.Contains("甲乙丙丁戊己庚辛壬癸", stem)
}
