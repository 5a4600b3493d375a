package recordjson

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// values reads and writes single values: a field, an element, a map's value.
type values struct{ territories Resolver }

// read reads one value; an object is merged into was, which the decoder owns.
func (v values) read(d protoreflect.FieldDescriptor, raw json.RawMessage, was protoreflect.Message) (protoreflect.Value, error) {
	switch d.Kind() {
	case protoreflect.MessageKind:
		return v.merge(d, raw, was)
	case protoreflect.EnumKind:
		return readEnum(d.Enum(), raw)
	case protoreflect.BytesKind:
		b, err := v.readBytes(d, raw)
		return protoreflect.ValueOfBytes(b), err
	case protoreflect.StringKind:
		text, err := readText(raw)
		return protoreflect.ValueOfString(text), err
	case protoreflect.BoolKind:
		var b bool
		if err := json.Unmarshal(raw, &b); err != nil || isNull(raw) {
			return protoreflect.Value{}, unfit(raw, "true or false is needed")
		}
		return protoreflect.ValueOfBool(b), nil
	}
	if rulesOf(d).GetTime() {
		return readTime(raw)
	}
	return readNumber(d, raw)
}

func rulesOf(d protoreflect.FieldDescriptor) *recordv1.FieldRules {
	rules, _ := proto.GetExtension(d.Options(), recordv1.E_Rules).(*recordv1.FieldRules)
	return rules
}

// merge reads an object over what is shown.
func (v values) merge(d protoreflect.FieldDescriptor, raw json.RawMessage, was protoreflect.Message) (protoreflect.Value, error) {
	if raw[0] != '{' {
		return protoreflect.Value{}, unfit(raw, "an object is needed")
	}
	object, err := members(raw)
	if err != nil {
		return protoreflect.Value{}, err
	}
	m, written := messageOf(d, was), map[protoreflect.FieldNumber]bool{}
	for _, member := range object {
		f := fieldNamed(m.Descriptor(), member.Name)
		if f == nil {
			return protoreflect.Value{}, noField(m.Descriptor(), member.Name)
		}
		if written[f.Number()] {
			return protoreflect.Value{}, within(string(f.Name()), &Error{Cause: ErrTwice})
		}
		written[f.Number()] = true
		if isNull(member.Value) {
			m.Clear(f)
			continue
		}
		value, err := v.read(f, member.Value, inner(m, f))
		if err != nil {
			return value, within(string(f.Name()), err)
		}
		m.Set(f, value)
	}
	return protoreflect.ValueOfMessage(m), nil
}

// messageOf gives what is shown, or an empty message.
func messageOf(d protoreflect.FieldDescriptor, was protoreflect.Message) protoreflect.Message {
	if was != nil {
		return was
	}
	t, err := protoregistry.GlobalTypes.FindMessageByName(d.Message().FullName())
	if err != nil {
		// Record messages and all within them are compiled in.
		panic("recordjson: " + err.Error())
	}
	return t.New()
}

func readText(raw json.RawMessage) (string, error) {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil || isNull(raw) {
		return "", unfit(raw, "text in quotes is needed")
	}
	return text, nil
}

// uuidChars is the length of UUID text (RFC 9562); shorter and longer forms are
// not taken for ids.
const uuidChars = 36

func readID(raw json.RawMessage) (syncengine.ID, error) {
	if text, err := readText(raw); err == nil && len(text) == uuidChars {
		if id, err := wire.ParseID(text); err == nil {
			return id, nil
		}
	}
	return syncengine.ID{}, unfit(raw, "an id is needed, as UUID text such as 01890a5d-ac96-774b-bcce-b302099a8057")
}

// readBytes reads an id, a territory by its code, or bytes.
func (v values) readBytes(d protoreflect.FieldDescriptor, raw json.RawMessage) ([]byte, error) {
	switch rulesOf(d).GetRefers() {
	case recordv1.Refers_REFERS_UNSPECIFIED:
		return readPlainBytes(d, raw)
	case recordv1.Refers_REFERS_TERRITORY:
		return v.readTerritory(raw)
	}
	id, err := readID(raw)
	return id[:], err
}

func (v values) readTerritory(raw json.RawMessage) ([]byte, error) {
	code, err := readText(raw)
	if err != nil || code == "" {
		return nil, unfit(raw, "a territory's code is needed, in quotes")
	}
	if id, ok := v.territories.TerritoryID(code); ok {
		return id[:], nil
	}
	if id, err := readID(raw); err == nil {
		return id[:], nil
	}
	return nil, &Error{Value: quote(raw), Cause: ErrTerritory, Want: "check the code, or get the newest territories"}
}

// readPlainBytes reads base64, standard or for URLs, padded or not. Hex text is
// read where it has exactly the field's greatest length: as base64 it would be
// too long for the field, so nothing reads two ways.
func readPlainBytes(d protoreflect.FieldDescriptor, raw json.RawMessage) ([]byte, error) {
	text, err := readText(raw)
	if err != nil {
		return nil, unfit(raw, "bytes in base64 are needed")
	}
	lengthMax := int(rulesOf(d).GetMaxLength())
	if b, err := hex.DecodeString(text); err == nil && lengthMax > 0 && len(b) == lengthMax {
		return b, nil
	}
	standard := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	b, err := base64.RawStdEncoding.DecodeString(standard)
	if err != nil {
		return nil, unfit(raw, fmt.Sprintf("bytes in base64 are needed, or in hex where they are %d", lengthMax))
	}
	return b, nil
}
