package domain

// AttachmentBytesMax is the greatest size of an attached file in bytes: a phone's picture takes under 10 MB, and a
// scanned agreement of some pages no more than twice that.
const AttachmentBytesMax = 20 << 20

// sha256Bytes is the length of a SHA-256.
const sha256Bytes = 32

// ExtensionDaysMax bounds one extension of a deadline: a year is longer than any policy grants.
const ExtensionDaysMax = 366

var taskRules = []precondition{
	needsText("task.needs_what", "what", "请写明要做什么。", "say what is to be done"),
	needsAny("task.needs_aim", "for_user", "请选择任务交给谁，或者与哪户、哪件事有关。",
		"choose who is to do it, or the door or case it is about", "for_user", "premises_id", "case_id"),
	reasonFor("task.returned_without_reason", "state", taskReturned, "return_reason",
		"退回任务时请写明原因。", "a returned task needs return_reason"),
}

var caseEventRules = []precondition{
	needsAny("case_event.needs_case", "case_id", "请选择所属的隐患或纠纷。", "choose the hazard or dispute it belongs to", "case_id"),
	needsNumber("case_event.needs_what", "what", "请选择发生了什么。", "choose what happened"),
	within("case_event", "days", "延期天数", 0, ExtensionDaysMax),
	{
		name: "case_event.pause_without_limit", field: "until", reads: []string{"what", "until"},
		broken: func(f Fields) (string, string, bool) {
			return "中止计时请写明到哪一天为止。", "a pause needs until, the time at which it ends by itself",
				f.Numbers["what"] == eventPaused && f.Numbers["until"] == 0
		},
	},
	{
		name: "case_event.extension_without_days", field: "days", reads: []string{"what", "days"},
		broken: func(f Fields) (string, string, bool) {
			return "延期请写明天数。", "an extension needs days", f.Numbers["what"] == eventExtended && f.Numbers["days"] == 0
		},
	},
	reasonFor("case_event.pause_without_reason", "what", eventPaused, "text", "中止计时请写明原因。", "a pause needs its reason in text"),
	reasonFor("case_event.extension_without_reason", "what", eventExtended, "text", "延期请写明原因。", "an extension needs its reason in text"),
}

var attachmentRules = []precondition{
	needsAny("attachment.needs_owner", "owner_id", "请选择附件所属的房屋、隐患或纠纷。",
		"choose the door, hazard or dispute it belongs to", "owner_id"),
	{
		name: "attachment.hash_length", field: "sha256", reads: []string{"sha256"},
		broken: func(f Fields) (string, string, bool) {
			return "附件的校验值不完整，请重新选择文件。", "sha256 must be 32 bytes: choose the file again",
				f.Sizes["sha256"] != sha256Bytes
		},
	},
	within("attachment", "size_bytes", "文件大小（字节）", 0, AttachmentBytesMax),
}
