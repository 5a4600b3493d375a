package client

import (
	"strings"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/client-sdk/internal/pagerecord"
)

// searchText gives the text of a row that search covers, one field a line so
// that no hit runs from one field into the next. What this software does not
// know has none.
func (r *Replica) searchText(row localdb.Record) (string, error) {
	if _, known := r.schema.Kind(row.Kind); !known {
		return "", nil
	}
	rec, kind, err := r.decodeShown(&row)
	if err != nil {
		return "", err
	}
	texts, err := pagerecord.Texts(kind, rec.Fields())
	return strings.Join(texts, "\n"), err
}
