package domain

import "fmt"

// ID is the id of a record, a user or a territory: the 16 bytes of a UUID. The zero value is no id.
type ID [16]byte

// String prints the id as UUID text.
func (id ID) String() string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[0:4], id[4:6], id[6:8], id[8:10], id[10:16])
}
