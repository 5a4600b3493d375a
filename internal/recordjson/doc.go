// Package recordjson is the JSON form of records that people and scripts read
// and write: on the command lines of the phone and of the server, and on the
// string side of the phone's SDK. It is protobuf's JSON form with these
// differences:
//
//   - ids are UUID text;
//   - a territory is its code, and its id only where the code is not known;
//   - enum values go by their short names, read in any case (SEEN, seen), or
//     by their numbers; a number without a name is written as a number;
//   - times are RFC 3339 text with a zone, kept to the millisecond and written
//     in Asia/Shanghai time (+08:00);
//   - 64-bit numbers are written as numbers;
//   - bytes are base64; where a field has a greatest length, hex text of exactly
//     that length is read too, as sha256sum prints it;
//   - names are written in lower_snake and read in lower_snake and lowerCamel.
//
// An edit is a JSON merge patch (RFC 7396): what is named is written, null
// removes, an object is merged key by key, an array replaces. Of a field that is
// a set of cells (visit.premises_ids) the array is compared with what the author
// is shown, so only elements that came or went are written;
// {"add": […], "remove": […]} says the same outright. A state that stands
// already is no step and is left out.
//
// The package never does I/O and checks form only: whether an edit is allowed,
// complete, within its lengths or wise is decided by internal/wire and domain.
//
// Read decode.go first, then encode.go and cell.go.
package recordjson

import "onedoor/syncengine"

// Resolver knows the territories by their codes. A phone answers from its own
// territory records, a server from its realm's.
type Resolver interface {
	// TerritoryID gives the territory that has a code; false where none is known.
	TerritoryID(code string) (syncengine.ID, bool)
	// TerritoryCode gives the code of a territory; false where it is not known.
	TerritoryCode(id syncengine.ID) (string, bool)
}

// TextBytesMax is the size of the largest text that is read: the largest change
// (64 KiB) written with \u escapes for every character, with room.
const TextBytesMax = 1 << 20
