package client

import (
	"google.golang.org/protobuf/encoding/protowire"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/domain"
	"onedoor/syncengine"
)

// Proposals gives what a rule proposes about a record as it stands: to seal a case about a family or a minor. A
// proposal is a sentence for a person to act on; nothing follows from it by itself.
func (r *Record) Proposals() ([]Complaint, error) {
	if r.kind.Number != syncengine.KindNumber(recordv1.Kind_KIND_DISPUTE) {
		return nil, nil
	}
	fields, err := ruleFields(r.kind, r.fields)
	if err != nil {
		return nil, err
	}
	if c, ok := domain.ProposeSeal(fields); ok {
		return []Complaint{c}, nil
	}
	return nil, nil
}

// Advice gives the proposals about a record on this phone, and says of a visit, hazard, dispute or task that its door is void:
// whoever works at a door that is none any more is told at once, and nothing is refused.
func (r *Replica) Advice(id syncengine.ID) ([]Complaint, error) {
	record, err := r.Get(id)
	if err != nil {
		return nil, err
	}
	out, err := record.Proposals()
	if err != nil || record.kind.Number == kindPremises {
		return out, err
	}
	var doors []*recordv1.Premises
	err = r.reading(func(tx *localdb.Tx, _ *state) (err error) {
		doors, err = r.doorsOf(tx, record)
		return err
	})
	for _, door := range doors {
		if door.GetStatus() == recordv1.PremisesStatus_PREMISES_STATUS_VOID {
			return append(out, domain.AtVoidDoor(door.GetAddress(), domain.VoidReason(door.GetVoidReason()))), err
		}
	}
	return out, err
}

// doorsOf reads the doors that a record is about, as far as they are on the phone.
func (r *Replica) doorsOf(tx *localdb.Tx, record *Record) (out []*recordv1.Premises, err error) {
	for _, f := range record.kind.Engine.ScopeFields {
		if f.Scope != syncengine.ScopeParent {
			continue
		}
		for _, id := range f.IDs(fieldIn(record.fields, f.Number)) {
			row, ok, err := tx.Record(id)
			if err != nil {
				return nil, err
			}
			if !ok || row.Kind != kindPremises {
				continue
			}
			door := &recordv1.Premises{}
			if err := r.readMessage(&row, door); err != nil {
				return nil, err
			}
			out = append(out, door)
		}
	}
	return out, nil
}

// fieldIn gives the occurrences of a field in an encoded message.
func fieldIn(message []byte, field syncengine.FieldNumber) (out []byte) {
	for len(message) > 0 {
		number, _, n := protowire.ConsumeField(message)
		if n < 0 {
			return out
		}
		if syncengine.FieldNumber(number) == field {
			out = append(out, message[:n]...)
		}
		message = message[n:]
	}
	return out
}
