package adminrpc

import (
	"strings"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/syncengine"
)

const (
	// voidProposal is what the task asks: is the door gone? Then mark it void.
	voidProposal = "登记册中已无此户：请核实，如已注销请标为注销"
	// voidRule begins the task's reason and tells such a task from others; the
	// file's name follows.
	voidRule = "登记册导入："
)

// propose makes a task at each door that a complete register lacks, for whoever
// serves the door. A door that has such a task open gets no second one.
func (p *premisesImport) propose(missing []int) {
	for _, i := range missing {
		d := p.near.doors[i]
		if !d.active() {
			continue
		}
		p.out.ProposedVoid = append(p.out.ProposedVoid, d.id[:])
		if p.near.proposed[d.id] {
			continue
		}
		p.changes = append(p.changes, exchange.ServerChange{
			RecordID: p.service.realm.NewID(), Kind: kindTask, Create: true,
			Fields: &recordv1.Task{
				What: proto.String(voidProposal), Why: proto.String(voidRule + p.origin),
				PremisesId: d.id[:], State: recordv1.TaskState_TASK_STATE_MADE.Enum(),
			},
		})
	}
}

// proposal gives the door that an open task proposes to void.
func proposal(rec *syncengine.Record) (id syncengine.ID, ok bool, err error) {
	m := &recordv1.Task{}
	if err := wire.ReadShown(rec, m, nil); err != nil {
		return id, false, err
	}
	switch m.GetState() {
	case recordv1.TaskState_TASK_STATE_DONE, recordv1.TaskState_TASK_STATE_RETURNED:
		return id, false, nil
	}
	if rec.Dead() || !strings.HasPrefix(m.GetWhy(), voidRule) {
		return id, false, nil
	}
	id, ok = syncengine.IDFromBytes(m.GetPremisesId())
	return id, ok, nil
}
