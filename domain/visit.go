package domain

var visitRules = []precondition{
	needsAny("visit.needs_place", "premises_ids", "请选择走访的房屋，或者所在的网格。",
		"choose the doors visited, or the territory", "premises_ids", "territory"),
	{
		name: "visit.refused_with_consent", field: "consent_by", reads: []string{"outcome", "consent_by"},
		broken: func(f Fields) (string, string, bool) {
			return "结果是“拒访”，就没有人同意入户，请改其中一项。",
				"the outcome is REFUSED, so nobody let you in: change the outcome or consent_by",
				f.Numbers["outcome"] == int64(OutcomeRefused) && f.Numbers["consent_by"] != 0
		},
	},
	{
		name: "visit.exceptions_without_doors", field: "exceptions", reads: []string{"exceptions", "premises_ids"},
		broken: func(f Fields) (string, string, bool) {
			return "填了个别房间的结果，请同时选择走访的房屋。", "exceptions name single doors: choose the doors visited too",
				f.Sizes["exceptions"] > 0 && f.Sizes["premises_ids"] == 0
		},
	},
	{
		name: "visit.check_of_what", field: "checks_visit_id", reads: []string{"check_result", "checks_visit_id"},
		broken: func(f Fields) (string, string, bool) {
			return "填了核查结论，请选择被核查的走访。", "check_result needs the visit that was checked: choose checks_visit_id",
				f.Numbers["check_result"] != 0 && f.Sizes["checks_visit_id"] == 0
		},
	},
	reasonFor("visit.return_without_reason", "check_result", checkReturn, "check_reason",
		"退回走访时请写明原因，让同事知道补什么。", "a returned visit needs check_reason, so that the team knows what to do"),
}
