package demo

// PremisesIndex is the place of a door in Street.Premises.
type PremisesIndex int

// NoPremises stands where a door has no parent.
const NoPremises PremisesIndex = -1

// PremisesKind says what a door is. It and the other kinds and grades are spelt as the short names of the record files.
type PremisesKind string

// The kinds of doors on the street.
const (
	// KindBuilding is a building of a compound, a self-built house of a village, or a market hall.
	KindBuilding PremisesKind = "BUILDING"
	// KindRentalUnit is a rental room; its parent is the building.
	KindRentalUnit PremisesKind = "RENTAL_UNIT"
	// KindHotel is a hotel or inn.
	KindHotel PremisesKind = "HOTEL"
	// KindShop is a shop of a business area.
	KindShop PremisesKind = "SHOP"
	// KindStall is a stall; its parent is the market hall.
	KindStall PremisesKind = "MARKET_STALL"
)

// RentalKind says how a rental unit is let.
type RentalKind string

// The ways of letting; a door that is not let has none.
const (
	// RentalNone stands for a door that is not let.
	RentalNone RentalKind = ""
	// RentalWhole is 整租: one household rents the unit.
	RentalWhole RentalKind = "WHOLE_LET"
	// RentalShared is 合租: several tenants share the unit.
	RentalShared RentalKind = "SHARED_LET"
	// RentalGroup is 群租: more tenants than the rooms are meant for.
	RentalGroup RentalKind = "GROUP_LET"
	// RentalHomestay is 民宿: let by the night.
	RentalHomestay RentalKind = "HOMESTAY"
	// RentalHotel is 旅馆.
	RentalHotel RentalKind = "HOTEL"
)

// Grade is the risk of premises, never of a person.
type Grade string

// The grades from least to most risk.
const (
	// GradeGreen is the ordinary case.
	GradeGreen Grade = "GREEN"
	// GradeYellow calls for a visit every 14 days.
	GradeYellow Grade = "YELLOW"
	// GradeOrange calls for a visit every 7 days.
	GradeOrange Grade = "ORANGE"
	// GradeRed is worked by the street.
	GradeRed Grade = "RED"
)

// DoorKey finds a door where addresses are written in many ways. Parts that do not apply are empty.
type DoorKey struct {
	Compound, Building, Stair, Floor, Door string
}

// Contact is the one person named at a door. Names are test characters and numbers cannot be dialled; see names.go.
type Contact struct {
	Name, Phone string
}

// Premises is one door as the register knows it in the morning.
type Premises struct {
	// Kind says what the door is.
	Kind PremisesKind
	// Parent is the building or market hall of a unit, or NoPremises.
	Parent PremisesIndex
	// Territory is the finest known: a microgrid, or a special grid.
	Territory TerritoryCode
	// Key is the door key.
	Key DoorKey
	// Name is the sign over a hotel, shop or market; rental units and buildings have none.
	Name string
	// Address is the full address as a worker reads it.
	Address string
	// Rental says how a unit is let.
	Rental RentalKind
	// Rooms is the number of rooms behind the door; 0 for buildings, shops and stalls.
	Rooms int
	// Headcount is the number of people living behind the door; 0 where nobody lives.
	Headcount int
	// LeaseFiled says that the lease is filed with the housing authority.
	LeaseFiled bool
	// Grade is the morning's grade; a building is green.
	Grade Grade
	// Contact is the person at the door; empty for a building.
	Contact Contact
}

// Compound is one walled compound (小区).
type Compound struct {
	// Name is the compound's name, unique on the street.
	Name string
	// Address is road and house number.
	Address string
	// Territory is its microgrid.
	Territory TerritoryCode
}
