// Package demo is the seed street at true scale and its scripted working day: the territory below the communities, the
// doors, the people of the teams, and what forty phones do between 07:30 and 21:30; and the play of that day on a real
// server and real phones, with an auditor who tells at the end whether anything was lost.
//
// # The generator
//
// The files street*, cast*, names* and day* are pure: they import nothing of the service or the client, perform no I/O,
// read no clock and take chance only from a seed, so that one seed makes one street and one day, step for step. They
// never contain a real person, telephone number or case: community names are real and come in as values, everything below
// them is composed from word lists, and any likeness to a real address is chance.
//
// Invariants: D1 the totals of Figures hold exactly; D2 a parent stands before what refers to it; D3 a step refers only
// to what its phone can know at that moment; D4 no two steps of a day share an instant.
//
// # The play
//
// The files run* play a day: they import the street as an operator would, join the phones with codes, and carry out step
// by step what the script says. Server, database files and phones are the product's own, and the phones reach the server
// over TCP through network.go, which cuts a connection where the script says so. The play decides nothing. Times are the
// script's, also those of wrong clocks, so that the same day comes out on a slow machine and on a fast one.
//
// # The audit
//
// The files audit* predict from script and ledger alone what must be found where, in their own words of the protocol's
// rules, and compare that with what they read from the server and from every phone. They share no merge code with the
// engine and read none of its counters.
//
// The package never writes outside of the folder it is given.
//
// Read street.go first, then cast.go, day.go and day_ledger.go, which shows what a script alone predicts about its end;
// then run.go and audit.go.
package demo

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
)

// ErrInput reports communities or figures from which no street, cast or day can be made. The message names the value
// and its limit.
var ErrInput = errors.New("demo input refused")

// CommunitiesMax bounds the communities of one street: road names for more of them are not in the word lists.
const CommunitiesMax = len(roadNames) / roadsPerCommunity

// Lengths of territory codes in digits, as in GB/T 2260 and the statistics bureau's list down to the community; grid
// and microgrid lengths are this project's convention.
const (
	CountyDigits    = 6
	StreetDigits    = 9
	CommunityDigits = 12
	GridDigits      = 15
	MicrogridDigits = 17
)

// Community is one real community of the street, as the territory file names it.
type Community struct {
	// Code is the 12-digit code; its first nine digits are the street's.
	Code TerritoryCode
	// Name is the full name, such as 福慧社区居委会.
	Name string
}

// Figures are the totals of a street. TrueScale gives those of the scene; a test may ask for less.
type Figures struct {
	// ResidentialGrids is the number of ordinary grids; every urban village, market and business area is one more.
	ResidentialGrids int
	// ResidentGroups is the number of residents' groups, which are the microgrids of residential and village grids.
	ResidentGroups int
	// Compounds is the number of walled compounds; they lie in residential grids.
	Compounds int
	// UrbanVillages is the number of urban villages; each is a special grid with rental rooms.
	UrbanVillages int
	// Markets is the number of markets; each is a special grid without rental rooms.
	Markets int
	// BusinessAreas is the number of business areas; each is a special grid without rental rooms.
	BusinessAreas int
	// RentalRooms is the number of rental rooms; each is one door.
	RentalRooms int
	// Hotels is the number of hotels and inns.
	Hotels int
	// StallsPerMarket is the number of stalls in every market.
	StallsPerMarket int
	// ShopsPerArea is the number of shops in every business area.
	ShopsPerArea int
}

// TrueScale returns the figures of the scene. The residential grids are chosen so that a grid with rental rooms has
// 477 of them on average, which one grid worker can know; stalls and shops have no figure in the source.
func TrueScale() Figures {
	return Figures{
		ResidentialGrids: 56, ResidentGroups: 150, Compounds: 203, UrbanVillages: 9, Markets: 5, BusinessAreas: 10,
		RentalRooms: 30984, Hotels: 476, StallsPerMarket: 60, ShopsPerArea: 40,
	}
}

// SmallScale returns figures with every shape of the true street at a twentieth of its weight, for tests.
func SmallScale() Figures {
	return Figures{
		ResidentialGrids: 8, ResidentGroups: 20, Compounds: 24, UrbanVillages: 2, Markets: 1, BusinessAreas: 2,
		RentalRooms: 1500, Hotels: 24, StallsPerMarket: 10, ShopsPerArea: 8,
	}
}

// Street is the generated street. A runner imports Territories first and Premises after them, in order.
type Street struct {
	// Code is the street's own code.
	Code TerritoryCode
	// Territories holds the communities, then every grid followed by its microgrids.
	Territories []Territory
	// Compounds are the walled compounds; their doors name them in the door key.
	Compounds []Compound
	// Premises are all doors; a building or market stands before its units.
	Premises []Premises
}

// NewStreet makes the street of a seed. The communities must share one street code and come in code order; the same
// arguments give the same street on every machine.
func NewStreet(seed uint64, communities []Community, figures Figures) (*Street, error) {
	if err := checkCommunities(communities); err != nil {
		return nil, err
	}
	if err := figures.check(len(communities)); err != nil {
		return nil, err
	}
	s := &Street{Code: communities[0].Code[:StreetDigits]}
	b := &streetBuilder{
		street:  s,
		figures: figures,
		rng:     rand.New(rand.NewPCG(seed, streamStreet)),
		names:   newPlaceNames(rand.New(rand.NewPCG(seed, streamNames)), communities),
	}
	b.layTerritories(communities)
	b.layCompounds()
	b.layRentalRooms()
	b.layHotels()
	b.layMarkets()
	b.layBusinessAreas()
	return s, nil
}

// Streams of the generator: one seed drives independent sequences, so that a change to the cast leaves the street as
// it is.
const (
	streamStreet uint64 = iota + 1
	streamNames
	streamCast
	streamDay
)

// Under returns the premises in a territory of any level, in the street's order.
func (s *Street) Under(area TerritoryCode) []PremisesIndex {
	var under []PremisesIndex
	for i := range s.Premises {
		if area.Contains(s.Premises[i].Territory) {
			under = append(under, PremisesIndex(i))
		}
	}
	return under
}

// Count returns how many premises are of a kind.
func (s *Street) Count(kind PremisesKind) int {
	n := 0
	for i := range s.Premises {
		if s.Premises[i].Kind == kind {
			n++
		}
	}
	return n
}

// checkCommunities refuses a list from which codes below it could not be made.
func checkCommunities(communities []Community) error {
	if len(communities) == 0 || len(communities) > CommunitiesMax {
		return fmt.Errorf("%w: %d communities, 1 to %d are possible", ErrInput, len(communities), CommunitiesMax)
	}
	for i, c := range communities {
		switch {
		case len(c.Code) != CommunityDigits || strings.Trim(string(c.Code), "0123456789") != "":
			return fmt.Errorf("%w: community code %q, %d digits are needed", ErrInput, c.Code, CommunityDigits)
		case c.Code[:StreetDigits] != communities[0].Code[:StreetDigits]:
			return fmt.Errorf("%w: community %s is not of street %s", ErrInput, c.Code, communities[0].Code[:StreetDigits])
		case i > 0 && c.Code <= communities[i-1].Code:
			return fmt.Errorf("%w: community %s stands after %s, order by code", ErrInput, c.Code, communities[i-1].Code)
		case c.Name == "":
			return fmt.Errorf("%w: community %s has no name", ErrInput, c.Code)
		}
	}
	return nil
}

// check refuses figures that leave a grid without a group, a group without a compound or a compound without a room.
func (f Figures) check(communities int) error {
	rentalGrids := f.ResidentialGrids + f.UrbanVillages
	least := []struct {
		what      string
		have, min int
	}{
		{"residential grids", f.ResidentialGrids, communities},
		{"residents' groups", f.ResidentGroups, rentalGrids},
		{"compounds a residential grid", f.Compounds / max(f.ResidentialGrids, 1), (f.ResidentGroups + rentalGrids - 1) / max(rentalGrids, 1)},
		{"rental rooms", f.RentalRooms, 20 * (f.Compounds + f.UrbanVillages)},
		{"urban villages", f.UrbanVillages, 0}, {"markets", f.Markets, 0}, {"business areas", f.BusinessAreas, 0},
		{"hotels", f.Hotels, 0}, {"stalls a market", f.StallsPerMarket, 0}, {"shops a business area", f.ShopsPerArea, 0},
	}
	for _, l := range least {
		if l.have < l.min {
			return fmt.Errorf("%w: %d %s, at least %d are needed", ErrInput, l.have, l.what, l.min)
		}
	}
	most := []struct {
		what      string
		have, max int
	}{
		{"compounds", f.Compounds, len(compoundWords) * len(compoundSuffixes)},
		{"urban villages", f.UrbanVillages, len(villageNames)},
		{"markets", f.Markets, len(marketWords)},
		{"business areas", f.BusinessAreas, len(businessWords)},
		{"hotels", f.Hotels, len(hotelWords) * len(hotelSuffixes)},
		{"residents' groups a grid", f.ResidentGroups / rentalGrids, 90},
		{"residential grids a community", f.ResidentialGrids / communities, 300},
	}
	for _, m := range most {
		if m.have > m.max {
			return fmt.Errorf("%w: %d %s, at most %d are possible", ErrInput, m.have, m.what, m.max)
		}
	}
	return nil
}
