package adminrpc

import (
	"context"
	"fmt"
	"slices"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/server/casework"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// communityDigits is the length of a community's code: its staff alone look at the grids below it, since a grid with one
// worker is a person.
const communityDigits = 12

// looksOver reports a role whose work is a territory, or the district's figures. A department works on single cases, and so does
// who joins one to advise.
func looksOver(p identity.Principal) bool {
	switch recordv1.Role(p.Role) {
	case recordv1.Role_ROLE_HELPER, recordv1.Role_ROLE_DEPARTMENT, recordv1.Role_ROLE_AUDITOR,
		recordv1.Role_ROLE_PSYCHOLOGIST, recordv1.Role_ROLE_LAWYER:
		return false
	}
	return users(p)
}

// GetOverview counts open work in a territory.
func (s *Service) GetOverview(ctx context.Context, req *adminv1.GetOverviewRequest) (*adminv1.GetOverviewResponse, error) {
	return answer(ctx, s, looksOver, func(c *caller) (out *adminv1.GetOverviewResponse, err error) {
		err = s.cases.WithIndex(c.ctx, func(x *casework.Indexed) error {
			at, err := s.lookAt(x, c, req.GetTerritoryCode())
			if err != nil {
				return err
			}
			out, err = s.overview(x, at)
			return err
		})
		if err != nil {
			return nil, err
		}
		// It judges and views nothing: of a record it counts, no value leaves, and so the access ledger names nobody.
		return out, s.judge(c, func(x *reach) (err error) {
			out.Waiting, err = x.waitingWork()
			return err
		})
	})
}

// waitingMax bounds the records and the changes in which the overview counts what waits: a page of those who decide, since whoever
// has more than a page before them is told no more by the number.
const waitingMax = 20

// waitingWork counts what waits for a decision within the caller's reach.
func (x *reach) waitingWork() (*adminv1.WaitingWork, error) {
	conflicts, changes := &adminv1.ListConflictsResponse{}, &adminv1.ListQuarantineResponse{}
	if err := x.conflictsAfter(syncengine.ID{}, waitingMax, conflicts); err != nil {
		return nil, err
	}
	if err := x.waitingAfter(0, waitingMax, changes); err != nil {
		return nil, err
	}
	return &adminv1.WaitingWork{
		Conflicts: uint32(len(conflicts.GetConflicts())), MoreConflicts: len(conflicts.GetNextAfterRecordId()) > 0,
		Changes: uint32(len(changes.GetChanges())), MoreChanges: changes.GetNextAfterSeq() != 0,
	}, nil
}

// vantage is a territory that somebody may look at, and the ones that they are granted.
type vantage struct {
	tree    *identity.Tree
	area    identity.Territory
	granted []syncengine.ID
}

// lookAt finds the territory and checks that a grant of the caller covers it.
func (s *Service) lookAt(r store.Reader, c *caller, code string) (*vantage, error) {
	tree, err := s.realm.Tree(r)
	if err != nil {
		return nil, err
	}
	at := &vantage{tree: tree}
	if at.granted, err = s.grantedAreas(r, tree, c.UserID); err != nil {
		return nil, err
	}
	if len(at.granted) == 0 {
		return nil, fmt.Errorf("no territory is granted: %w", errOutOfReach)
	}
	if code == "" {
		at.area, _ = tree.ByID(at.granted[0])
		return at, nil
	}
	var known bool
	if at.area, known = tree.ByCode(code); !known {
		return nil, fmt.Errorf("%s: %w", code, identity.ErrTerritoryUnknown)
	}
	if !at.covers(at.area) {
		return nil, fmt.Errorf("%s: %w", code, errOutOfReach)
	}
	return at, nil
}

// grantedAreas lists the territories of a user's grants, the greatest first.
func (s *Service) grantedAreas(r store.Reader, tree *identity.Tree, user syncengine.ID) ([]syncengine.ID, error) {
	grants, err := identity.DeriveGrants(r, user, s.now())
	if err != nil {
		return nil, err
	}
	var out []syncengine.ID
	for _, g := range grants {
		if _, known := tree.ByID(g.Territory); known {
			out = append(out, g.Territory)
		}
	}
	slices.SortStableFunc(out, func(a, b syncengine.ID) int { return len(tree.Ancestors(a)) - len(tree.Ancestors(b)) })
	return slices.Compact(out), nil
}

// covers tells whether the caller may look at a territory: it lies in a granted one, and below a community only where the
// grant itself is of that community's people.
func (v *vantage) covers(area identity.Territory) bool {
	return slices.ContainsFunc(v.granted, func(id syncengine.ID) bool {
		granted, _ := v.tree.ByID(id)
		return v.tree.Covers(id, area.ID) && (len(area.Code) <= communityDigits || len(granted.Code) >= communityDigits)
	})
}

// below lists the territories directly below the area that the caller may look at.
func (v *vantage) below() (out []identity.Territory) {
	v.tree.All(func(t identity.Territory) bool {
		if t.Parent == v.area.ID && v.covers(t) {
			out = append(out, t)
		}
		return true
	})
	return out
}

// above lists the territories above the area that the caller may look at, the greatest first.
func (v *vantage) above() (out []*adminv1.OverviewArea) {
	for _, id := range v.tree.Ancestors(v.area.ID) {
		if t, _ := v.tree.ByID(id); v.covers(t) {
			out = append(out, &adminv1.OverviewArea{Code: t.Code, Name: t.Name})
		}
	}
	slices.Reverse(out)
	return out
}

func (s *Service) overview(x *casework.Indexed, at *vantage) (*adminv1.GetOverviewResponse, error) {
	below := at.below()
	parts := make([][]syncengine.ID, len(below))
	for i, t := range below {
		parts[i] = at.tree.Below(t.ID)
	}
	counted, err := x.Overview(at.tree.Below(at.area.ID), parts)
	if err != nil {
		return nil, err
	}
	level, _ := domain.ParseLevel(at.area.Level)
	out := &adminv1.GetOverviewResponse{
		TerritoryCode: at.area.Code, TerritoryName: at.area.Name, Level: recordv1.TerritoryLevel(level), Above: at.above(),
		Work: openWork(counted.Whole), Cases: clinicAges(counted), Hazards: hazardSeverities(counted),
		Seq: uint64(x.Head().Seq), AtMs: int64(counted.At),
	}
	for i, t := range below {
		out.Below = append(out.Below, &adminv1.OverviewArea{Code: t.Code, Name: t.Name, Work: openWork(counted.Parts[i])})
	}
	return out, nil
}

func openWork(o casework.Open) *adminv1.OpenWork {
	return &adminv1.OpenWork{
		OpenCases: uint32(o.Cases), OverdueCases: uint32(o.Overdue), DueSoonCases: uint32(o.DueSoon),
		OpenHazards: uint32(o.Hazards), OverdueHazards: uint32(o.HazardsOverdue), MajorHazards: uint32(o.Major),
	}
}

func clinicAges(o *casework.Overview) (out []*adminv1.ClinicAges) {
	for _, clinic := range append([]domain.Clinic{0}, domain.Clinics()...) {
		a := o.Clinics[clinic]
		out = append(out, &adminv1.ClinicAges{
			Clinic: recordv1.Clinic(clinic), Week: uint32(a[0]), ThreeWeeks: uint32(a[1]), TwoMonths: uint32(a[2]), Longer: uint32(a[3]),
		})
	}
	return out
}

func hazardSeverities(o *casework.Overview) (out []*adminv1.HazardSeverities) {
	for code := range recordv1.HazardCode_name {
		if row, any := o.Codes[domain.HazardCode(code)]; any {
			out = append(out, &adminv1.HazardSeverities{
				Code: recordv1.HazardCode(code), General: uint32(row[0]), Serious: uint32(row[1]), Major: uint32(row[2]),
			})
		}
	}
	slices.SortFunc(out, func(a, b *adminv1.HazardSeverities) int { return int(a.GetCode() - b.GetCode()) })
	return out
}
