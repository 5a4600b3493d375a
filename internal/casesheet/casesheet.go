// Package casesheet says what stands in the file of a case (一案一档): its sections and facts in the order and the words of the
// field, from an exported case that was cut for its reader. It knows no page and no font; internal/casefile sets what it gives.
//
// It never adds what the export does not hold.
package casesheet

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	cases "onedoor/domain/casework"
	"onedoor/internal/casefile"
	"onedoor/syncengine"
)

// relationsZH names what somebody has to do with a case.
var relationsZH = map[string]string{"first_receiver": "首接", "mediator": "主办", "participant": "参与"}

// Relation names what somebody has to do with a case.
func Relation(name string) string { return relationsZH[name] }

// Of puts an exported case into the words of its file. Place is the name of its territory.
func Of(m *adminv1.ExportCaseResponse, place string) (*casefile.File, error) {
	c, d := m.GetCase(), &recordv1.Dispute{}
	if err := proto.Unmarshal(c.GetFields(), d); err != nil {
		return nil, fmt.Errorf("read the case: %w", err)
	}
	f := &casefile.File{
		Title: d.GetTitle(), Number: m.GetRealmName() + " 矛盾纠纷一案一档 " + idOf(c.GetId()),
		Source: fmt.Sprintf("来源：%s onedoor，日志位置 %d，导出时间 %s。字段按导出人的角色权限列出；期限按 docs/casework.md 所列规则计算。",
			m.GetRealmName(), m.GetSeq(), moment(m.GetAtMs())),
	}
	f.Sections = []casefile.Section{basics(place, c, d), parties(d), agreement(d), followUps(c), people(c), timeline(c), tasks(c), attachments(c)}
	return f, nil
}

// shanghai is the time that a file is read by; it has no summer time.
var shanghai = time.FixedZone("UTC+8", 8*60*60)

// moment writes a time; a dash for none.
func moment(ms int64) string {
	if ms == 0 {
		return "-"
	}
	return time.UnixMilli(ms).In(shanghai).Format("2006-01-02 15:04")
}

// idOf writes an id; empty for none.
func idOf(b []byte) string {
	id, ok := syncengine.IDFromBytes(b)
	if !ok {
		return ""
	}
	return id.String()
}

// facts are gathered where there is something to say.
type facts []casefile.Fact

func (f *facts) add(label, value string) {
	if value != "" && value != "-" {
		*f = append(*f, casefile.Fact{Label: label, Value: value})
	}
}

func (f *facts) time(label string, ms int64) {
	if ms != 0 {
		f.add(label, moment(ms))
	}
}

// Names of enum values in the order of their numbers, as the forms of the field have them.
var (
	categoriesZH = []string{"", "婚姻家庭", "邻里", "房屋宅基地", "合同", "生产经营", "损害赔偿", "山林土地", "征地拆迁", "环境污染", "拖欠农民工工资",
		"其他劳动争议", "旅游", "电子商务", "其他消费", "医疗", "道路交通事故", "物业", "其他", "房屋租赁"}
	sourcesZH = []string{"", "网格员巡查", "群众上报", "来访", "主动调解", "依申请调解", "法院委托移送", "检察院委托移送", "公安委托移送", "信访委托移送",
		"其他部门委托移送", "其他"}
	scalesZH = []string{"", "个体", "一般群体", "重大群体"}
	risksZH  = []string{"", "低", "中", "高"}
)

// nameOf names a value; a number that newer software made is told as it is.
func nameOf(names []string, number int) string {
	if number < 0 || number >= len(names) {
		return fmt.Sprint(number)
	}
	return names[number]
}

func basics(place string, c *adminv1.Case, d *recordv1.Dispute) casefile.Section {
	var f facts
	state, _ := cases.Disputes.StateWords(cases.State(c.GetState()))
	f.add("状态", state)
	f.add("所在", place)
	f.add("类别", nameOf(categoriesZH, int(d.GetCategory())))
	f.add("来源", nameOf(sourcesZH, int(d.GetSource())))
	f.add("规模", nameOf(scalesZH, int(d.GetScale())))
	f.add("风险", nameOf(risksZH, int(d.GetRisk())))
	if d.GetClinic() != 0 {
		zh, _ := domain.Clinic(d.GetClinic()).Words()
		f.add("门诊", zh)
	}
	f.time("发生时间", d.GetOccurredAt())
	f.time("登记时间", d.GetRegisteredAt())
	f.time("受理时间", d.GetAcceptedAt())
	if t := c.GetTiming(); t != nil {
		f.time("期限", t.GetDeadlineMs())
		f.add("计时", map[string]string{"running": "进行中", "paused": "中止", "overdue": "已超期", "stopped": "已停止"}[t.GetClock()])
	}
	if d.PeopleCount != nil {
		f.add("涉及人数", fmt.Sprint(d.GetPeopleCount()))
	}
	if d.AmountFen != nil {
		f.add("涉及金额", fmt.Sprintf("%d.%02d 元", d.GetAmountFen()/100, d.GetAmountFen()%100))
	}
	f.add("案情", d.GetDescription())
	f.time("报警时间", d.GetPoliceReportedAt())
	f.add("不予受理原因", d.GetDeclineReason())
	return casefile.Section{Heading: "基本情况", Facts: f}
}

// consentsZH names what a party said to mediation.
var consentsZH = map[recordv1.PartyConsent]string{
	recordv1.PartyConsent_PARTY_CONSENT_AGREED: "同意调解", recordv1.PartyConsent_PARTY_CONSENT_REFUSED: "拒绝调解",
}

func parties(d *recordv1.Dispute) casefile.Section {
	s := casefile.Section{Heading: "当事人", Columns: []casefile.Column{{Name: "称谓", Share: 0.25}, {Name: "意见", Share: 0.25}, {Name: "联系方式", Share: 0.5}}, Empty: "没有登记当事人"}
	for _, alias := range sortedKeys(d.GetParties(), d.GetPartyContacts()) {
		contact := d.GetPartyContacts()[alias]
		s.Rows = append(s.Rows, []string{alias, consentsZH[d.GetParties()[alias].GetConsent()], strings.TrimSpace(contact.GetName() + " " + contact.GetPhone())})
	}
	return s
}

func agreement(d *recordv1.Dispute) casefile.Section {
	var f facts
	switch d.GetAgreementForm() {
	case recordv1.AgreementForm_AGREEMENT_FORM_ORAL:
		f.add("形式", "口头协议")
	case recordv1.AgreementForm_AGREEMENT_FORM_WRITTEN:
		f.add("形式", "书面协议")
	}
	f.add("内容", d.GetAgreementText())
	f.time("生效时间", d.GetAgreementEffectiveOn())
	switch d.GetJudicialConfirmation() {
	case recordv1.JudicialConfirmation_JUDICIAL_CONFIRMATION_APPLIED:
		f.add("司法确认", "已申请")
	case recordv1.JudicialConfirmation_JUDICIAL_CONFIRMATION_REFUSED:
		f.add("司法确认", "不予确认")
	case recordv1.JudicialConfirmation_JUDICIAL_CONFIRMATION_CONFIRMED:
		f.add("司法确认", "已确认")
	}
	f.add("结果", map[recordv1.CaseResult]string{
		recordv1.CaseResult_CASE_RESULT_SUCCESS: "成功", recordv1.CaseResult_CASE_RESULT_PARTIAL: "部分成功", recordv1.CaseResult_CASE_RESULT_FAILURE: "失败",
	}[d.GetResult()])
	f.time("告知其他途径", d.GetRemediesNotifiedAt())
	f.time("回访时间", d.GetCallBackAt())
	f.add("满意度", map[recordv1.Satisfaction]string{
		recordv1.Satisfaction_SATISFACTION_SATISFIED: "满意", recordv1.Satisfaction_SATISFACTION_FAIR: "基本满意", recordv1.Satisfaction_SATISFACTION_DISSATISFIED: "不满意",
	}[d.GetSatisfaction()])
	f.add("评估", d.GetEvaluation())
	empty := ""
	if len(f) == 0 {
		empty = "还没有协议"
	}
	return casefile.Section{Heading: "协议与结果", Facts: f, Empty: empty}
}

// followUps are the follow-ups, pauses and extensions, which a reader looks for by themselves.
func followUps(c *adminv1.Case) casefile.Section {
	s := casefile.Section{Heading: "随访、中止与延期", Columns: []casefile.Column{{Name: "时间", Share: 0.22}, {Name: "事项", Share: 0.14}, {Name: "说明", Share: 0.64}}, Empty: "没有"}
	for _, e := range c.GetTimeline() {
		text := e.GetText()
		switch e.GetWhat() {
		case recordv1.CaseEventKind_CASE_EVENT_KIND_FOLLOW_UP, recordv1.CaseEventKind_CASE_EVENT_KIND_CALL_BACK, recordv1.CaseEventKind_CASE_EVENT_KIND_RESUMED:
		case recordv1.CaseEventKind_CASE_EVENT_KIND_PAUSED:
			text = "至 " + moment(e.GetUntilMs()) + " " + text
		case recordv1.CaseEventKind_CASE_EVENT_KIND_EXTENDED:
			text = fmt.Sprintf("%d 日 %s", e.GetDays(), text)
		default:
			continue
		}
		what, _ := cases.EventKind(e.GetWhat()).Words()
		s.Rows = append(s.Rows, []string{moment(e.GetAtMs()), what, text})
	}
	return s
}

func people(c *adminv1.Case) casefile.Section {
	s := casefile.Section{Heading: "经办人员", Columns: []casefile.Column{{Name: "关系", Share: 0.2}, {Name: "角色", Share: 0.4}, {Name: "姓名", Share: 0.4}}, Empty: "没有"}
	for _, p := range c.GetPeople() {
		s.Rows = append(s.Rows, []string{relationsZH[p.GetRelation()], domain.Role(p.GetRole()).LabelZH(), p.GetName()})
	}
	return s
}

func timeline(c *adminv1.Case) casefile.Section {
	s := casefile.Section{Heading: "办理过程", Columns: []casefile.Column{
		{Name: "时间", Share: 0.22}, {Name: "事项", Share: 0.16}, {Name: "经办", Share: 0.16}, {Name: "说明", Share: 0.46}}, Empty: "您的角色看不到办理过程"}
	for _, e := range c.GetTimeline() {
		what, _ := cases.EventKind(e.GetWhat()).Words()
		s.Rows = append(s.Rows, []string{moment(e.GetAtMs()), what, e.GetActorName(), e.GetText()})
	}
	return s
}

// taskStatesZH names how far a task has come.
var taskStatesZH = map[recordv1.TaskState]string{
	recordv1.TaskState_TASK_STATE_MADE: "待办", recordv1.TaskState_TASK_STATE_DELIVERED: "已送达", recordv1.TaskState_TASK_STATE_OPENED: "已查看",
	recordv1.TaskState_TASK_STATE_RETURNED: "已退回", recordv1.TaskState_TASK_STATE_DONE: "已完成",
}

func tasks(c *adminv1.Case) casefile.Section {
	s := casefile.Section{Heading: "任务与督办", Columns: []casefile.Column{
		{Name: "期限", Share: 0.22}, {Name: "内容", Share: 0.46}, {Name: "承办", Share: 0.16}, {Name: "状态", Share: 0.16}}, Empty: "没有"}
	for _, t := range c.GetTasks() {
		s.Rows = append(s.Rows, []string{moment(t.GetDueMs()), t.GetWhat(), t.GetUserName(), taskStatesZH[t.GetState()]})
	}
	return s
}

func attachments(c *adminv1.Case) casefile.Section {
	s := casefile.Section{Heading: "附件", Columns: []casefile.Column{{Name: "类型", Share: 0.18}, {Name: "字节", Share: 0.14}, {Name: "SHA-256", Share: 0.68}}, Empty: "没有附件"}
	for _, a := range c.GetAttachments() {
		s.Rows = append(s.Rows, []string{a.GetMediaType(), fmt.Sprint(a.GetSizeBytes()), hex.EncodeToString(a.GetSha256())})
	}
	return s
}

// sortedKeys gives the keys of both maps once, in order.
func sortedKeys[A, B any](a map[string]A, b map[string]B) []string {
	keys := slices.Collect(maps.Keys(a))
	keys = slices.AppendSeq(keys, maps.Keys(b))
	slices.Sort(keys)
	return slices.Compact(keys)
}
