package pagerecord

import (
	"google.golang.org/protobuf/encoding/protowire"
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
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), v)
}
