package demo

import "strconv"

// layHotels deals the hotels and inns to all grids but the markets; business areas have the most of them.
func (b *streetBuilder) layHotels() {
	grids := b.gridsOf(SettingResidential, SettingVillage, SettingBusiness)
	weights := make([]int, len(grids))
	for i, grid := range grids {
		weights[i] = map[Setting]int{SettingResidential: 4, SettingVillage: 6, SettingBusiness: 12}[grid.territory.Setting]
	}
	for i, count := range apportion(b.figures.Hotels, weights) {
		for range count {
			b.layHotel(grids[i])
		}
	}
}

// layHotel adds one hotel on a road of the grid's community.
func (b *streetBuilder) layHotel(grid *laidGrid) {
	territory := grid.territory.Code
	if len(grid.microgrids) > 0 {
		territory = oneOf(b.rng, grid.microgrids)
	}
	name, address := b.names.hotel(), b.names.roadNumber(grid.territory.Parent)
	b.street.Premises = append(b.street.Premises, Premises{
		Kind: KindHotel, Parent: NoPremises, Territory: territory, Key: DoorKey{Building: address},
		Name: name, Address: address + name, Rental: RentalHotel, Rooms: 6 + b.rng.IntN(45),
		Grade: pick(b.rng, ordinaryGrades), Contact: testContact(len(b.street.Premises)),
	})
}

// layMarkets adds every market hall with its stalls.
func (b *streetBuilder) layMarkets() {
	for _, grid := range b.gridsOf(SettingMarket) {
		hall := PremisesIndex(len(b.street.Premises))
		address := b.names.roadNumber(grid.territory.Parent) + grid.place
		b.street.Premises = append(b.street.Premises, Premises{
			Kind: KindBuilding, Parent: NoPremises, Territory: grid.territory.Code, Grade: GradeGreen,
			Key: DoorKey{Building: grid.place}, Name: grid.place, Address: address,
		})
		for k := range b.figures.StallsPerMarket {
			section := stallSections[k*len(stallSections)/b.figures.StallsPerMarket]
			stall := section + strconv.Itoa(k+1) + "号摊"
			b.street.Premises = append(b.street.Premises, Premises{
				Kind: KindStall, Parent: hall, Territory: grid.territory.Code, Name: stall, Address: address + stall,
				Key:   DoorKey{Building: grid.place, Door: strconv.Itoa(k+1) + "号摊"},
				Grade: pick(b.rng, ordinaryGrades), Contact: testContact(len(b.street.Premises)),
			})
		}
	}
}

// layBusinessAreas adds the shops of every business area, each at its own number of a road.
func (b *streetBuilder) layBusinessAreas() {
	for _, grid := range b.gridsOf(SettingBusiness) {
		for range b.figures.ShopsPerArea {
			address := b.names.roadNumber(grid.territory.Parent)
			name := oneOf(b.rng, shopWords) + oneOf(b.rng, shopSuffixes)
			b.street.Premises = append(b.street.Premises, Premises{
				Kind: KindShop, Parent: NoPremises, Territory: grid.territory.Code, Key: DoorKey{Building: address},
				Name: name, Address: address + grid.place + name, Grade: pick(b.rng, ordinaryGrades),
				Contact: testContact(len(b.street.Premises)),
			})
		}
	}
}
