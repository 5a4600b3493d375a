package client

import (
	"fmt"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/domain"
	"onedoor/domain/casework"
	"onedoor/domain/policy"
	"onedoor/internal/casebook"
	"onedoor/internal/recordjson"
	"onedoor/syncengine"
)

// Proposal is what a rule proposes about a record, and why. A person decides.
type Proposal struct {
	// About is what is proposed: clinic of a dispute, grade of a door, recurrence of a hazard.
	About string
	// Value is the name of the clinic or grade, or the id of the hazard that came back; empty where nothing came back.
	Value string
	// Reasons say why.
	Reasons []Sentence
}

// Propose asks the rules about a record: the clinic of a dispute, the grade of a door, and of a hazard whether it is one that
// was put right within the policy's time at the same door: then recur is the step of that one.
func (r *Replica) Propose(id syncengine.ID) (out *Proposal, err error) {
	err = r.reading(func(tx *localdb.Tx, s *state) error {
		row, err := r.visible(tx, s, id)
		if err != nil {
			return err
		}
		now := domain.UnixMilli(s.time(r.now()))
		switch row.Kind {
		case kindDispute:
			out, err = r.proposeClinic(tx, &row, now)
		case kindPremises:
			out, err = r.proposeGrade(tx, id, now)
		case kindHazard:
			out, err = r.proposeRecurrence(tx, &row)
		default:
			err = fmt.Errorf("%s: no rule proposes anything about it: %w", id, ErrUnknownKind)
		}
		return err
	})
	return out, err
}

func saidBy(reasons []policy.Reason) []Sentence {
	out := make([]Sentence, len(reasons))
	for i, reason := range reasons {
		out[i] = Sentence{ZH: reason.ZH, EN: reason.EN}
	}
	return out
}

func (r *Replica) proposeClinic(tx *localdb.Tx, row *localdb.Record, now domain.UnixMilli) (*Proposal, error) {
	d := &recordv1.Dispute{}
	if err := r.readMessage(row, d); err != nil {
		return nil, err
	}
	timeline, err := r.timeline(tx, row.ID)
	if err != nil {
		return nil, err
	}
	rules, err := r.rulesIn(tx)
	if err != nil {
		return nil, err
	}
	got := rules.Policy.Triage(casebook.TriageCase(d, timeline, now), now.ShanghaiDay())
	return &Proposal{About: "clinic", Value: got.Clinic.String(), Reasons: saidBy(got.Reasons)}, nil
}

func (r *Replica) proposeGrade(tx *localdb.Tx, door syncengine.ID, now domain.UnixMilli) (*Proposal, error) {
	var hazards []policy.DoorHazard
	err := r.hazardsOf(tx, door, func(_ syncengine.ID, z *recordv1.Hazard) error {
		hazards = append(hazards, casebook.DoorHazard(z))
		return nil
	})
	if err != nil {
		return nil, err
	}
	rules, err := r.rulesIn(tx)
	if err != nil {
		return nil, err
	}
	got := rules.Policy.Grade(hazards, now.ShanghaiDay())
	kind, _ := r.schema.Kind(kindPremises)
	field, _ := kind.FieldByName("grade")
	return &Proposal{
		About: "grade", Value: recordjson.EnumName(field.Desc.Enum(), int32(got.Grade)), Reasons: saidBy(got.Reasons),
	}, nil
}

func (r *Replica) proposeRecurrence(tx *localdb.Tx, row *localdb.Record) (*Proposal, error) {
	z := &recordv1.Hazard{}
	if err := r.readMessage(row, z); err != nil {
		return nil, err
	}
	rules, err := r.rulesIn(tx)
	if err != nil {
		return nil, err
	}
	repeats, _, err := r.repeats(tx, rules, row.ID, z)
	if err == nil && repeats != nil {
		repeats, err = r.notNoted(tx, repeats)
	}
	if err != nil || repeats == nil {
		return &Proposal{About: "recurrence", Reasons: []Sentence{{ZH: "近期没有同类隐患", EN: "no such hazard was put right here lately"}}}, err
	}
	days := domain.UnixMilli(repeats.Found).DaysSince(domain.UnixMilli(repeats.PutRight))
	return &Proposal{About: "recurrence", Value: repeats.Hazard.String(), Reasons: []Sentence{{
		ZH: fmt.Sprintf("发现前%d天同类隐患刚整改", days), EN: fmt.Sprintf("the same was put right here %d days before it was found", days),
	}}}, nil
}

// notNoted gives the link unless the earlier hazard was noted as come back already, or cannot be any more.
func (r *Replica) notNoted(tx *localdb.Tx, link *HazardLink) (*HazardLink, error) {
	row, ok, err := tx.Record(link.Hazard)
	if err != nil || !ok {
		return nil, err
	}
	z := &recordv1.Hazard{}
	err = r.readMessage(&row, z)
	if recur, _ := casework.Hazards.Step("recur"); err != nil || !recur.Leads(casework.State(z.GetState())) {
		return nil, err
	}
	return link, nil
}

// hazardsOf reads the hazards of a door.
func (r *Replica) hazardsOf(tx *localdb.Tx, door syncengine.ID, f func(syncengine.ID, *recordv1.Hazard) error) error {
	for row, err := range tx.List(localdb.Query{Kind: kindHazard, Order: localdb.OrderOldest}) {
		if err != nil {
			return err
		}
		z := &recordv1.Hazard{}
		if err := r.readMessage(&row, z); err != nil {
			return err
		}
		if of, _ := syncengine.IDFromBytes(z.GetPremisesId()); of != door {
			continue
		}
		if err := f(row.ID, z); err != nil {
			return err
		}
	}
	return nil
}

// JSON gives the proposal as {"about", "value", "reasons"}; value is null where nothing is proposed.
func (p *Proposal) JSON(lang Language) recordjson.Object {
	reasons := make([]string, len(p.Reasons))
	for i, reason := range p.Reasons {
		reasons[i] = reason.In(lang)
	}
	return recordjson.Object{}.With("about", p.About).With("value", orNull(p.Value)).With("reasons", reasons)
}
