package demo

import (
	"fmt"
	"time"
)

// PhonesOfTheDay is how many phones work on the scripted day of the scene.
const PhonesOfTheDay = 40

// PhonesMin is the least cast that has every role of the day: one team of an officer, a worker and two helpers, one
// community staff member, and a desk each for reception, dispatcher and mediator.
const PhonesMin = 8

// centreRoles are the centre's desks that have a phone on the day.
var centreRoles = []Role{RoleReception, RoleDispatcher, RoleMediator}

// clockFaults are the wrong clocks of the day; a phone whose number is past them has a right one.
var clockFaults = []time.Duration{3 * time.Minute, -7 * time.Minute, 2 * time.Hour, -26 * time.Hour, 40 * time.Second}

// handOutPhones chooses who carries a phone: several of each team of the day, so that their records overlap.
func (b *castBuilder) handOutPhones(count int) error {
	if count < PhonesMin {
		return fmt.Errorf("%w: %d phones, at least %d are needed", ErrInput, count, PhonesMin)
	}
	teams := b.teamsOfTheDay(max(1, (count-len(centreRoles))/4))
	staffed := (len(teams) + 1) / 2
	for _, t := range teams {
		b.addPhone(b.cast.Teams[t].Officer, t)
		b.addPhone(b.cast.Teams[t].Worker, t)
	}
	helpers := count - len(centreRoles) - staffed - 2*len(teams)
	if err := b.handOutToHelpers(teams, helpers); err != nil {
		return err
	}
	for _, t := range teams[:staffed] {
		b.addPhone(b.staff[b.cast.Teams[t].Grids[0][:CommunityDigits]], t)
	}
	for _, role := range centreRoles {
		b.addPhone(b.firstOf(role), NoTeam)
	}
	for i, ahead := range clockFaults {
		b.cast.Phones[(i*7+1)%count].ClockAhead = ahead
	}
	return nil
}

// teamsOfTheDay returns at most one team a community, the one with the most helpers.
func (b *castBuilder) teamsOfTheDay(most int) []TeamIndex {
	best := map[TerritoryCode]TeamIndex{}
	var order []TerritoryCode
	for i, team := range b.cast.Teams {
		community := team.Grids[0][:CommunityDigits]
		chosen, seen := best[community]
		if !seen {
			order = append(order, community)
		}
		if !seen || len(team.Helpers) > len(b.cast.Teams[chosen].Helpers) {
			best[community] = TeamIndex(i)
		}
	}
	var teams []TeamIndex
	for _, community := range order[:min(most, len(order))] {
		teams = append(teams, best[community])
	}
	return teams
}

// handOutToHelpers deals phones to the teams in turn, in each team to its helpers in group order.
func (b *castBuilder) handOutToHelpers(teams []TeamIndex, count int) error {
	dealt := 0
	for round := 0; dealt < count; round++ {
		before := dealt
		for _, t := range teams {
			if helpers := b.cast.Teams[t].Helpers; round < len(helpers) && dealt < count {
				b.addPhone(helpers[round], t)
				dealt++
			}
		}
		if dealt == before {
			return fmt.Errorf("%w: %d helpers are to have phones, the %d teams of the day have %d", ErrInput, count, len(teams), dealt)
		}
	}
	return nil
}

// addPhone gives a user a phone with a right clock.
func (b *castBuilder) addPhone(user UserIndex, team TeamIndex) {
	b.cast.Phones = append(b.cast.Phones, Phone{User: user, Team: team})
}

// firstOf returns the first user of a role.
func (b *castBuilder) firstOf(role Role) UserIndex {
	for i, u := range b.cast.Users {
		if u.Role == role {
			return UserIndex(i)
		}
	}
	return NoUser
}
