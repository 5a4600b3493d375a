package recordjson

import (
	"encoding/json"
	"strconv"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// Value writes the value of one cell, given in the record message's encoding,
// tags included: of a set its element, of a map the value under the key, of the
// life cell ALIVE or DEAD. A cleared cell is null. What this software cannot
// read, such as a field of newer software, is the data in base64. kind is nil
// where the kind is not known.
func Value(kind *schema.Kind, key syncengine.CellKey, data []byte, cleared bool, r Resolver) json.RawMessage {
	switch {
	case cleared:
		return encode(nil)
	case key.Field == syncengine.LifeField:
		return lifeValue(data)
	}
	f, known := fieldOf(kind, key)
	if !known {
		return encode(data)
	}
	m := kind.Type.New()
	if err := proto.Unmarshal(data, m.Interface()); err != nil || !m.Has(f.Desc) {
		return encode(data)
	}
	return values{r}.cell(f, m.Get(f.Desc))
}

func fieldOf(kind *schema.Kind, key syncengine.CellKey) (*schema.Field, bool) {
	if kind == nil {
		return nil, false
	}
	return kind.Field(key.Field)
}

func lifeValue(data []byte) json.RawMessage {
	switch string(data) {
	case string(syncengine.LifeWrite(true).Data):
		return encode("DEAD")
	case string(syncengine.LifeWrite(false).Data):
		return encode("ALIVE")
	}
	return encode(data)
}

// cell writes the one element or entry of a set's or map's cell, and all of a
// field that is one cell.
func (v values) cell(f *schema.Field, value protoreflect.Value) json.RawMessage {
	switch {
	case f.Engine.Shape == syncengine.Set && value.List().Len() == 1:
		return v.single(f.Desc, value.List().Get(0))
	case f.Engine.Shape == syncengine.Map && value.Map().Len() == 1:
		var out json.RawMessage
		value.Map().Range(func(_ protoreflect.MapKey, entry protoreflect.Value) bool {
			out = v.single(f.Desc.MapValue(), entry)
			return false
		})
		return out
	}
	return v.field(f.Desc, value)
}

// CellName gives the name under which a cell is shown: the field's, of a map
// with its key (contributions.<key>) and of a set with its element
// (premises_ids.<id>), life for the life cell, and field_<number> for what this
// software does not know. kind is nil where the kind is not known.
func CellName(kind *schema.Kind, key syncengine.CellKey, r Resolver) string {
	if key.Field == syncengine.LifeField {
		return "life"
	}
	f, known := fieldOf(kind, key)
	if !known {
		return "field_" + strconv.FormatUint(uint64(key.Field), 10)
	}
	switch f.Engine.Shape {
	case syncengine.Map:
		return f.Name + "." + key.Key
	case syncengine.Set:
		if f.Desc.Kind() == protoreflect.BytesKind {
			return f.Name + "." + values{r}.bytesText(f.Desc, []byte(key.Key))
		}
		return f.Name + "." + key.Key
	}
	return f.Name
}
