package domain_test

import (
	"errors"
	"strings"
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
)

func TestParseRole_ReadsEveryNameInAnyCase(t *testing.T) {
	for _, role := range domain.Roles() {
		for _, name := range []string{role.String(), strings.ToUpper(role.String()), strings.ReplaceAll(role.String(), "_", "-")} {
			if got, err := domain.ParseRole(name); err != nil || got != role {
				t.Errorf("%q reads as %v, %v", name, got, err)
			}
		}
		if role.LabelZH() == "" || role.LabelEN() == "" {
			t.Errorf("%s has no label", role)
		}
		if !role.WorksOnReplica() && !role.UsesConsole() {
			t.Errorf("%s has nothing to work with", role)
		}
	}
}

func TestParseRole_NamesTheRolesWhenThereIsNone(t *testing.T) {
	_, err := domain.ParseRole("king")
	if !errors.Is(err, domain.ErrUnknownRole) || !strings.Contains(err.Error(), "grid_worker") {
		t.Errorf("%v", err)
	}
}

func TestRank_OfficerStandsAboveGridWorkerAboveHelper(t *testing.T) {
	descending := []domain.Role{domain.RolePoliceOfficer, domain.RoleCommunityStaff, domain.RoleGridWorker, domain.RoleHelper,
		domain.RoleReception}
	for i, role := range descending[1:] {
		if above := descending[i]; above.Rank() <= role.Rank() {
			t.Errorf("%s does not rank above %s", above, role)
		}
	}
}

func TestRole_OutOfRangeGrantsNothing(t *testing.T) {
	for _, role := range []domain.Role{-1, 0, 15} {
		if role.Valid() || role.Rank() != 0 || role.WorksOnReplica() || role.UsesConsole() {
			t.Errorf("%s is taken for a role", role)
		}
	}
}

func TestRole_WhoNeverSeesRawDoorsHasNoReplica(t *testing.T) {
	for _, role := range []domain.Role{domain.RoleDistrict, domain.RoleAuditor, domain.RoleOperator} {
		if role.WorksOnReplica() {
			t.Errorf("%s works on a replica", role)
		}
	}
}

func TestRelations_AreThoseOfTheRecordMessages(t *testing.T) {
	if got, want := len(domain.Relations()), len(recordv1.Relation_name)-1; got != want {
		t.Fatalf("%d relations have a name here, %d a number", got, want)
	}
	for _, r := range domain.Relations() {
		if recordv1.Relation_name[int32(r)] == "" || r.LabelZH() == "" || r.LabelEN() == "" {
			t.Errorf("relation %d has no number or no name", r)
		}
	}
}
