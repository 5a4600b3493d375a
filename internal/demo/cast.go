package demo

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Role is a user's role, spelt as in the command contract in capitals.
type Role string

// The roles of the scene; see domain for what each sees and writes.
const (
	RoleHelper         Role = "HELPER"
	RoleGridWorker     Role = "GRID_WORKER"
	RolePoliceOfficer  Role = "POLICE_OFFICER"
	RoleCommunityStaff Role = "COMMUNITY_STAFF"
	RoleReception      Role = "RECEPTION"
	RoleDispatcher     Role = "DISPATCHER"
	RoleMediator       Role = "MEDIATOR"
	RoleDepartment     Role = "DEPARTMENT"
	RoleStreetLead     Role = "STREET_LEAD"
	RoleDistrict       Role = "DISTRICT"
	RoleAuditor        Role = "AUDITOR"
	RoleOperator       Role = "OPERATOR"
)

// UserIndex is the place of a user in Cast.Users.
type UserIndex int

// NoUser stands where a door has no officer.
const NoUser UserIndex = -1

// TeamIndex is the place of a team in Cast.Teams.
type TeamIndex int

// NoTeam stands for a phone of the centre.
const NoTeam TeamIndex = -1

// PhoneIndex is the place of a phone in Cast.Phones.
type PhoneIndex int

// User is one colleague. All are test characters.
type User struct {
	// Name is unique in the cast.
	Name string
	// Role is the one role the user has.
	Role Role
	// Areas are the territories the user's grants name.
	Areas []TerritoryCode
}

// Team is one officer, one grid worker and the helpers of their groups (1+1+N).
type Team struct {
	// Grids are the team's one or two grids.
	Grids []TerritoryCode
	// Officer is the community's officer, who belongs to all its teams.
	Officer UserIndex
	// Worker is the grid worker.
	Worker UserIndex
	// Helpers are the helpers of the grids' groups, in group order; a market or business area has none.
	Helpers []UserIndex
}

// Assignment says who is answerable for a door.
type Assignment struct {
	// Officer is the police officer, or NoUser: doors above green and hotels are given to one.
	Officer UserIndex
	// Worker is the grid worker; every door has one.
	Worker UserIndex
}

// Phone is one phone that works on the day.
type Phone struct {
	// User carries the phone.
	User UserIndex
	// Team is the team the phone works with on the day, community staff's too, or NoTeam.
	Team TeamIndex
	// ClockAhead is how far the phone's clock runs ahead of true time; negative is behind.
	ClockAhead time.Duration
}

// Cast is everyone on the street.
type Cast struct {
	// Users are the people, the communities' first.
	Users []User
	// Teams are the 1+1+N teams in grid order.
	Teams []Team
	// Assignments holds one entry for every door of the street, in the street's order.
	Assignments []Assignment
	// Phones are the phones of the day: the teams' first, then community staff's, then the centre's.
	Phones []Phone
}

// NewCast makes the cast of a seed for a street, with so many phones on the day.
func NewCast(seed uint64, street *Street, phones int) (*Cast, error) {
	b := &castBuilder{
		street:   street,
		cast:     &Cast{},
		rng:      rand.New(rand.NewPCG(seed, streamCast)),
		officers: map[TerritoryCode]UserIndex{},
		staff:    map[TerritoryCode]UserIndex{},
		workers:  map[TerritoryCode]UserIndex{},
		called:   map[Role]int{},
	}
	b.hireCommunities()
	b.hireTeams()
	b.hireStreet()
	b.assignDoors()
	if err := b.handOutPhones(phones); err != nil {
		return nil, err
	}
	return b.cast, nil
}

// UserOf returns the user who carries a phone.
func (c *Cast) UserOf(p PhoneIndex) User { return c.Users[c.Phones[p].User] }

// AssignedTo returns the doors a user is answerable for, in the street's order.
func (c *Cast) AssignedTo(user UserIndex) []PremisesIndex {
	var doors []PremisesIndex
	for i, a := range c.Assignments {
		if a.Officer == user || a.Worker == user {
			doors = append(doors, PremisesIndex(i))
		}
	}
	return doors
}

// Covers reports whether one of the user's areas holds the territory.
func (u User) Covers(code TerritoryCode) bool {
	for _, area := range u.Areas {
		if area.Contains(code) {
			return true
		}
	}
	return false
}

// String names the user by role and name.
func (u User) String() string { return fmt.Sprintf("%s %s", u.Role, u.Name) }
