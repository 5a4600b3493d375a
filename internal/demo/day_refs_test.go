package demo_test

import (
	"slices"
	"testing"

	"onedoor/internal/demo"
)

// territories returns where each record of a day lies: a door by the street, another record by its own field or door.
func (s scene) territories() map[demo.Ref]demo.TerritoryCode {
	lies := map[demo.Ref]demo.TerritoryCode{}
	for i := range s.street.Premises {
		lies[demo.Ref{Kind: demo.RecordPremises, Number: i}] = s.street.Premises[i].Territory
	}
	for _, w := range s.ledger.Writes {
		switch w.Cell.Field {
		case demo.FieldTerritory:
			lies[w.Cell.Ref] = w.Value.(demo.TerritoryCode)
		case demo.FieldPremisesID, demo.FieldCaseID:
			if lies[w.Cell.Ref] == "" {
				lies[w.Cell.Ref] = lies[w.Value.(demo.Ref)]
			}
		}
	}
	return lies
}

// knew reports whether the author of an entry had seen a record: a door of the morning, its own, or one committed
// before its last full sync.
func (s scene) knew(e demo.Entry, ref demo.Ref, creates map[demo.Ref][]demo.Entry) bool {
	if ref.Kind == demo.RecordPremises && ref.Number >= 0 && ref.Number < s.day.SeedPremises {
		return true
	}
	return slices.ContainsFunc(creates[ref], func(c demo.Entry) bool {
		own := c.Phone == e.Phone && c.Order < e.Order
		return own || c.Position != 0 && c.Position <= e.Seen
	})
}

// createsOf returns the creates of every record.
func (s scene) createsOf() map[demo.Ref][]demo.Entry {
	creates := map[demo.Ref][]demo.Entry{}
	for _, e := range s.ledger.Entries {
		if e.Op == demo.OpCreate {
			creates[e.Ref] = append(creates[e.Ref], e)
		}
	}
	return creates
}

func TestNewDay_AStepRefersOnlyToWhatItsPhoneKnowsAndIsGranted(t *testing.T) {
	onEveryScene(t, func(t *testing.T, s scene) {
		creates, lies := s.createsOf(), s.territories()
		for _, e := range s.ledger.Entries {
			user := s.cast.UserOf(e.Phone)
			if e.Op != demo.OpCreate && !s.knew(e, e.Ref, creates) {
				t.Errorf("step %d: phone %d writes %s, which it does not know", e.Step, e.Phone, e.Ref)
			}
			if !user.Covers(lies[e.Ref]) {
				t.Errorf("step %d: %s writes %s in %q", e.Step, user, e.Ref, lies[e.Ref])
			}
		}
		for _, w := range s.ledger.Writes {
			for _, ref := range refsIn(w.Value) {
				if e := s.ledger.Entries[w.Entry]; !s.knew(e, ref, creates) {
					t.Errorf("step %d: phone %d names %s, which it does not know", e.Step, e.Phone, ref)
				}
			}
		}
	})
}

// refsIn returns the records a value names.
func refsIn(value demo.Value) []demo.Ref {
	switch v := value.(type) {
	case demo.Ref:
		return []demo.Ref{v}
	case demo.Links:
		return v
	default:
		return nil
	}
}

func TestNewDay_NobodyWritesWhatTheRoleMayNot(t *testing.T) {
	mayWrite := map[demo.RecordKind][]demo.Role{
		demo.RecordPremises: {demo.RoleGridWorker, demo.RolePoliceOfficer, demo.RoleCommunityStaff},
		demo.RecordVisit:    {demo.RoleHelper, demo.RoleGridWorker, demo.RolePoliceOfficer, demo.RoleCommunityStaff},
		demo.RecordHazard:   {demo.RoleHelper, demo.RoleGridWorker, demo.RolePoliceOfficer, demo.RoleCommunityStaff},
		demo.RecordDispute: {
			demo.RoleGridWorker, demo.RolePoliceOfficer, demo.RoleCommunityStaff, demo.RoleReception, demo.RoleDispatcher, demo.RoleMediator,
		},
		demo.RecordCaseEvent: {demo.RoleReception, demo.RoleDispatcher, demo.RoleMediator},
	}
	mayWriteField := map[string][]demo.Role{
		demo.FieldSeverityRuled: {demo.RolePoliceOfficer, demo.RoleCommunityStaff},
		demo.FieldMediator:      {demo.RoleDispatcher},
	}
	onEveryScene(t, func(t *testing.T, s scene) {
		for _, e := range s.ledger.Entries {
			if user := s.cast.UserOf(e.Phone); !slices.Contains(mayWrite[e.Ref.Kind], user.Role) {
				t.Errorf("step %d: %s writes %s", e.Step, user, e.Ref)
			}
		}
		for _, w := range s.ledger.Writes {
			user := s.cast.UserOf(s.ledger.Entries[w.Entry].Phone)
			if roles := mayWriteField[w.Cell.Field]; roles != nil && !slices.Contains(roles, user.Role) {
				t.Errorf("%s writes %s", user, w.Cell.Field)
			}
		}
	})
}

func TestNewDay_StatesMoveByDeclaredStepsFromAStateTheAuthorSaw(t *testing.T) {
	first := map[demo.RecordKind]demo.Symbol{demo.RecordHazard: demo.HazardFound, demo.RecordDispute: demo.DisputeRegistered}
	onEveryScene(t, func(t *testing.T, s scene) {
		for _, w := range s.ledger.Writes {
			move, isMove := w.Value.(demo.Move)
			if !isMove {
				continue
			}
			kind := w.Cell.Ref.Kind
			if move.From == "" {
				if s.ledger.Entries[w.Entry].Op != demo.OpCreate || move.To != first[kind] {
					t.Errorf("%s begins as %s", w.Cell.Ref, move.To)
				}
				continue
			}
			if !slices.Contains(demo.Moves(kind, move.From), move.To) {
				t.Errorf("%s moves %s, which is not declared", w.Cell.Ref, move)
			}
			seen := slices.ContainsFunc(s.ledger.WritesOf(w.Cell), func(v demo.Write) bool {
				return s.ledger.Covers(w, v) && v.Value.(demo.Move).To == move.From
			})
			if !seen {
				t.Errorf("%s moves %s, and its author had not seen the first", w.Cell.Ref, move)
			}
		}
	})
}

func TestNewDay_AGroupWritesNoCellTwiceAndNobodyTouchesWhatTheyDeleted(t *testing.T) {
	onEveryScene(t, func(t *testing.T, s scene) {
		type cellOfEntry struct {
			step demo.StepIndex
			cell demo.Cell
		}
		written := map[cellOfEntry]bool{}
		for _, w := range s.ledger.Writes {
			at := cellOfEntry{s.ledger.Entries[w.Entry].Step, w.Cell}
			if written[at] {
				t.Errorf("step %d writes %v twice", at.step, w.Cell)
			}
			written[at] = true
		}
		deletes := map[demo.Ref]demo.Write{}
		for _, w := range s.ledger.Writes {
			dead, isDead := deletes[w.Cell.Ref]
			if isDead && s.ledger.Covers(w, dead) {
				t.Errorf("%v is written by somebody who had seen it deleted", w.Cell)
			}
			if w.Cell.Field == demo.FieldLife {
				deletes[w.Cell.Ref] = w
			}
		}
	})
}
