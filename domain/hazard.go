package domain

var hazardRules = []precondition{
	needsAny("hazard.needs_door", "premises_id", "请选择隐患所在的房屋。", "choose the door that the hazard is at", "premises_id"),
	needsNumber("hazard.needs_code", "code", "请选择隐患类型。", "choose the code of the hazard"),
	{
		name: "hazard.deadline_before_found", field: "deadline", reads: []string{"deadline", "found_at"},
		broken: func(f Fields) (string, string, bool) {
			deadline, dated := f.Numbers["deadline"]
			found, known := f.Numbers["found_at"]
			return "整改期限早于发现日期，请改期限或发现时间。",
				"the deadline lies on a day before the hazard was found: change deadline or found_at",
				dated && known && UnixMilli(deadline).ShanghaiDay() < UnixMilli(found).ShanghaiDay()
		},
	},
}
