package demo

import (
	"strconv"
)

// Shares that shape a grid, in percent or as weights.
const (
	// compoundRentedPercent is the share of a compound's flats that are let; the rest are no doors of the register.
	compoundRentedPercent = 38
	// villageRentedPercent is the share of a village house's rooms that are let.
	villageRentedPercent = 82
	// villageRoomWeight and gridRoomWeight: a village has more rental rooms than a residential grid.
	villageRoomWeight = 118
	gridRoomWeight    = 100
)

// layCompounds deals the compounds to the residential grids, and in each grid to its microgrids in turn.
func (b *streetBuilder) layCompounds() {
	grids := b.gridsOf(SettingResidential)
	counts := evenSplit(b.rng, b.figures.Compounds, len(grids))
	for i, grid := range grids {
		for k := range counts[i] {
			grid.compounds = append(grid.compounds, len(b.street.Compounds))
			b.street.Compounds = append(b.street.Compounds, Compound{
				Name:      b.names.compound(),
				Address:   b.names.roadNumber(grid.territory.Parent),
				Territory: grid.microgrids[k%len(grid.microgrids)],
			})
		}
	}
}

// layRentalRooms lays the rental rooms: exact in sum, uneven between grids, compounds and houses.
func (b *streetBuilder) layRentalRooms() {
	grids := b.gridsOf(SettingResidential, SettingVillage)
	weights := unevenWeights(b.rng, len(grids))
	for i, grid := range grids {
		weights[i] *= gridRoomWeight
		if grid.territory.Setting == SettingVillage {
			weights[i] = weights[i] / gridRoomWeight * villageRoomWeight
		}
	}
	for i, rooms := range apportion(b.figures.RentalRooms, weights) {
		if grids[i].territory.Setting == SettingVillage {
			b.layVillage(grids[i], rooms)
			continue
		}
		parts := apportion(rooms, unevenWeights(b.rng, len(grids[i].compounds)))
		for k, compound := range grids[i].compounds {
			b.layCompound(b.street.Compounds[compound], parts[k])
		}
	}
}

// layCompound lays buildings one after another until the compound's rooms are placed.
func (b *streetBuilder) layCompound(c Compound, rooms int) {
	shape := oneOf(b.rng, compoundShapes)
	for number := 1; rooms > 0; number++ {
		building := Premises{
			Kind: KindBuilding, Parent: NoPremises, Territory: c.Territory, Grade: GradeGreen,
			Key:     DoorKey{Compound: c.Name, Building: strconv.Itoa(number) + "栋"},
			Address: c.Address + c.Name + strconv.Itoa(number) + "栋",
		}
		rooms -= b.layBuilding(building, shape, rooms)
	}
}

// layVillage lays self-built houses until the village's rooms are placed, group after group.
func (b *streetBuilder) layVillage(grid *laidGrid, rooms int) {
	number := 0
	for i, part := range apportion(rooms, unevenWeights(b.rng, len(grid.microgrids))) {
		for part > 0 {
			number += 1 + b.rng.IntN(3)
			house := Premises{
				Kind: KindBuilding, Parent: NoPremises, Territory: grid.microgrids[i], Grade: GradeGreen,
				Key:     DoorKey{Compound: grid.place, Building: strconv.Itoa(number) + "号"},
				Address: grid.place + strconv.Itoa(number) + "号",
			}
			part -= b.layBuilding(house, oneOf(b.rng, houseShapes), part)
		}
	}
}

// buildingShape is the plan of a building: stairs, floors, doors on a floor of a stair, and how much of it is let.
type buildingShape struct {
	stairs, floors, doors int
	firstFloor            int
	rentedPercent         int
	choices               []weighted[RentalKind]
}

// compoundShapes are walk-up slabs, towers with a lift, and small courts.
var compoundShapes = []buildingShape{
	{stairs: 3, floors: 6, doors: 2, firstFloor: 1, rentedPercent: compoundRentedPercent, choices: compoundRentals},
	{stairs: 4, floors: 6, doors: 2, firstFloor: 1, rentedPercent: compoundRentedPercent, choices: compoundRentals},
	{stairs: 2, floors: 11, doors: 2, firstFloor: 1, rentedPercent: compoundRentedPercent, choices: compoundRentals},
	{stairs: 1, floors: 16, doors: 4, firstFloor: 2, rentedPercent: compoundRentedPercent, choices: compoundRentals},
	{stairs: 2, floors: 4, doors: 2, firstFloor: 1, rentedPercent: compoundRentedPercent, choices: compoundRentals},
}

// houseShapes are self-built houses; a house has no numbered stair, and its ground floor is often a shop front.
var houseShapes = []buildingShape{
	{floors: 3, doors: 3, firstFloor: 1, rentedPercent: villageRentedPercent, choices: villageRentals},
	{floors: 4, doors: 4, firstFloor: 2, rentedPercent: villageRentedPercent, choices: villageRentals},
	{floors: 5, doors: 4, firstFloor: 2, rentedPercent: villageRentedPercent, choices: villageRentals},
}

var compoundRentals = []weighted[RentalKind]{{63, RentalWhole}, {29, RentalShared}, {3, RentalGroup}, {5, RentalHomestay}}

var villageRentals = []weighted[RentalKind]{{47, RentalWhole}, {38, RentalShared}, {10, RentalGroup}, {5, RentalHomestay}}

// layBuilding adds a building with its let units, at most limit of them, and returns how many it laid. It lays at
// least one, so that no building stands empty.
func (b *streetBuilder) layBuilding(building Premises, shape buildingShape, limit int) int {
	parent := PremisesIndex(len(b.street.Premises))
	b.street.Premises = append(b.street.Premises, building)
	laid := 0
	for stair := range max(shape.stairs, 1) {
		key, prefix := building.Key, building.Address
		if shape.stairs > 0 {
			key.Stair = strconv.Itoa(stair+1) + "单元"
			prefix += key.Stair
		}
		for floor := shape.firstFloor; floor <= shape.floors; floor++ {
			key.Floor = strconv.Itoa(floor)
			for door := 1; door <= shape.doors && laid < limit; door++ {
				if !chance(b.rng, shape.rentedPercent) {
					continue
				}
				key.Door = strconv.Itoa(floor*100 + door)
				b.layUnit(parent, key, prefix+key.Door+"室", pick(b.rng, shape.choices))
				laid++
			}
		}
	}
	if laid == 0 {
		key := building.Key
		key.Floor, key.Door = "1", "101"
		if shape.stairs > 0 {
			key.Stair = "1单元"
		}
		b.layUnit(parent, key, building.Address+key.Stair+"101室", pick(b.rng, shape.choices))
		laid = 1
	}
	return laid
}

// layUnit adds one rental room with its size, people and grade.
func (b *streetBuilder) layUnit(parent PremisesIndex, key DoorKey, address string, rental RentalKind) {
	rooms, headcount := b.sizeOf(rental)
	index := len(b.street.Premises)
	b.street.Premises = append(b.street.Premises, Premises{
		Kind: KindRentalUnit, Parent: parent, Territory: b.street.Premises[parent].Territory, Key: key, Address: address,
		Rental: rental, Rooms: rooms, Headcount: headcount, LeaseFiled: chance(b.rng, 58),
		Grade: pick(b.rng, gradesOf(rental)), Contact: testContact(index),
	})
}

// sizeOf draws rooms and people by the way of letting.
func (b *streetBuilder) sizeOf(rental RentalKind) (rooms, headcount int) {
	switch rental {
	case RentalShared:
		return 2 + b.rng.IntN(2), 2 + b.rng.IntN(4)
	case RentalGroup:
		return 3 + b.rng.IntN(3), 7 + b.rng.IntN(8)
	case RentalHomestay:
		return 1 + b.rng.IntN(3), b.rng.IntN(5)
	default:
		return 1 + b.rng.IntN(2), 1 + b.rng.IntN(3)
	}
}

// gradesOf gives the weights of the grades: crowding raises them.
func gradesOf(rental RentalKind) []weighted[Grade] {
	if rental == RentalGroup {
		return groupGrades
	}
	return ordinaryGrades
}

var ordinaryGrades = []weighted[Grade]{{820, GradeGreen}, {140, GradeYellow}, {35, GradeOrange}, {5, GradeRed}}

var groupGrades = []weighted[Grade]{{150, GradeGreen}, {400, GradeYellow}, {370, GradeOrange}, {80, GradeRed}}
