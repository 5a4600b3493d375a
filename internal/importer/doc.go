// Package importer reads the files an operator imports: premises (doors) and
// users.
//
// It turns CSV into plain rows that are checked value by value, and answers how
// a file's doors meet those that stand already. It never opens a file, never
// writes a record and knows no server: the admin service makes changes of what
// it returns. It collects no telephone number of a user, and refuses identity
// numbers, bank cards and telephone numbers that hide in free text.
//
// # Columns
//
// Without a map a file has the canonical columns and no others, in any order
// and in any of the spellings rental_kind, rentalKind, "Rental kind":
//
//	premises  address, territory (both needed), external_ref, kind_of_premises,
//	          use, rental_kind, compound, building, stair, floor, door, rooms,
//	          headcount, contact_name, contact_phone, grade, lease_filed
//	users     name, role, territory (all needed)
//
// A column with another name is refused without a map, because a misspelt name
// would drop its values in silence. With a [Map] the file belongs to somebody
// else, and what the map does not mention is left out.
//
// # All or nothing
//
// [ReadPremises] and [ReadUsers] give every row or none. What is wrong with any
// row, its shape, a value, a key that stands twice, comes back at once as
// [csvfile.Problems], each with its line.
//
// # Matching
//
// A door of a file is a door that stands when both carry the same external_ref;
// where one of them has none, when place and territory agree (see [Match]).
//
// Read premises.go first, then match.go and mapping.go.
package importer
