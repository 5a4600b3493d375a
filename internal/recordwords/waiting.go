package recordwords

import (
	"fmt"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"
)

// Waiting says why a change waits in quarantine.
func Waiting(r syncv1.QuarantineReason) (zh, en string) {
	if w, ok := waitingWords[r]; ok {
		return w[0], w[1]
	}
	return fmt.Sprintf("原因%d", r), fmt.Sprintf("reason %d", r)
}

// waitingWords are the reasons in both languages.
var waitingWords = map[syncv1.QuarantineReason][2]string{
	syncv1.QuarantineReason_QUARANTINE_REASON_OUT_OF_SCOPE:        {"记录不在作者辖区", "The record is outside of its author's area"},
	syncv1.QuarantineReason_QUARANTINE_REASON_NOT_PERMITTED:       {"作者的角色不能填写这些内容", "Its author's role may not write this"},
	syncv1.QuarantineReason_QUARANTINE_REASON_INVALID:             {"内容不合要求", "It is not valid by itself"},
	syncv1.QuarantineReason_QUARANTINE_REASON_UNDECLARED_STEP:     {"办理步骤跳过了规定的环节", "A step between states that is not declared"},
	syncv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_RECORD:      {"还没有收到它所属的记录，收到后自动放行", "Its record is not known yet; it is released by itself when that arrives"},
	syncv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_KIND:        {"服务器不认识这种记录，请升级", "The kind is not known here; upgrade the server"},
	syncv1.QuarantineReason_QUARANTINE_REASON_CREATE_QUARANTINED:  {"新建这条记录的更改还在待审", "The change that makes the record waits itself"},
	syncv1.QuarantineReason_QUARANTINE_REASON_REVOKED:             {"手机已停用", "The phone was revoked"},
	syncv1.QuarantineReason_QUARANTINE_REASON_LEASE_ENDED:         {"手机的授权到期超过14天", "The phone's lease ended more than 14 days before"},
	syncv1.QuarantineReason_QUARANTINE_REASON_ERASED:              {"内容已按请求删除", "What it writes was erased"},
	syncv1.QuarantineReason_QUARANTINE_REASON_BASE_AHEAD:          {"它说见过服务器还没有的内容", "It claims to have seen what was never served"},
	syncv1.QuarantineReason_QUARANTINE_REASON_FAULT:               {"服务器处理时出错", "The server met a fault of its own"},
	syncv1.QuarantineReason_QUARANTINE_REASON_MOVE_BY_SERVER_ONLY: {"房屋只能由服务器换辖区", "Only the server moves a standing record"},
	syncv1.QuarantineReason_QUARANTINE_REASON_ABOVE_CAP:           {"停用的手机交来太多，只记了数目", "A revoked phone handed in more than is kept; it is counted"},
}
