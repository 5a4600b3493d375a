package schema_test

import (
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// rights are the fields of one kind that one role reads and writes, as the field's own rules state them.
type rights struct {
	kind, field string
	role        recordv1.Role
	read, write bool
}

// independent is written by hand from the roles of the field, not from the
// options: who sees a resident's number, what only the police read, who rules.
var independent = []rights{
	{"premises", "contact", recordv1.Role_ROLE_HELPER, false, false},
	{"premises", "contact", recordv1.Role_ROLE_GRID_WORKER, true, true},
	{"premises", "contact", recordv1.Role_ROLE_POLICE_OFFICER, true, true},
	{"premises", "contact", recordv1.Role_ROLE_DEPARTMENT, false, false},
	{"premises", "contact", recordv1.Role_ROLE_STREET_LEAD, false, false},
	{"premises", "contact", recordv1.Role_ROLE_DISTRICT, false, false},
	{"premises", "address", recordv1.Role_ROLE_HELPER, true, false},
	{"premises", "address", recordv1.Role_ROLE_DISTRICT, false, false},
	{"premises", "address", recordv1.Role_ROLE_OPERATOR, false, false},
	{"premises", "address", recordv1.Role_ROLE_AUDITOR, false, false},
	{"visit", "note", recordv1.Role_ROLE_HELPER, true, true},
	{"visit", "note", recordv1.Role_ROLE_DISTRICT, false, false},
	{"hazard", "severity_found", recordv1.Role_ROLE_HELPER, true, true},
	{"hazard", "severity_ruled", recordv1.Role_ROLE_HELPER, true, false},
	{"hazard", "severity_ruled", recordv1.Role_ROLE_GRID_WORKER, true, false},
	{"hazard", "severity_ruled", recordv1.Role_ROLE_POLICE_OFFICER, true, true},
	{"dispute", "description", recordv1.Role_ROLE_HELPER, false, false},
	{"dispute", "description", recordv1.Role_ROLE_MEDIATOR, true, true},
	{"dispute", "description", recordv1.Role_ROLE_AUDITOR, false, false},
}

func TestAccess_IsWhatTheFieldDemands(t *testing.T) {
	s := schema.Load()
	for _, want := range independent {
		kind, known := s.KindByName(want.kind)
		if !known {
			t.Fatalf("no kind %s", want.kind)
		}
		field, known := kind.FieldByName(want.field)
		if !known {
			t.Fatalf("%s has no field %s", want.kind, want.field)
		}
		roles, class := schema.RolesOf(uint32(want.role)), field.Engine.Class
		read, write := s.Access.ReadClasses(kind.Number, roles).Has(class), s.Access.WriteClasses(kind.Number, roles).Has(class)
		if read != want.read || write != want.write {
			t.Errorf("%s, %s.%s: reads %v, writes %v; wanted %v, %v", want.role, want.kind, want.field, read, write, want.read, want.write)
		}
	}
}

func TestAccess_NobodyWritesWhatTheyMayNotRead(t *testing.T) {
	s := schema.Load()
	for _, kind := range s.Kinds {
		for role := range recordv1.Role_name {
			roles := schema.RolesOf(uint32(role))
			blind := s.Access.WriteClasses(kind.Number, roles) &^ s.Access.ReadClasses(kind.Number, roles)
			if role != 0 && blind != 0 {
				t.Errorf("%s writes classes %b of %s that it may not read", recordv1.Role(role), blind, kind.Name)
			}
		}
	}
}

func TestAccess_ARoleThatNobodyKnowsHasNoRights(t *testing.T) {
	s := schema.Load()
	for _, kind := range s.Kinds {
		for _, role := range []uint32{0, 63, 64, 1 << 31} {
			if roles := schema.RolesOf(role); s.Access.ReadClasses(kind.Number, roles) != 0 || s.Access.WriteClasses(kind.Number, roles) != 0 {
				t.Errorf("role %d has rights to %s", role, kind.Name)
			}
		}
	}
	var none syncengine.KindNumber = 99
	if s.Access.ReadClasses(none, ^schema.Roles(0)) != 0 {
		t.Error("a kind that nobody knows is read")
	}
}
