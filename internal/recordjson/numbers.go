package recordjson

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// readNumber reads a whole number, in quotes too, as protobuf's JSON form does.
func readNumber(d protoreflect.FieldDescriptor, raw json.RawMessage) (protoreflect.Value, error) {
	text, ok := decimal(raw)
	bits, signed := numberType(d.Kind())
	if signed {
		n, err := strconv.ParseInt(text, 10, bits)
		if !ok || err != nil {
			return protoreflect.Value{}, unfit(raw, fmt.Sprintf("a whole number from %d to %d is needed",
				int64(math.MinInt64)>>(64-bits), int64(math.MaxInt64)>>(64-bits)))
		}
		if bits == 32 {
			return protoreflect.ValueOfInt32(int32(n)), nil
		}
		return protoreflect.ValueOfInt64(n), nil
	}
	n, err := strconv.ParseUint(text, 10, bits)
	if !ok || err != nil {
		return protoreflect.Value{}, unfit(raw, fmt.Sprintf("a whole number from 0 to %d is needed",
			uint64(math.MaxUint64)>>(64-bits)))
	}
	if bits == 32 {
		return protoreflect.ValueOfUint32(uint32(n)), nil
	}
	return protoreflect.ValueOfUint64(n), nil
}

// numberType gives the width of a whole number. Records have no other numbers: a
// fraction that is rounded twice is not the number that was written.
func numberType(k protoreflect.Kind) (bits int, signed bool) {
	switch k {
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return 32, true
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return 64, true
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return 32, false
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return 64, false
	}
	panic("recordjson: fields of type " + k.String() + " have no JSON form")
}

// decimal gives the digits of a JSON number, out of quotes, with a point or
// exponent worked out where the number is whole (1e3, 2.0).
func decimal(raw json.RawMessage) (string, bool) {
	text := string(raw)
	if raw[0] == '"' && json.Unmarshal(raw, &text) != nil {
		return "", false
	}
	var n json.Number
	if json.Unmarshal([]byte(text), &n) != nil || string(n) != text {
		return "", false
	}
	if !strings.ContainsAny(text, ".eE") {
		return text, true
	}
	return whole(text)
}

// whole works out a number with a point or an exponent.
func whole(text string) (string, bool) {
	// charsMax and exponentCharsMax (e-99) have room for any 64-bit number and keep
	// the work small: a million digits are a short text too.
	const charsMax, exponentCharsMax = 64, 4
	if len(text) > charsMax {
		return "", false
	}
	if i := strings.IndexAny(text, "eE"); i >= 0 && len(text)-i > exponentCharsMax {
		return "", false
	}
	n, ok := new(big.Rat).SetString(text)
	if !ok || !n.IsInt() {
		return "", false
	}
	return n.Num().String(), true
}
