package recordwords

import (
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	cases "onedoor/domain/casework"
)

// enums are the values of the enums of records, by the enum's name.
var enums = map[string]List{
	"KindOfPremises": choices(1, Words{"出租房", "rental unit"}, Words{"楼栋", "building"}, Words{"旅馆", "hotel"}, Words{"商铺", "shop"},
		Words{"摊位", "market stall"}, Words{"住户", "household"}, Words{"其他", "other"}),
	"PremisesStatus": choices(1, Words{"在用", "in use"}, Words{"作废", "void"}, Words{"已并入", "merged"}),
	"VoidReason":     choices(1, Words{"已拆除", "pulled down"}, Words{"登记有误", "entered by mistake"}, Words{"其他", "other"}),
	"Grade":          choices(1, Words{"绿", "green"}, Words{"黄", "yellow"}, Words{"橙", "orange"}, Words{"红", "red"}),
	"PremisesUse": choices(1, Words{"居住", "living"}, Words{"经营", "trade"}, Words{"仓储", "storage"}, Words{"作坊", "workshop"},
		Words{"三合一", "living with trade or storage"}, Words{"空置", "vacant"}),
	"RentalKind": choices(1, Words{"整租", "whole let"}, Words{"合租", "shared"}, Words{"群租", "group-let"}, Words{"民宿", "homestay"}, Words{"旅馆", "hotel"}),
	"CadenceClass": choices(1, Words{"出租房", "rental"}, Words{"群租", "group-let"}, Words{"三合一", "mixed use"}, Words{"普通住户", "household"},
		Words{"旅馆", "hotel"}),
	"VisitPurpose": choices(1, Words{"日常走访", "routine"}, Words{"回访", "follow-up"}, Words{"复查", "re-check"}, Words{"巡查", "patrol"},
		Words{"联合走访", "joint"}, Words{"上门服务", "service"}, Words{"核查", "check"}),
	"VisitOutcome":    choices(1, Words{"已访", "seen"}, Words{"无人", "nobody in"}, Words{"拒访", "refused"}, Words{"改约", "another time"}),
	"Answer":          choices(1, Words{"良好", "good"}, Words{"一般", "fair"}, Words{"差", "poor"}, Words{"不适用", "not applicable"}),
	"ConsentBy":       choices(1, Words{"租客", "tenant"}, Words{"房东", "owner"}, Words{"管理人", "keeper"}, Words{"其他", "other"}),
	"CheckResult":     choices(1, Words{"通过", "pass"}, Words{"退回", "returned"}),
	"HazardCode":      hazardCodes(),
	"Severity":        choices(1, Words{"一般", "general"}, Words{"较大", "serious"}, Words{"重大", "major"}),
	"Disposal":        choices(1, Words{"即查即改", "fixed on the spot"}, Words{"限期整改", "dated notice"}, Words{"移交", "handed over"}),
	"HazardState":     stateList(cases.Hazards, int32(len(recordv1.HazardState_name)-1)),
	"DisputeState":    stateList(cases.Disputes, int32(len(recordv1.DisputeState_name)-1)),
	"TaskState":       stateList(cases.Tasks, int32(len(recordv1.TaskState_name)-1)),
	"CaseEventKind":   eventKinds(int32(len(recordv1.CaseEventKind_name) - 1)),
	"Clinic":          clinics(),
	"AttachmentState": choices(1, Words{"已登记", "declared"}, Words{"已存", "stored"}, Words{"已销毁", "destroyed"}),
	"DisputeCategory": {
		{2, Words{"邻里", "neighbours"}}, {19, Words{"房屋租赁", "letting of houses"}}, {1, Words{"婚姻家庭", "marriage and family"}},
		{17, Words{"物业", "property management"}}, {10, Words{"拖欠农民工工资", "wages of migrant workers"}}, {11, Words{"其他劳动争议", "other labour"}},
		{14, Words{"其他消费", "other consumer"}}, {6, Words{"损害赔偿", "damages"}}, {4, Words{"合同", "contract"}}, {5, Words{"生产经营", "business"}},
		{3, Words{"房屋宅基地", "house plots"}}, {7, Words{"山林土地", "forest and land"}}, {8, Words{"征地拆迁", "demolition"}}, {9, Words{"环境污染", "pollution"}},
		{12, Words{"旅游", "tourism"}}, {13, Words{"电子商务", "electronic commerce"}}, {15, Words{"医疗", "medical"}}, {16, Words{"道路交通事故", "road accidents"}},
		{18, Words{"其他", "other"}},
	},
	"DisputeSource": {
		{3, Words{"窗口来访", "came to the desk"}}, {1, Words{"网格员巡查", "grid worker"}}, {2, Words{"群众上报", "reported by a resident"}},
		{4, Words{"主动调解", "taken up by the centre"}}, {5, Words{"依申请", "a party applied"}}, {6, Words{"法院委托移送", "entrusted by a court"}},
		{7, Words{"检察院委托移送", "entrusted by a procuratorate"}}, {8, Words{"公安委托移送", "entrusted by the police"}},
		{9, Words{"信访委托移送", "entrusted by petitions"}}, {10, Words{"其他部门委托移送", "entrusted by a department"}}, {11, Words{"其他", "other"}},
	},
	"DisputeScale":  choices(1, Words{"个体", "single people"}, Words{"一般群体", "a group"}, Words{"重大群体", "a large group"}),
	"CaseRisk":      choices(1, Words{"低", "low"}, Words{"中", "medium"}, Words{"高", "high"}),
	"PartyConsent":  choices(1, Words{"同意调解", "agrees"}, Words{"拒绝调解", "refuses"}),
	"CaseResult":    choices(1, Words{"成功", "settled"}, Words{"部分成功", "settled in part"}, Words{"失败", "not settled"}),
	"AgreementForm": choices(1, Words{"口头", "by word of mouth"}, Words{"书面", "in writing"}),
	"JudicialConfirmation": {
		{1, Words{"已申请", "applied for"}}, {3, Words{"已确认", "confirmed"}}, {2, Words{"不予确认", "refused"}},
	},
	"Satisfaction": choices(1, Words{"满意", "satisfied"}, Words{"基本满意", "satisfied on the whole"}, Words{"不满意", "not satisfied"}),
}

// fields are the fields of records by name. A name means the same in every kind that has it.
var fields = map[string]Words{
	"Contact.name": {"姓名", "name"}, "life": {"存在", "existence"}, "address": {"地址", "address"}, "territory": {"辖区", "territory"}, "kind_of_premises": {"房屋种类", "kind of door"},
	"status": {"状态", "status"}, "rooms": {"房间数", "rooms"}, "headcount": {"居住人数", "headcount"}, "grade": {"风险等级", "grade"}, "contact": {"联系人", "contact"},
	"parent_id": {"所属楼栋", "building it is in"}, "compound": {"小区", "compound"}, "building": {"楼", "building"}, "stair": {"单元", "stair"}, "floor": {"层", "floor"},
	"door": {"室", "door"}, "use": {"用途", "use"}, "rental_kind": {"出租方式", "way of letting"}, "lease_filed": {"租赁备案", "lease filed"},
	"officer": {"责任民警", "officer"}, "worker": {"责任网格员", "worker"}, "grade_reasons": {"定级原因", "reasons of the grade"}, "cadence_class": {"走访类别", "cadence class"},
	"merged_into": {"并入", "merged into"}, "origin": {"来源文件", "origin"}, "external_ref": {"外部编号", "external reference"}, "last_seen_at": {"上次见到", "last seen"},
	"point": {"位置", "point"}, "police_note": {"公安备注", "police note"}, "name": {"名称", "name"}, "aliases": {"别名", "aliases"},
	"premises_ids": {"房屋", "doors"}, "purpose": {"走访目的", "purpose"}, "outcome": {"走访结果", "outcome"}, "note": {"备注", "note"}, "occurred_at": {"发生时间", "happened at"},
	"checklist": {"检查项", "checklist"}, "contributions": {"各人记录", "contributions"}, "registered_by": {"登记人", "registered by"}, "consent_by": {"同意进入的人", "consent by"},
	"exceptions": {"例外房屋", "exceptions"}, "task_id": {"任务", "task"}, "checks_visit_id": {"被核查的走访", "visit that is checked"}, "check_result": {"核查结果", "check result"},
	"check_reason": {"退回原因", "why returned"}, "premises_id": {"房屋", "door"}, "code": {"隐患类型", "code"}, "severity_found": {"发现时等级", "severity found"},
	"severity_ruled": {"认定等级", "severity ruled"}, "disposal": {"处置方式", "disposal"}, "state": {"办理状态", "state"}, "found_at": {"发现时间", "found at"},
	"deadline": {"期限", "deadline"}, "visit_id": {"走访", "visit"}, "checklist_item": {"检查项", "checklist item"}, "handed_over_to": {"移交给", "handed over to"},
	"door_address": {"房屋地址", "address of the door"}, "door_territory": {"房屋所在", "where the door is"},
	"title": {"案件名称", "title"}, "category": {"纠纷类别", "category"}, "source": {"来源", "source"}, "description": {"情况", "what happened"}, "scale": {"规模", "scale"},
	"parties": {"当事人", "parties"}, "clinic": {"门诊", "clinic"}, "registered_at": {"登记时间", "registered at"}, "party_contacts": {"当事人联系方式", "contacts of parties"},
	"accepted_at": {"受理时间", "accepted at"}, "risk": {"案件风险", "risk"}, "people_count": {"涉及人数", "people"}, "amount_fen": {"涉及金额（分）", "claim in fen"},
	"mediator": {"调解员", "mediator"}, "participants": {"参与人", "who takes part"}, "organisation": {"承办单位", "organisation"}, "method_code": {"化解方式", "method"},
	"result": {"结果", "result"}, "agreement_form": {"协议形式", "form of the agreement"}, "agreement_text": {"协议内容", "agreement"},
	"agreement_effective_on": {"协议生效", "in effect on"}, "judicial_confirmation": {"司法确认", "judicial confirmation"}, "remedies_notified_at": {"告知其他途径", "other ways told"},
	"decline_reason": {"不予受理原因", "why declined"}, "evaluation": {"评估", "evaluation"}, "call_back_at": {"回访时间", "called back"}, "responded": {"有人响应", "responded"},
	"solved": {"已解决", "solved"}, "satisfaction": {"满意度", "satisfaction"}, "sealed": {"封存", "sealed"}, "police_reported_at": {"报警时间", "police told"},
	"recused": {"回避", "recused"}, "departments": {"联调部门", "departments"}, "escalated_at": {"提级时间", "escalated"}, "minors": {"涉及未成年人", "a minor is drawn in"},
	"case_id": {"案件", "case"}, "what": {"事项", "what"}, "at": {"时间", "at"}, "actor": {"办理人", "by"}, "text": {"说明", "words"}, "attachment_ids": {"附件", "attachments"},
	"until": {"截止", "until"}, "days": {"天数", "days"}, "for_user": {"交给", "for"}, "due": {"限期", "due"}, "why": {"缘由", "why"}, "detail": {"详情", "detail"},
	"return_reason": {"退回原因", "why returned"}, "owner_id": {"属于", "belongs to"}, "sha256": {"摘要", "SHA-256"}, "size_bytes": {"大小", "size"},
	"media_type": {"类型", "media type"}, "thumbnail": {"缩略图", "thumbnail"}, "consent": {"意见", "consent"}, "phone": {"电话", "telephone"},
	"latitude_e7": {"纬度", "latitude"}, "longitude_e7": {"经度", "longitude"}, "role": {"角色", "role"}, "parent": {"上级", "above"}, "level": {"级别", "level"},
	"void_reason": {"作废原因", "why void"}, "voided_with": {"随何作废", "voided with"}, "delivered_at": {"送达时间", "delivered at"},
	"delivered_device": {"送达手机", "delivered to"}, "done_reason": {"完成缘由", "why done"},
	"valid_from": {"生效", "valid from"}, "valid_until": {"失效", "valid until"},
}
