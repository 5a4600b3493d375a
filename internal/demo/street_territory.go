package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// TerritoryCode is the code of a territory. Codes are hierarchical: a code begins with the codes of all it lies in.
type TerritoryCode string

// Contains reports whether code is this territory or lies in it.
func (t TerritoryCode) Contains(code TerritoryCode) bool {
	return t != "" && strings.HasPrefix(string(code), string(t))
}

// Grid returns the grid a code lies in, or "" for a code above the grids.
func (t TerritoryCode) Grid() TerritoryCode {
	if len(t) < GridDigits {
		return ""
	}
	return t[:GridDigits]
}

// Level is a level of the territory file.
type Level string

// The levels the street adds to or repeats from the territory file, spelt as there.
const (
	LevelCommunity Level = "community"
	LevelGrid      Level = "grid"
	LevelMicrogrid Level = "microgrid"
)

// Setting says what kind of place a grid is.
type Setting string

// The settings. Special grids (专属网格) have numbers of their own hundred, so a code tells what it is.
const (
	// SettingNone is a community's.
	SettingNone Setting = ""
	// SettingResidential grids are numbered from 001.
	SettingResidential Setting = "residential"
	// SettingVillage grids are urban villages, numbered from 701.
	SettingVillage Setting = "urban village"
	// SettingMarket grids are numbered from 801.
	SettingMarket Setting = "market"
	// SettingBusiness grids are business areas, numbered from 901.
	SettingBusiness Setting = "business area"
)

// Territory is one community, grid or microgrid.
type Territory struct {
	// Code is the code; its parent's is a prefix of it.
	Code TerritoryCode
	// Parent is the territory one level up.
	Parent TerritoryCode
	// Level is the level.
	Level Level
	// Setting says what kind of grid it is, or lies in.
	Setting Setting
	// Name is the name as people say it.
	Name string
}

// streetBuilder carries what the laying of one street shares.
type streetBuilder struct {
	street  *Street
	figures Figures
	rng     *rand.Rand
	names   *placeNames
	// grids are the laid grids in order, each with its microgrids.
	grids []laidGrid
}

// laidGrid is a grid while doors are laid into it.
type laidGrid struct {
	territory  Territory
	place      string // the village's, market's or area's own name
	microgrids []TerritoryCode
	compounds  []int // into Street.Compounds
}

// layTerritories lays the communities, then their grids and microgrids in code order. Every community has a residential
// grid, so that every one has a team.
func (b *streetBuilder) layTerritories(communities []Community) {
	for _, c := range communities {
		b.street.Territories = append(b.street.Territories, Territory{
			Code: c.Code, Parent: c.Code[:StreetDigits], Level: LevelCommunity, Name: c.Name,
		})
	}
	n := len(communities)
	residential := apportion(b.figures.ResidentialGrids-n, unevenWeights(b.rng, n))
	villages := evenSplit(b.rng, b.figures.UrbanVillages, n)
	markets := evenSplit(b.rng, b.figures.Markets, n)
	areas := evenSplit(b.rng, b.figures.BusinessAreas, n)
	groups := evenSplit(b.rng, b.figures.ResidentGroups, b.figures.ResidentialGrids+b.figures.UrbanVillages)
	for i, c := range communities {
		groupOfCommunity := 0
		layRental := func(setting Setting, first, count int) {
			for k := range count {
				grid := b.layGrid(c, setting, first+k, k+1)
				b.layMicrogrids(grid, c, groups[0], &groupOfCommunity)
				groups = groups[1:]
			}
		}
		layRental(SettingResidential, 1, 1+residential[i])
		layRental(SettingVillage, 701, villages[i])
		for k := range markets[i] {
			b.layGrid(c, SettingMarket, 801+k, k+1)
		}
		for k := range areas[i] {
			b.layGrid(c, SettingBusiness, 901+k, k+1)
		}
	}
}

// layGrid adds one grid of a community and returns it for its microgrids.
func (b *streetBuilder) layGrid(c Community, setting Setting, number, ordinal int) *laidGrid {
	t := Territory{
		Code:    c.Code + TerritoryCode(fmt.Sprintf("%03d", number)),
		Parent:  c.Code,
		Level:   LevelGrid,
		Setting: setting,
	}
	place := b.names.special(setting)
	if place == "" {
		t.Name = fmt.Sprintf("%s第%d网格", shortCommunity(c.Name), ordinal)
	} else {
		t.Name = place + "网格"
	}
	b.street.Territories = append(b.street.Territories, t)
	b.grids = append(b.grids, laidGrid{territory: t, place: place})
	return &b.grids[len(b.grids)-1]
}

// layMicrogrids adds the residents' groups of a grid; groups are counted through their community.
func (b *streetBuilder) layMicrogrids(grid *laidGrid, c Community, count int, groupOfCommunity *int) {
	for k := range count {
		*groupOfCommunity++
		code := grid.territory.Code + TerritoryCode(fmt.Sprintf("%02d", k+1))
		grid.microgrids = append(grid.microgrids, code)
		b.street.Territories = append(b.street.Territories, Territory{
			Code: code, Parent: grid.territory.Code, Level: LevelMicrogrid, Setting: grid.territory.Setting,
			Name: fmt.Sprintf("%s第%d居民小组", shortCommunity(c.Name), *groupOfCommunity),
		})
	}
}

// gridsOf returns the grids of a setting.
func (b *streetBuilder) gridsOf(settings ...Setting) []*laidGrid {
	var of []*laidGrid
	for i := range b.grids {
		for _, s := range settings {
			if b.grids[i].territory.Setting == s {
				of = append(of, &b.grids[i])
			}
		}
	}
	return of
}

// shortCommunity turns 福慧社区居委会 into 福慧社区.
func shortCommunity(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(name, "居委会"), "委会")
}
