package wire

import (
	"fmt"

	"github.com/google/uuid"

	"onedoor/syncengine"
)

// NewRecordID makes a UUIDv7 from a given time and given randomness, so that the
// same inputs give the same id on every machine.
func NewRecordID(at syncengine.UnixMilli, random [10]byte) syncengine.ID {
	var u uuid.UUID
	for i := range 6 {
		u[i] = byte(at >> (8 * (5 - i)))
	}
	copy(u[6:], random[:])
	u[6] = 0x70 | u[6]&0x0f
	u[8] = 0x80 | u[8]&0x3f
	return syncengine.ID(u)
}

// BytesOf gives the bytes of an id as messages hold them: none for an absent one.
func BytesOf(id syncengine.ID) []byte {
	if id.IsZero() {
		return nil
	}
	return id[:]
}

// BytesOfAll gives the bytes of every id.
func BytesOfAll(ids []syncengine.ID) [][]byte {
	out := make([][]byte, len(ids))
	for i := range ids {
		out[i] = ids[i][:]
	}
	return out
}

// IDsOf reads ids that were written by [BytesOfAll]; what has another length is the zero id.
func IDsOf(list [][]byte) (out []syncengine.ID) {
	for _, b := range list {
		id, _ := syncengine.IDFromBytes(b)
		out = append(out, id)
	}
	return out
}

// bracedBytes is the length of a UUID in braces.
const bracedBytes = 38

// ParseID reads an id as UUID text.
func ParseID(text string) (syncengine.ID, error) {
	// uuid.Parse takes any two characters for the braces, so that a mistyped id would name another record.
	if len(text) == bracedBytes && (text[0] != '{' || text[bracedBytes-1] != '}') {
		return syncengine.ID{}, fmt.Errorf("%q is not an id: it has %d characters, an id has 36", text, bracedBytes)
	}
	u, err := uuid.Parse(text)
	if err != nil {
		return syncengine.ID{}, err
	}
	return syncengine.ID(u), nil
}
