package wire

import (
	"slices"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// WritingAgain makes the patch that writes a value into its cell again, as a decision about a conflict does.
func WritingAgain(kind *schema.Kind, key syncengine.CellKey, data []byte, cleared bool) *syncv1.Patch {
	element := &syncv1.Element{Field: uint32(key.Field), Element: []byte(key.Key)}
	f, known := kind.Field(key.Field)
	switch {
	case key.Field == syncengine.LifeField && slices.Equal(data, syncengine.LifeWrite(true).Data):
		return &syncv1.Patch{Life: syncv1.Life_LIFE_DEAD}
	case key.Field == syncengine.LifeField:
		return &syncv1.Patch{Life: syncv1.Life_LIFE_ALIVE}
	case !cleared:
		return &syncv1.Patch{Fields: slices.Clone(data)}
	case key.Key == "":
		return &syncv1.Patch{Cleared: []uint32{uint32(key.Field)}}
	case known && f.Engine.Shape == syncengine.Set:
		return &syncv1.Patch{SetRemoved: []*syncv1.Element{element}}
	}
	return &syncv1.Patch{MapRemoved: []*syncv1.Element{element}}
}

// PuttingBack makes the patch of a decision that puts a value beside the one that stands in its place. Where the record was deleted
// meanwhile, it comes back.
func PuttingBack(kind *schema.Kind, conflict syncengine.ConflictKind, key syncengine.CellKey, data []byte, cleared bool) *syncv1.Patch {
	patch := WritingAgain(kind, key, data, cleared)
	if conflict == syncengine.DeleteEdit {
		patch.Life = syncv1.Life_LIFE_ALIVE
	}
	return patch
}
