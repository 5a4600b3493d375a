package client

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/pagerecord"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// fill completes a create with what the phone knows: the time of the edit, its
// author and first states, where the author has not told them; what the author
// clears is left empty. It returns when the thing happened, as the record says.
func fill(kind *schema.Kind, p *syncv1.Patch, user syncengine.ID, now syncengine.UnixMilli) (happened syncengine.UnixMilli, err error) {
	told := map[syncengine.FieldNumber][]byte{}
	err = pagerecord.Split(kind, p.GetFields(), func(key syncengine.CellKey, data []byte) { told[key.Field] = data })
	if err != nil {
		return 0, err
	}
	happened = now
	for _, f := range kind.Fields {
		data, ok := told[f.Engine.Number]
		switch {
		case ok && f.Rules.GetFill() == recordv1.Fill_FILL_NOW:
			happened = syncengine.UnixMilli(schema.VarintOf(data))
		case !ok && !slices.Contains(p.GetCleared(), uint32(f.Engine.Number)):
			p.Fields = appendFilled(p.Fields, f, user, now)
		}
	}
	// There is nothing to remove from a record that is not there yet.
	p.Cleared, p.SetRemoved, p.MapRemoved = nil, nil, nil
	return happened, nil
}

func appendFilled(b []byte, f *schema.Field, user syncengine.ID, now syncengine.UnixMilli) []byte {
	number := protowire.Number(f.Engine.Number)
	switch {
	case f.Rules.GetFill() == recordv1.Fill_FILL_NOW:
		return protowire.AppendVarint(protowire.AppendTag(b, number, protowire.VarintType), uint64(now))
	case f.Rules.GetFill() == recordv1.Fill_FILL_AUTHOR:
		return protowire.AppendBytes(protowire.AppendTag(b, number, protowire.BytesType), user[:])
	case f.Rules.GetInitial() != 0 && f.Desc.Kind() == protoreflect.EnumKind:
		return protowire.AppendVarint(protowire.AppendTag(b, number, protowire.VarintType), uint64(f.Rules.GetInitial()))
	}
	return b
}
