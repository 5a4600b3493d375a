package importer

// Limits of single values, in characters: those of the record's fields, so that
// what is imported is never refused by the record. A longer value is a problem
// of its line, never cut. How many rooms and people a door may have is
// domain.RoomsMax and domain.HeadcountMax.
const (
	// ExternalRefRunesMax bounds the source's own key; a UUID takes 36.
	ExternalRefRunesMax = 64
	// AddressRunesMax bounds an address. A full Chinese address from the province
	// to the room takes about 60; Latin ones twice that.
	AddressRunesMax = 200
	// CompoundRunesMax bounds the name of a compound, market or village.
	CompoundRunesMax = 60
	// BuildingRunesMax bounds building and door, which may carry words beside the
	// number.
	BuildingRunesMax = 40
	// FloorRunesMax bounds stair and floor: a number or a short word such as 夹层.
	FloorRunesMax = 20
	// PersonNameRunesMax bounds names of contacts and users; transliterated names
	// of the region's peoples run to some 20.
	PersonNameRunesMax = 40
	// PhoneRunesMax bounds a contact's number: country code, area code, extension
	// and the marks between them.
	PhoneRunesMax = 32
	// ShortNameRunesMax bounds the short name of an enum value.
	ShortNameRunesMax = 40
	// MapBytesMax bounds a column map; a map of every column with a hundred
	// values each is far below it.
	MapBytesMax = 64 << 10
)

// MissingShareMaxPercent is how much of what stands a complete register may
// lack. A register loses a few doors a month to demolition and merging; a file
// that lacks more than one door in twenty is far more likely cut off, filtered
// or of another area, and would propose to void doors that still exist.
const MissingShareMaxPercent = 5
