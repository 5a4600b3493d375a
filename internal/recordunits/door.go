package recordunits

import (
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/metrics"
)

// Stamps are the times that stand behind a record's values, as the server keeps them.
type Stamps struct {
	// Created is when the record was made, State when its state or status was written last; 0 for not known.
	Created, State domain.UnixMilli
}

// Class gives the cadence class of a door: the one written on it, or what follows from its kind, letting and use.
func Class(door *recordv1.Premises) domain.CadenceClass {
	if door.GetCadenceClass() != recordv1.CadenceClass_CADENCE_CLASS_UNSPECIFIED {
		return domain.CadenceClass(door.GetCadenceClass())
	}
	return domain.CadenceClassOf(domain.KindOfPremises(door.GetKindOfPremises()), domain.RentalKind(door.GetRentalKind()), domain.PremisesUse(door.GetUse()))
}

// Door reads a door; its cadence, calls and checks are the holder's to add.
func Door(door *recordv1.Premises, at Stamps) metrics.Door {
	out := metrics.Door{
		Class: Class(door), Officer: len(door.GetOfficer()) > 0,
		Registered: metrics.DayOf(at.Created),
	}
	if !Visited(door) {
		out.Ended = metrics.DayOf(at.State)
		if out.Ended == metrics.NoDay {
			out.Ended = out.Registered // Never in the register.
		}
	}
	return out
}

// Visited reports that a door is still visited.
func Visited(door *recordv1.Premises) bool {
	switch door.GetStatus() {
	case recordv1.PremisesStatus_PREMISES_STATUS_VOID, recordv1.PremisesStatus_PREMISES_STATUS_MERGED_INTO:
		return false
	}
	return true
}

// MergedInto gives the door that stands for this one; zero for none.
func MergedInto(door *recordv1.Premises) (id domain.ID) {
	if door.GetStatus() == recordv1.PremisesStatus_PREMISES_STATUS_MERGED_INTO {
		id = idOf(door.GetMergedInto())
	}
	return id
}

// idOf reads an id; anything but 16 bytes is none.
func idOf(b []byte) (id domain.ID) {
	if len(b) == len(id) {
		copy(id[:], b)
	}
	return id
}
