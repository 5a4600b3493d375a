package demo

import "math/rand/v2"

// castBuilder carries what the hiring of one cast shares.
type castBuilder struct {
	street *Street
	cast   *Cast
	rng    *rand.Rand
	// officers and staff by community, workers by grid.
	officers, staff, workers map[TerritoryCode]UserIndex
	// called counts the people of each role, for their names.
	called map[Role]int
}

// roleTitles are the words in the test names.
var roleTitles = map[Role]string{
	RoleHelper: "组长", RoleGridWorker: "网格员", RolePoliceOfficer: "民警", RoleCommunityStaff: "综治干部", RoleReception: "受理员",
	RoleDispatcher: "分流员", RoleMediator: "调解员", RoleDepartment: "承办人", RoleStreetLead: "督办", RoleDistrict: "区级",
	RoleAuditor: "审计员", RoleOperator: "管理员",
}

// hire adds one user.
func (b *castBuilder) hire(role Role, areas ...TerritoryCode) UserIndex {
	b.called[role]++
	b.cast.Users = append(b.cast.Users, User{Name: testStaff(roleTitles[role], b.called[role]), Role: role, Areas: areas})
	return UserIndex(len(b.cast.Users) - 1)
}

// hireCommunities hires one officer and one staff member a community.
func (b *castBuilder) hireCommunities() {
	for _, t := range b.street.Territories {
		if t.Level == LevelCommunity {
			b.officers[t.Code] = b.hire(RolePoliceOfficer, t.Code)
			b.staff[t.Code] = b.hire(RoleCommunityStaff, t.Code)
		}
	}
}

// hireTeams hires a grid worker for every grid with rental rooms and one for every two markets and business areas of a
// community, and two or three helpers a residents' group.
func (b *castBuilder) hireTeams() {
	special := map[TerritoryCode]TeamIndex{}
	for _, t := range b.street.Territories {
		switch {
		case t.Level == LevelMicrogrid:
			team := &b.cast.Teams[len(b.cast.Teams)-1]
			for range 2 + b.rng.IntN(2) {
				team.Helpers = append(team.Helpers, b.hire(RoleHelper, t.Code))
			}
		case t.Level != LevelGrid:
		case t.Setting == SettingResidential || t.Setting == SettingVillage:
			b.newTeam(t)
		default:
			if team, open := special[t.Parent]; open {
				b.joinGrid(team, t)
				delete(special, t.Parent)
			} else {
				special[t.Parent] = b.newTeam(t)
			}
		}
	}
}

// newTeam founds a team on a grid.
func (b *castBuilder) newTeam(grid Territory) TeamIndex {
	worker := b.hire(RoleGridWorker, grid.Code)
	b.workers[grid.Code] = worker
	b.cast.Teams = append(b.cast.Teams, Team{
		Grids: []TerritoryCode{grid.Code}, Officer: b.officers[grid.Parent], Worker: worker,
	})
	return TeamIndex(len(b.cast.Teams) - 1)
}

// joinGrid gives a team its second grid.
func (b *castBuilder) joinGrid(index TeamIndex, grid Territory) {
	team := &b.cast.Teams[index]
	team.Grids = append(team.Grids, grid.Code)
	worker := &b.cast.Users[team.Worker]
	worker.Areas = append(worker.Areas, grid.Code)
	b.workers[grid.Code] = team.Worker
}

// hireStreet hires the dispute centre, the street's lead, and the people of the district, who are few.
func (b *castBuilder) hireStreet() {
	street, county := b.street.Code, b.street.Code[:CountyDigits]
	for _, desk := range []struct {
		role  Role
		count int
		area  TerritoryCode
	}{
		{RoleReception, 2, street}, {RoleDispatcher, 1, street}, {RoleMediator, 6, street}, {RoleDepartment, 8, street},
		{RoleStreetLead, 1, street}, {RoleDistrict, 1, county}, {RoleAuditor, 1, county}, {RoleOperator, 1, county},
	} {
		for range desk.count {
			b.hire(desk.role, desk.area)
		}
	}
}

// assignDoors gives every door its grid's worker, and doors above green and hotels the community's officer.
func (b *castBuilder) assignDoors() {
	b.cast.Assignments = make([]Assignment, len(b.street.Premises))
	for i := range b.street.Premises {
		p := &b.street.Premises[i]
		a := Assignment{Officer: NoUser, Worker: b.workers[p.Territory.Grid()]}
		if p.Kind == KindHotel || p.Grade != GradeGreen {
			a.Officer = b.officers[p.Territory[:CommunityDigits]]
		}
		b.cast.Assignments[i] = a
	}
}
