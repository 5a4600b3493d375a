package client

import (
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/domain"
	"onedoor/domain/casework"
	"onedoor/internal/casebook"
	"onedoor/internal/recordjson"
	"onedoor/syncengine"
)

// HazardLink says that a hazard came back: found again at its door within the policy's time after it was put right.
type HazardLink struct {
	// Hazard is the other one of the two.
	Hazard syncengine.ID
	// PutRight is when the earlier one was put right, Found when the later one was found.
	PutRight, Found syncengine.UnixMilli
}

// repeats gives the hazard that one repeats, nil for none, and those that it came back as, among those that the phone holds.
func (r *Replica) repeats(tx *localdb.Tx, rules casework.Rules, id syncengine.ID, z *recordv1.Hazard) (*HazardLink, []HazardLink, error) {
	door, ok := syncengine.IDFromBytes(z.GetPremisesId())
	if !ok {
		return nil, nil, nil
	}
	var of casework.HazardAtDoor
	var all []casework.HazardAtDoor
	err := r.hazardsOf(tx, door, func(each syncengine.ID, other *recordv1.Hazard) error {
		if other.GetCode() != z.GetCode() {
			return nil
		}
		timeline, err := r.timeline(tx, each)
		h := casebook.HazardAtDoor(domain.ID(each), other, timeline)
		if all = append(all, h); each == id {
			of = h
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	var repeats *HazardLink
	if found, ok := casework.Repeats(rules, of, all); ok {
		repeats = linkTo(found.Earlier, found)
	}
	var by []HazardLink
	for _, later := range casework.RepeatedBy(rules, of, all) {
		by = append(by, *linkTo(later.Later, later))
	}
	return repeats, by, nil
}

func linkTo(other domain.ID, r casework.Repeat) *HazardLink {
	return &HazardLink{Hazard: syncengine.ID(other), PutRight: syncengine.UnixMilli(r.PutRight), Found: syncengine.UnixMilli(r.Found)}
}

// JSON gives the link as {"id", "put_right", "found"}.
func (l *HazardLink) JSON() recordjson.Object {
	return recordjson.Object{}.With(recordjson.NameID, l.Hazard.String()).With("put_right", recordjson.Time(l.PutRight)).With("found", recordjson.Time(l.Found))
}
