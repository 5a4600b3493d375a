package client

import (
	"onedoor/client-sdk/internal/localdb"
	"onedoor/internal/recordjson"
	"onedoor/internal/wire"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"
)

// Quarantined is an own change that the server keeps for a person's decision, or
// that was decided. Nothing of it is lost: it stays on the phone and at the server.
type Quarantined struct {
	// DeviceSeq is the change's number on this phone.
	DeviceSeq int64
	// RecordID and Kind name the record it is to.
	RecordID, Kind string
	// Create is true when it makes the record.
	Create bool
	// Reason is the reason's name, such as OUT_OF_SCOPE; Says explains it.
	Reason string
	Says   Sentence
	// State is waiting, released or rejected, Note the reason a person gave.
	State, Note string
	// TimeMs is when the edit was made, by this phone's clock.
	TimeMs int64
	// Fields holds what the change writes, as records write it.
	Fields recordjson.Object
}

var quarantineStates = map[localdb.QuarantineState]string{
	localdb.QuarantineWaiting: "waiting", localdb.QuarantineReleased: "released", localdb.QuarantineRejected: "rejected",
}

var reasonSentences = map[syncv1.QuarantineReason]Sentence{
	syncv1.QuarantineReason_QUARANTINE_REASON_OUT_OF_SCOPE:        {ZH: "不在您负责的范围内，等待管理员决定。", EN: "it lies outside of your area: somebody decides about it"},
	syncv1.QuarantineReason_QUARANTINE_REASON_NOT_PERMITTED:       {ZH: "您的角色不能填写这项内容，等待管理员决定。", EN: "your role may not write this: somebody decides about it"},
	syncv1.QuarantineReason_QUARANTINE_REASON_INVALID:             {ZH: "内容不符合要求，等待管理员决定。", EN: "it breaks a rule of its field: somebody decides about it"},
	syncv1.QuarantineReason_QUARANTINE_REASON_UNDECLARED_STEP:     {ZH: "状态不能这样变更，等待管理员决定。", EN: "the state cannot change so: somebody decides about it"},
	syncv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_RECORD:      {ZH: "服务器还没有这条记录，出现后自动生效。", EN: "the server does not know the record yet: it is applied when the record appears"},
	syncv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_KIND:        {ZH: "服务器版本较旧，升级后自动处理。", EN: "the server is older than the app: it waits for an upgrade"},
	syncv1.QuarantineReason_QUARANTINE_REASON_CREATE_QUARANTINED:  {ZH: "新建这条记录的内容还在等待决定。", EN: "the change that makes the record waits itself"},
	syncv1.QuarantineReason_QUARANTINE_REASON_REVOKED:             {ZH: "设备已停用，等待管理员决定。", EN: "the device is revoked: somebody decides about it"},
	syncv1.QuarantineReason_QUARANTINE_REASON_LEASE_ENDED:         {ZH: "交接已久才送达，等待管理员决定。", EN: "it arrived long after the area was handed over: somebody decides about it"},
	syncv1.QuarantineReason_QUARANTINE_REASON_ABOVE_CAP:           {ZH: "设备停用后上交的内容太多，这一条没有保留，已按编号记录。", EN: "the device is revoked and has handed in more than is kept: this one is not kept, and is counted as lost by its number"},
	syncv1.QuarantineReason_QUARANTINE_REASON_ERASED:              {ZH: "相关内容已依法删除，不再保留。", EN: "what it is about was erased by law"},
	syncv1.QuarantineReason_QUARANTINE_REASON_BASE_AHEAD:          {ZH: "手机数据与服务器不符，等待管理员决定。", EN: "the phone's past does not fit the server's: somebody decides about it"},
	syncv1.QuarantineReason_QUARANTINE_REASON_FAULT:               {ZH: "服务器处理时出错，等待管理员决定。", EN: "the server met a fault with it: somebody decides about it"},
	syncv1.QuarantineReason_QUARANTINE_REASON_MOVE_BY_SERVER_ONLY: {ZH: "记录所在的网格只能由管理员调整。", EN: "records are moved by the operator only"},
}

// Quarantined lists the phone's changes that were quarantined, decided ones too,
// in the order in which they were made.
func (r *Replica) Quarantined() (out []*Quarantined, err error) {
	err = r.reading(func(tx *localdb.Tx, _ *state) error {
		p, err := r.placesIn(tx)
		if err != nil {
			return err
		}
		var rows []localdb.Quarantined
		for q, err := range tx.QuarantinedChanges() {
			if err != nil {
				return err
			}
			rows = append(rows, q)
		}
		for i := range rows {
			q, err := r.quarantined(tx, p, &rows[i])
			if err != nil {
				return err
			}
			out = append(out, q)
		}
		return nil
	})
	return out, err
}

// reasonName gives the name of a reason, such as OUT_OF_SCOPE.
func reasonName(number int32) string {
	reason := syncv1.QuarantineReason(number)
	return recordjson.EnumName(reason.Descriptor(), reason.Number())
}

func (r *Replica) quarantined(tx *localdb.Tx, p *places, row *localdb.Quarantined) (*Quarantined, error) {
	reason := syncv1.QuarantineReason(row.Reason)
	out := &Quarantined{
		DeviceSeq: int64(row.DeviceSeq), RecordID: row.RecordID.String(), State: quarantineStates[row.State], Note: row.Note,
		Reason: reasonName(row.Reason), Says: reasonSentences[reason],
	}
	change, ok, err := tx.Change(row.DeviceSeq)
	if err != nil || !ok {
		return out, err
	}
	c, err := wire.DecodeChange(change.Body)
	if err != nil {
		return out, nil
	}
	out.Create, out.TimeMs = c.Create, int64(c.DeviceTime)
	if kind, known := r.schema.Kind(c.Kind); known {
		out.Kind = kind.Name
		out.Fields, err = recordjson.EncodeFields(kind, c.Patch.GetFields(), p)
	}
	return out, err
}
