package recordwords

import (
	"google.golang.org/protobuf/reflect/protoreflect"

	"onedoor/domain"
	cases "onedoor/domain/casework"
)

// Words are one thing's name in both languages.
type Words struct{ ZH, EN string }

// In gives the word of a language: English for "en", else Chinese.
func (w Words) In(lang string) string {
	if lang == "en" {
		return w.EN
	}
	return w.ZH
}

// A Choice is one value of an enum.
type Choice struct {
	Value int32
	Words
}

// List is an enum's values in the order in which people are asked for them.
type List []Choice

// Of gives the words of a value; a dash where there are none.
func (l List) Of(value int32) Words {
	for _, c := range l {
		if c.Value == value {
			return c.Words
		}
	}
	return Words{"—", "—"}
}

func choices(from int32, words ...Words) (out List) {
	for i, w := range words {
		out = append(out, Choice{from + int32(i), w})
	}
	return out
}

// Enum gives the values of an enum by its name, such as "Severity"; nil for one that this package does not know.
func Enum(name string) List { return enums[name] }

// EnumWords gives the words of a value.
func EnumWords(e protoreflect.EnumDescriptor, n protoreflect.EnumNumber) (Words, bool) {
	for _, c := range enums[string(e.Name())] {
		if c.Value == int32(n) {
			return c.Words, true
		}
	}
	return Words{}, false
}

// Field gives the words of a field by its name; a field without words keeps its name.
func Field(name string) Words {
	if w, ok := fields[name]; ok {
		return w
	}
	return Words{name, name}
}

// Kind gives the words of a kind of records by its name.
func Kind(name string) Words {
	if w, ok := kinds[name]; ok {
		return w
	}
	return Words{name, name}
}

var kinds = map[string]Words{
	"premises": {"房屋", "door"}, "visit": {"走访", "visit"}, "hazard": {"隐患", "hazard"}, "dispute": {"纠纷", "dispute"},
	"case_event": {"办案记录", "case event"}, "task": {"任务", "task"}, "attachment": {"附件", "attachment"}, "territory": {"辖区", "territory"},
	"staff": {"人员", "colleague"},
}

// stateList gives the states of a table of steps.
func stateList(t cases.Table, last int32) (out List) {
	for n := int32(1); n <= last; n++ {
		zh, en := t.StateWords(cases.State(n))
		out = append(out, Choice{n, Words{zh, en}})
	}
	return out
}

// hazardEN names the codes of hazards in English, in the order of their numbers.
var hazardEN = []string{"structure", "fire equipment", "wiring", "gas", "ways out", "e-bikes", "non-residential space let", "overcrowding",
	"living with trade", "security fittings", "lease not filed", "other"}

func hazardCodes() (out List) {
	for i, en := range hazardEN {
		out = append(out, Choice{int32(i + 1), Words{domain.HazardCode(i + 1).LabelZH(), en}})
	}
	return out
}

func clinics() (out List) {
	for _, c := range domain.Clinics() {
		zh, en := c.Words()
		out = append(out, Choice{int32(c), Words{zh, en}})
	}
	return out
}

func eventKinds(last int32) (out List) {
	for n := int32(1); n <= last; n++ {
		zh, en := cases.EventKind(n).Words()
		out = append(out, Choice{n, Words{zh, en}})
	}
	return out
}
