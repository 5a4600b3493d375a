package recordjson

import (
	"encoding/json"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// readEnum reads a value by its short or full name in any case, or by number; a
// number without a name is one that newer software knows.
func readEnum(e protoreflect.EnumDescriptor, raw json.RawMessage) (protoreflect.Value, error) {
	if n, err := strconv.ParseInt(string(raw), 10, 32); err == nil {
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(n)), nil
	}
	text, err := readText(raw)
	if err == nil {
		if n, ok := EnumNumber(e, text); ok {
			return protoreflect.ValueOfEnum(n), nil
		}
	}
	return protoreflect.Value{}, unfit(raw, "one of "+strings.Join(EnumNames(e), ", ")+" is needed")
}

// EnumNumber finds a value by its short or full name in any case.
func EnumNumber(e protoreflect.EnumDescriptor, name string) (protoreflect.EnumNumber, bool) {
	for i := range e.Values().Len() {
		v := e.Values().Get(i)
		if strings.EqualFold(name, shortName(e, v)) || strings.EqualFold(name, string(v.Name())) {
			return v.Number(), true
		}
	}
	return 0, false
}

// EnumNames lists the short names of an enum's values but for "not told" (0).
func EnumNames(e protoreflect.EnumDescriptor) []string {
	var names []string
	for i := range e.Values().Len() {
		if v := e.Values().Get(i); v.Number() != 0 {
			names = append(names, shortName(e, v))
		}
	}
	return names
}

// EnumName gives the short name of an enum value, or its number as text. The
// number is taken as messages have it and as the engine has it.
func EnumName[N ~int32](e protoreflect.EnumDescriptor, n N) string {
	if v := e.Values().ByNumber(protoreflect.EnumNumber(n)); v != nil {
		return shortName(e, v)
	}
	return strconv.FormatInt(int64(n), 10)
}

// enumValue writes a value's short name, or the number of an unknown one.
func enumValue(e protoreflect.EnumDescriptor, n protoreflect.EnumNumber) json.RawMessage {
	if e.Values().ByNumber(n) == nil {
		return encode(int32(n))
	}
	return encode(EnumName(e, n))
}

// shortName drops what every value's name begins with: the name of the value 0
// up to UNSPECIFIED, as buf's lint has it.
func shortName(e protoreflect.EnumDescriptor, v protoreflect.EnumValueDescriptor) string {
	prefix := strings.TrimSuffix(string(e.Values().ByNumber(0).Name()), "UNSPECIFIED")
	return strings.TrimPrefix(string(v.Name()), prefix)
}
