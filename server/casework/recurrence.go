package casework

import (
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	cases "onedoor/domain/casework"
	"onedoor/internal/casebook"
	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// addRecurrence adds to a hazard which one it repeats and which ones it came back as, as far as the user may read them.
func (s *Service) addRecurrence(r store.Reader, user syncengine.ID, c *Case, out *Shown, rules cases.Rules) error {
	door, ok := syncengine.IDFromBytes(c.Hazard.GetPremisesId())
	if !ok {
		return nil
	}
	all, err := s.hazardsAt(r, door, c.Hazard.GetCode())
	if err != nil {
		return err
	}
	of := casebook.HazardAtDoor(domain.ID(c.ID), c.Hazard, c.timeline())
	if found, ok := cases.Repeats(rules, of, all); ok {
		reads, err := s.reads(r, user, found.Earlier)
		if err != nil {
			return err
		}
		if reads {
			out.Repeats = &found
		}
	}
	for _, later := range cases.RepeatedBy(rules, of, all) {
		reads, err := s.reads(r, user, later.Later)
		if err != nil {
			return err
		}
		if reads {
			out.RepeatedBy = append(out.RepeatedBy, later)
		}
	}
	return nil
}

// reads reports that a user may read a record.
func (s *Service) reads(r store.Reader, user syncengine.ID, id domain.ID) (bool, error) {
	rec, err := s.realm.Record(r, syncengine.ID(id))
	if err != nil || rec == nil {
		return false, err
	}
	who, err := s.standingOf(r, user, rec)
	return err == nil && who.read != 0, err
}

// hazardsAt reads the hazards of a code at a door, with their timelines, all of which follow the door.
func (s *Service) hazardsAt(r store.Reader, door syncengine.ID, code recordv1.HazardCode) (out []cases.HazardAtDoor, err error) {
	hazards, timelines := map[syncengine.ID]*recordv1.Hazard{}, map[syncengine.ID][]*recordv1.CaseEvent{}
	err = s.realm.Following(r, door, func(rec *syncengine.Record) error {
		switch {
		case rec.Dead():
		case rec.Kind == kindHazard:
			z := &recordv1.Hazard{}
			if err := wire.ReadShown(rec, z, nil); err != nil {
				return err
			}
			if at, _ := syncengine.IDFromBytes(z.GetPremisesId()); at == door && z.GetCode() == code {
				hazards[rec.ID] = z
			}
		case rec.Kind == kindCaseEvent:
			e, err := eventOf(rec)
			if err != nil {
				return err
			}
			of, _ := syncengine.IDFromBytes(e.GetCaseId())
			timelines[of] = append(timelines[of], e.CaseEvent)
		}
		return nil
	})
	for id, z := range hazards {
		out = append(out, casebook.HazardAtDoor(domain.ID(id), z, timelines[id]))
	}
	return out, err
}
