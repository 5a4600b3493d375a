package rentsafe

import (
	"strings"
	"unicode"

	"onedoor/internal/csvfile"
)

// Columns by the name this package uses for them.
const (
	columnRSN          = "RSN"
	columnYear         = "YEAR EVALUATED"
	columnWard         = "WARD"
	columnWardName     = "WARDNAME"
	columnAddress      = "SITE ADDRESS"
	columnPropertyType = "PROPERTY TYPE"
	columnStoreys      = "CONFIRMED STOREYS"
	columnUnits        = "CONFIRMED UNITS"
	columnYearBuilt    = "YEAR BUILT"
	columnCompletedOn  = "EVALUATION COMPLETED ON"
	columnCurrent      = "CURRENT BUILDING EVAL SCORE"
	columnProactive    = "PROACTIVE BUILDING SCORE"
	columnReactive     = "CURRENT REACTIVE SCORE"
)

// otherNames lists the further names of a column, which stand beside the first
// in files from after a renaming.
var otherNames = map[string][]string{
	columnStoreys: {"NO OF STOREYS"},
	columnUnits:   {"NO OF UNITS"},
}

// neededInRegister and neededInInspections are the columns without which a file
// is refused: keys, place and date. Every other may be lacking and is then
// absent in each row.
var (
	neededInRegister    = []string{columnRSN, columnAddress, columnWard}
	neededInInspections = []string{columnRSN, columnYear, columnAddress, columnWard, columnCompletedOn}
)

// compared lists the columns beside the checklist in which two rows of an
// inspection are compared.
var compared = []string{
	columnRSN, columnYear, "YEAR REGISTERED", columnYearBuilt, columnPropertyType, columnWard, columnWardName,
	columnAddress, columnStoreys, columnUnits, columnCompletedOn, columnCurrent, columnProactive, columnReactive,
	"NO OF AREAS EVALUATED", "GRID", "LATITUDE", "LONGITUDE", "X", "Y",
}

// foldName is the form in which column names are compared: upper case, and one
// blank for every run of other characters than letters and digits, so that
// SITE_ADDRESS is "SITE ADDRESS" and "NON-SMOKING_BUILDING" "NON SMOKING BUILDING".
func foldName(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToUpper(name), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), " ")
}

// value gives the first value that is not blank of a column under all of its
// names, trimmed.
func value(row csvfile.Row, column string) string {
	found := strings.TrimSpace(row.Get(column))
	for _, other := range otherNames[column] {
		if found != "" {
			break
		}
		found = strings.TrimSpace(row.Get(other))
	}
	return found
}
