package territoryfile

import (
	"bytes"
	_ "embed"
)

// lijiang is the territory file of 丽江市; 5307.LICENSE.md states its source and
// licence.
//
//go:embed 5307.csv
var lijiang []byte

// EmbeddedFile is the name that problems of the embedded file would carry.
const EmbeddedFile = "5307.csv"

// Embedded returns the territories of 丽江市 down to the communities, so that a
// clone without any data beside it can found a realm there.
func Embedded() ([]Area, error) {
	return Read(bytes.NewReader(lijiang), Options{File: EmbeddedFile})
}
