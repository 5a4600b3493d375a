package territoryfile

import "onedoor/domain"

// Area is one territory as a file states it.
type Area struct {
	// Code names the territory.
	Code domain.Code
	// Parent is the code one level up, empty for a province.
	Parent domain.Code
	// Level follows from the code and is checked against the file's own word.
	Level domain.Level
	// Name is the territory's name, trimmed.
	Name string
	// Line is the physical line of the file it was read from.
	Line int
}
