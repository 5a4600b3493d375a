package console

import recordv1 "onedoor/proto/gen/onedoor/record/v1"

// section is a part of the navigation.
type section struct {
	Label string
	Links []link
}

type link struct{ Path, Label string }

// sections lists the pages that the reader's role has a use for. A page that is not here is refused by the calls it makes.
func (v *visit) sections() []section {
	if v.me.GetUser() == nil {
		return nil
	}
	var out []section
	part := func(zh, en string, links ...link) {
		var have []link
		for _, l := range links {
			if l.Path != "" {
				have = append(have, l)
			}
		}
		if len(have) > 0 {
			out = append(out, section{v.lang.pick(zh, en), have})
		}
	}
	on := func(may bool, path, zh, en string) link {
		if !may {
			return link{}
		}
		return link{path, v.lang.pick(zh, en)}
	}
	records := v.may("TakeStep")
	part("办案", "Casework",
		on(v.may("GetOverview"), "/overview", "总览", "Overview"),
		on(records, "/cases", "案件", "Cases"),
		on(v.readsHazards(), "/hazards", "隐患", "Hazards"),
		on(v.mayRegister(), "/cases/new", "登记案件", "Register a case"),
		on(records, "/rules", "政策与节假日", "Policy and days"))
	part("统计", "Figures", on(v.pullsReports(), "/reports", "统计报表", "Reports"))
	part("核对", "Review",
		on(records, "/conflicts", "冲突", "Conflicts"),
		on(true, "/quarantine", "待审更改", "Waiting changes"))
	part("运行", "Operation",
		on(v.may("ListDevices"), "/health", "同步状况", "Sync health"),
		on(v.may("AddUser"), "/people", "人员", "People"),
		on(v.may("PutTeam"), "/teams", "网格团队", "Teams"),
		on(v.may("PlanHandover"), "/handover", "房屋交接", "Handover"),
		on(v.may("ImportPremises"), "/imports", "导入", "Imports"),
		on(!records, "/rules", "政策与节假日", "Policy and days"))
	part("合规", "Compliance",
		on(v.may("ListRequests"), "/privacy", "个人信息请求", "Privacy requests"),
		on(v.may("ListEntries"), "/registers", "合规登记", "Registers"),
		on(v.may("GetRetention"), "/retention", "保存期限", "Retention"),
		on(v.may("ReadAccessLedger"), "/ledger", "查阅台账", "Access ledger"))
	return out
}

// pullsReports reports a role that pulls figures, as docs/reports.md lists them; the call decides.
func (v *visit) pullsReports() bool {
	switch v.role() {
	case recordv1.Role_ROLE_DISTRICT, recordv1.Role_ROLE_STREET_LEAD, recordv1.Role_ROLE_COMMUNITY_STAFF, recordv1.Role_ROLE_OPERATOR:
		return true
	}
	return false
}
