package wire

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/syncengine"
)

// quickChange reads a change in the form that phones write it: known fields of
// their own types, each once, and a patch of no more than the record's fields.
// Whatever else a sender may write is left to the generated code, so this
// decides nothing; it spares every plain visit the generated code's copies.
type quickChange struct {
	change       *Change
	patches      *room[syncv1.Patch]
	recordID     []byte
	occurredDiff int64
	resolves     [][]byte
	// seen has a bit for each field that was there.
	seen uint32
}

// Numbers of sync.v1.Change's fields that hold bytes, and of its last field.
const (
	changeRecordID protowire.Number = 2
	changePatch    protowire.Number = 10
	changeResolves protowire.Number = 11
	changeLast     protowire.Number = 12
)

// read reports that the change was in the plain form and has been read.
func (q *quickChange) read(b []byte) bool {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 || num > changeLast || q.seen&(1<<num) != 0 {
			return false
		}
		q.seen |= 1 << num
		m, ok := 0, false
		switch typ {
		case protowire.VarintType:
			var v uint64
			v, m = protowire.ConsumeVarint(b[n:])
			ok = m >= 0 && q.number(num, v)
		case protowire.BytesType:
			var v []byte
			v, m = protowire.ConsumeBytes(b[n:])
			ok = m >= 0 && q.bytes(num, v)
		}
		if !ok {
			return false
		}
		b = b[n+m:]
	}
	return true
}

func (q *quickChange) number(num protowire.Number, v uint64) bool {
	c := q.change
	switch num {
	case 1:
		c.DeviceSeq = syncengine.DeviceSeq(v)
	case 3:
		c.Kind = syncengine.KindNumber(uint32(v))
	case 4:
		c.Create = protowire.DecodeBool(v)
	case 5:
		c.Base.Epoch = syncengine.Epoch(uint32(v))
	case 6:
		c.Base.Seq = syncengine.Seq(v)
	case 7:
		c.DeviceTime = syncengine.UnixMilli(v)
	case 8:
		q.occurredDiff = protowire.DecodeZigZag(v)
	case 9:
		c.Group = syncengine.DeviceSeq(v)
	case 12:
		c.Salted = protowire.DecodeBool(v)
	default:
		return false
	}
	return true
}

func (q *quickChange) bytes(num protowire.Number, v []byte) bool {
	switch num {
	case changeRecordID:
		q.recordID = v
	case changePatch:
		fields, ok := plainPatch(v)
		q.change.Patch = q.patches.one()
		q.change.Patch.Fields = fields
		return ok
	case changeResolves:
		q.resolves = [][]byte{v}
	default:
		return false
	}
	return true
}

// plainPatch gives the fields of a patch that is nothing but fields. They stand
// in the patch's bytes without room behind them.
func plainPatch(b []byte) (fields []byte, ok bool) {
	if len(b) == 0 {
		return nil, true
	}
	num, typ, n := protowire.ConsumeTag(b)
	if n < 0 || num != 1 || typ != protowire.BytesType {
		return nil, false
	}
	fields, m := protowire.ConsumeBytes(b[n:])
	return slices.Clip(fields), m >= 0 && n+m == len(b)
}
