package adminrpc

import (
	"slices"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

const (
	// roleGridWorker is the role whose own territory a grid is.
	roleGridWorker = uint32(recordv1.Role_ROLE_GRID_WORKER)
	// participantsField is the set of those who join a case.
	participantsField syncengine.FieldNumber = 21
	// deliveredAtField and deliveredDeviceField say of a task that it has reached a phone.
	deliveredAtField     syncengine.FieldNumber = 11
	deliveredDeviceField syncengine.FieldNumber = 12
)

// openAbout makes the changes by which what is open about a door goes on with the
// new worker: tasks that were for the old one, and cases that name the old one. A
// sealed case is nothing about its door: it stays with whom it names.
func (h *handover) openAbout(r store.Reader, door, holder syncengine.ID) ([]exchange.ServerChange, error) {
	if holder.IsZero() {
		return nil, nil
	}
	var changes []exchange.ServerChange
	err := h.service.realm.Following(r, door, func(rec *syncengine.Record) error {
		read, err := h.message(rec)
		switch m := read.(type) {
		case *recordv1.Task:
			if taskOpen(m) && string(m.GetForUser()) == string(holder[:]) {
				changes = append(changes, h.passedOn(rec, m))
			}
		case *recordv1.Dispute:
			if c, named := h.renamed(rec, m, holder); named && disputeOpen(m) {
				changes = append(changes, c)
			}
		}
		return err
	})
	return changes, err
}

// passedOn gives a task to the new worker, whom it has not reached: that it was delivered to the old one, or opened, is taken back.
func (h *handover) passedOn(rec *syncengine.Record, m *recordv1.Task) exchange.ServerChange {
	c := exchange.ServerChange{RecordID: rec.ID, Kind: rec.Kind}
	fields := &recordv1.Task{ForUser: h.to.ID[:]}
	if m.GetState() != recordv1.TaskState_TASK_STATE_MADE {
		fields.State = recordv1.TaskState_TASK_STATE_MADE.Enum()
	}
	if m.DeliveredAt != nil {
		c.Cleared = []syncengine.FieldNumber{deliveredAtField, deliveredDeviceField}
	}
	c.Fields = fields
	return c
}

// renamed puts the new worker where a case names the old one.
func (h *handover) renamed(rec *syncengine.Record, m *recordv1.Dispute, holder syncengine.ID) (c exchange.ServerChange, named bool) {
	c = exchange.ServerChange{RecordID: rec.ID, Kind: rec.Kind}
	fields := &recordv1.Dispute{}
	if string(m.GetMediator()) == string(holder[:]) {
		fields.Mediator, named = h.to.ID[:], true
	}
	if slices.ContainsFunc(m.GetParticipants(), func(b []byte) bool { return string(b) == string(holder[:]) }) {
		fields.Participants, named = [][]byte{h.to.ID[:]}, true
		c.Removed = []exchange.SetElement{{Field: participantsField, Element: holder}}
	}
	c.Fields = fields
	return c, named
}

// message reads a live record; nil for a deleted one and for a kind that is not known.
func (h *handover) message(rec *syncengine.Record) (proto.Message, error) {
	kind, ok := h.service.realm.Schema().Kind(rec.Kind)
	if !ok || rec.Dead() {
		return nil, nil
	}
	m := kind.Type.New().Interface()
	return m, wire.ReadShown(rec, m, nil)
}

func taskOpen(m *recordv1.Task) bool {
	return m.GetState() != recordv1.TaskState_TASK_STATE_DONE && m.GetState() != recordv1.TaskState_TASK_STATE_RETURNED
}

func disputeOpen(m *recordv1.Dispute) bool {
	switch m.GetState() {
	case recordv1.DisputeState_DISPUTE_STATE_DECLINED, recordv1.DisputeState_DISPUTE_STATE_CLOSED, recordv1.DisputeState_DISPUTE_STATE_ARCHIVED:
		return false
	}
	return true
}

func hazardOpen(m *recordv1.Hazard) bool {
	switch m.GetState() {
	case recordv1.HazardState_HAZARD_STATE_RECHECKED, recordv1.HazardState_HAZARD_STATE_CLOSED:
		return false
	}
	return true
}
