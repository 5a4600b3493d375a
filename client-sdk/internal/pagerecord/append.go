package pagerecord

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"
)

// Fields of the wire's PageRecord and Write, for the forms that are written
// without a message.
const (
	recordFields = 5
	recordWrites = 6
	recordCells  = 7
	recordDead   = 8

	writeAuthor    = 1
	writeDeviceSeq = 2
	writeStamp     = 3
	writeSuspect   = 4
	writeEpoch     = 5
	writeSeq       = 6
	writeRank      = 7
)

// appendWrite encodes a write as the wire's Write.
func appendWrite(b []byte, w *Write) []byte {
	b = appendNumber(b, writeAuthor, uint64(w.Author))
	b = appendNumber(b, writeDeviceSeq, uint64(w.DeviceSeq))
	b = appendNumber(b, writeStamp, uint64(w.Stamp))
	b = appendNumber(b, writeSuspect, protowire.EncodeBool(w.Suspect))
	b = appendNumber(b, writeEpoch, uint64(w.At.Epoch))
	b = appendNumber(b, writeSeq, uint64(w.At.Seq))
	return appendNumber(b, writeRank, uint64(w.Rank))
}

// isPlain reports that a record holds nothing but fields, writes and life, as most
// do: no cell with a word of its own, and nothing that this software does not know.
func isPlain(m *syncv1.PageRecord) bool {
	plain := len(m.Cells) == 0 && knows(m)
	for _, w := range m.Writes {
		plain = plain && knows(w)
	}
	return plain
}

// knows reports that this software knows every field of a message itself.
func knows(m proto.Message) bool { return len(m.ProtoReflect().GetUnknown()) == 0 }

// appendPlain encodes a plain record in the stored form.
func appendPlain(dst []byte, m *syncv1.PageRecord) []byte {
	dst = appendBytes(dst, recordFields, m.Fields)
	var room [writeBytesMax]byte
	for _, w := range m.Writes {
		dst = appendMessage(dst, recordWrites, appendWire(room[:0], w))
	}
	return appendNumber(dst, recordDead, protowire.EncodeBool(m.Dead))
}

// writeBytesMax is more than seven numbers with their tags can take.
const writeBytesMax = 7 * 11

// appendWire encodes a page's write that holds nothing unknown.
func appendWire(b []byte, w *syncv1.Write) []byte {
	made := writeOf(w)
	return appendWrite(b, &made)
}

// appendNumber encodes a number; 0 is absent.
func appendNumber(b []byte, field protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), v)
}

// appendBytes encodes bytes; none are absent.
func appendBytes(b []byte, field protowire.Number, v []byte) []byte {
	if len(v) == 0 {
		return b
	}
	return appendMessage(b, field, v)
}

// appendMessage encodes an encoded message; an empty one is there too.
func appendMessage(b []byte, field protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), v)
}
