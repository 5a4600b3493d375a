package recordjson

import (
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"onedoor/internal/nearname"
)

// fieldNamed finds a field by its lower_snake or lowerCamel name; nil for none.
func fieldNamed(m protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	if d := m.Fields().ByName(protoreflect.Name(name)); d != nil {
		return d
	}
	return m.Fields().ByJSONName(name)
}

// noField says which names a mistaken one is like.
func noField(m protoreflect.MessageDescriptor, name string) error {
	names := make([]string, m.Fields().Len())
	for i := range names {
		names[i] = string(m.Fields().Get(i).Name())
	}
	want := "there are " + strings.Join(names, ", ")
	if near := nearname.Of(name, names); len(near) > 0 {
		want = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return &Error{Field: strconv.Quote(clip(name)), Cause: ErrField, Want: want}
}
