package replay

import (
	"encoding/hex"
	"fmt"
	"strconv"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// cell is one field of a record, one key of a map field, or one element of a set.
type cell struct{ field, key string }

// cellValue is a cell with a value as text. Ids are told by name: records by
// their key, people by their seat, places by their code, so that a plan can
// predict them before they exist.
type cellValue struct {
	cell
	value string
}

// inSet is the value of an element that is in a set.
const inSet = "in"

// Fields that the plan writes by name.
const (
	fieldRegisteredBy  = "registered_by"
	fieldOccurredAt    = "occurred_at"
	fieldContributions = "contributions"
	fieldTerritory     = "territory"
	fieldState         = "state"
	fieldNote          = "note"
	fieldChecklist     = "checklist"
)

// valuesOf gives what a change writes, with what a phone fills in by itself.
func valuesOf(c *Change, author string) []cellValue {
	out := messageValues(c.Message, nil)
	for _, r := range c.Refs {
		out = append(out, refValue(r))
	}
	if c.Territory != "" {
		out = append(out, cellValue{cell{fieldTerritory, ""}, placeName(string(c.Territory))})
	}
	if c.Contribution != "" {
		out = append(out, cellValue{cell{fieldContributions, author}, c.Contribution})
	}
	if c.Create && c.Key.Kind != recordv1.Kind_KIND_PREMISES {
		out = append(out, cellValue{cell{fieldRegisteredBy, ""}, author})
	}
	return out
}

func refValue(r Ref) cellValue {
	if r.Field == "premises_ids" {
		return cellValue{cell{r.Field, r.Target.String()}, inSet}
	}
	return cellValue{cell{r.Field, ""}, r.Target.String()}
}

// namer gives the name of what an id stands for; the id as hexadecimal text when
// it knows none.
type namer func(syncengine.ID) string

// messageValues gives the cells of a record message, in no order.
func messageValues(m proto.Message, name namer) []cellValue {
	var out []cellValue
	m.ProtoReflect().Range(func(d protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		field := string(d.Name())
		switch {
		case d.IsMap():
			v.Map().Range(func(k protoreflect.MapKey, element protoreflect.Value) bool {
				out = append(out, cellValue{cell{field, nameOfKey(k.String(), name)}, text(d.MapValue(), element, name)})
				return true
			})
		case d.IsList() && field == "premises_ids":
			for i := range v.List().Len() {
				out = append(out, cellValue{cell{field, text(d, v.List().Get(i), name)}, inSet})
			}
		case d.IsList():
			all := make([]string, v.List().Len())
			for i := range all {
				all[i] = text(d, v.List().Get(i), name)
			}
			out = append(out, cellValue{cell{field, ""}, fmt.Sprintf("%q", all)})
		default:
			out = append(out, cellValue{cell{field, ""}, text(d, v, name)})
		}
		return true
	})
	return out
}

// nameOfKey names what a map key stands for, where it is an id.
func nameOfKey(key string, name namer) string {
	if id, err := wire.ParseID(key); err == nil && name != nil {
		return name(id)
	}
	return key
}

// text writes one value as text.
func text(d protoreflect.FieldDescriptor, v protoreflect.Value, name namer) string {
	switch d.Kind() {
	case protoreflect.EnumKind:
		return strconv.Itoa(int(v.Enum()))
	case protoreflect.MessageKind:
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(v.Message().Interface())
		assert(err == nil, "marshal %s: %v", d.FullName(), err)
		return hex.EncodeToString(b)
	case protoreflect.BytesKind:
		if id, ok := syncengine.IDFromBytes(v.Bytes()); ok && name != nil {
			return name(id)
		}
		return hex.EncodeToString(v.Bytes())
	}
	return v.String()
}

// placeName names a territory.
func placeName(code string) string { return "place " + code }

// personOf names the phone of a seat.
func personOf(phone PhoneIndex) string {
	if phone == register {
		return "register"
	}
	return fmt.Sprintf("phone %d", int(phone))
}
