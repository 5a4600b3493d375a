package wire

import (
	"encoding/binary"

	"google.golang.org/protobuf/encoding/protowire"

	"onedoor/syncengine"
)

// encoder writes a message field by field, for messages of which so many are made that the generated code, which wants
// an object for each, costs more than all else about them. Numbers of fields are below 16.
type encoder struct{ out []byte }

// nestedBytes is how much open writes: a tag, and a length that close may have to make longer.
const nestedBytes = 2

// open begins a nested message, with room for a length of one byte; close ends it.
func (e *encoder) open(field protowire.Number) (at int) {
	e.out = append(appendTag(e.out, field, protowire.BytesType), 0)
	return len(e.out)
}

// close writes the length of the message that began at.
func (e *encoder) close(at int) {
	n := len(e.out) - at
	if n < 1<<7 {
		e.out[at-1] = byte(n)
		return
	}
	var room [binary.MaxVarintLen64]byte
	length := protowire.AppendVarint(room[:0], uint64(n))
	e.out = append(e.out, length[1:]...)
	copy(e.out[at-1+len(length):], e.out[at:at+n])
	copy(e.out[at-1:], length)
}

// closeFilled is close for a list, or for bytes, that is left out when there is nothing in it; it gives how long it is.
func (e *encoder) closeFilled(at int) (n int) {
	if n = len(e.out) - at; n == 0 {
		e.out = e.out[:at-nestedBytes]
		return 0
	}
	e.close(at)
	return n
}

func (e *encoder) number(field protowire.Number, v uint64) {
	e.out = appendNumber(e.out, field, v)
}

func (e *encoder) coordinate(field protowire.Number, c syncengine.Coordinate) {
	at := e.open(field)
	e.number(1, uint64(c.Epoch))
	e.number(2, uint64(c.Seq))
	e.close(at)
}

// numbers writes a repeated number in its packed form.
func (e *encoder) numbers(field protowire.Number, list []syncengine.FieldNumber) {
	at := e.open(field)
	for _, n := range list {
		e.out = appendVarint(e.out, uint64(n))
	}
	e.closeFilled(at)
}

// appendTag writes the tag of a field; its number is below 16, so it is one byte.
func appendTag(b []byte, field protowire.Number, typ protowire.Type) []byte {
	return append(b, byte(field)<<3|byte(typ))
}

func appendVarint(b []byte, v uint64) []byte {
	if v < 1<<7 {
		return append(b, byte(v))
	}
	return protowire.AppendVarint(b, v)
}

func appendBytes[B []byte | string](b []byte, field protowire.Number, v B) []byte {
	return append(appendVarint(appendTag(b, field, protowire.BytesType), uint64(len(v))), v...)
}

func appendNumber(b []byte, field protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return appendVarint(appendTag(b, field, protowire.VarintType), v)
}

func appendBool(b []byte, field protowire.Number, v bool) []byte {
	return appendNumber(b, field, protowire.EncodeBool(v))
}
