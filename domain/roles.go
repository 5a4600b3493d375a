package domain

import (
	"errors"
	"fmt"
	"strings"
)

// Role is the role of a user; the numbers are those of onedoor.record.v1.Role. The zero value grants nothing.
type Role int32

// The roles. Which fields and kinds each may read and write stands in the proto options.
const (
	// RoleHelper: residents' group leader, micro-grid worker or volunteer, one of the N of a team.
	RoleHelper Role = iota + 1
	// RoleGridWorker: community grid worker.
	RoleGridWorker
	// RolePoliceOfficer: community police officer.
	RolePoliceOfficer
	// RoleCommunityStaff: community staff for public order.
	RoleCommunityStaff
	// RoleReception: reception desk of the centre.
	RoleReception
	// RoleDispatcher: dispatcher of the centre.
	RoleDispatcher
	// RoleMediator: mediator of the centre.
	RoleMediator
	// RoleDepartment: handler of a department that joined a case.
	RoleDepartment
	// RoleStreetLead: supervision of the street.
	RoleStreetLead
	// RoleDistrict: aggregates and escalated cases, never raw doors.
	RoleDistrict
	// RoleAuditor: ledgers, not records.
	RoleAuditor
	// RoleOperator: devices, users, backups; no record content.
	RoleOperator
	// RolePsychologist: joins single cases by name; reads the case without contacts and writes its timeline.
	RolePsychologist
	// RoleLawyer: joins single cases by name, as a psychologist does.
	RoleLawyer
)

// Rank orders the authors of concurrent values under the RANKED policy; the greater stands.
type Rank uint8

// roleFacts stand in the order of the roles, RoleHelper first.
var roleFacts = [...]struct {
	name, zh, en   string
	rank           Rank
	phone, console bool
}{
	{"helper", "网格协助员", "helper", 1, true, false},
	{"grid_worker", "社区网格员", "grid worker", 2, true, false},
	{"police_officer", "社区民警", "police officer", 4, true, false},
	{"community_staff", "社区综治干部", "community staff", 3, true, true},
	{"reception", "受理员", "reception", 0, true, true},
	{"dispatcher", "分流员", "dispatcher", 0, true, true},
	{"mediator", "调解员", "mediator", 0, true, true},
	{"department", "联调部门承办人", "department handler", 0, true, true},
	{"street_lead", "街道督办", "street lead", 0, true, true},
	{"district", "区级", "district", 0, false, true},
	{"auditor", "审计", "auditor", 0, false, true},
	{"operator", "系统管理员", "operator", 0, false, true},
	{"psychologist", "心理咨询师", "psychologist", 0, true, true},
	{"lawyer", "律师", "lawyer", 0, true, true},
}

// ErrUnknownRole means that a text names no role.
var ErrUnknownRole = errors.New("unknown role")

// Roles lists all roles in the order of their numbers.
func Roles() []Role {
	all := make([]Role, len(roleFacts))
	for i := range all {
		all[i] = Role(i + 1)
	}
	return all
}

// ParseRole reads a role's name in any case, with hyphens or underscores, or returns [ErrUnknownRole].
func ParseRole(name string) (Role, error) {
	wanted := strings.ReplaceAll(strings.TrimSpace(name), "-", "_")
	names := make([]string, 0, len(roleFacts))
	for i, facts := range roleFacts {
		if strings.EqualFold(facts.name, wanted) {
			return Role(i + 1), nil
		}
		names = append(names, facts.name)
	}
	return 0, fmt.Errorf("%w %q: give one of %s", ErrUnknownRole, name, strings.Join(names, ", "))
}

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool { return r >= RoleHelper && int(r) <= len(roleFacts) }

// String gives the role's name on the command line, such as "grid_worker".
func (r Role) String() string {
	if !r.Valid() {
		return fmt.Sprintf("role %d", int32(r))
	}
	return roleFacts[r-1].name
}

// LabelZH gives the role's name in Chinese, as a screen shows it.
func (r Role) LabelZH() string {
	if !r.Valid() {
		return "未知角色"
	}
	return roleFacts[r-1].zh
}

// LabelEN gives the role's name in English, as a screen shows it.
func (r Role) LabelEN() string {
	if !r.Valid() {
		return "unknown role"
	}
	return roleFacts[r-1].en
}

// Rank is the role's rank among concurrent values; the officer's is the greatest, and 0 ranks below every team member.
func (r Role) Rank() Rank {
	if !r.Valid() {
		return 0
	}
	return roleFacts[r-1].rank
}

// WorksOnReplica reports whether people of the role work on a replica: a phone on the doorstep or a desk of the centre.
// It describes the work and grants nothing.
func (r Role) WorksOnReplica() bool { return r.Valid() && roleFacts[r-1].phone }

// UsesConsole reports whether people of the role work at the console of the centre, the district or the operator. It
// describes the work and grants nothing.
func (r Role) UsesConsole() bool { return r.Valid() && roleFacts[r-1].console }
