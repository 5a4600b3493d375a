package metrics

import "onedoor/domain"

// Class is one of the parts into which a figure is split: a cadence class, a hazard code, a category of disputes. It is
// the number of the part in its split.
type Class int32

// ClassAll stands for all parts together.
const ClassAll Class = -1

// Split says into which parts a figure is split.
type Split int8

// The splits.
const (
	// SplitDoors: by the cadence class of the door.
	SplitDoors Split = iota
	// SplitChecks: doors checked of those assigned to an officer, and checks passed of those decided.
	SplitChecks
	// SplitHazards: by what is wrong.
	SplitHazards
	// SplitDisputes: by category.
	SplitDisputes
	// SplitAges: by how long a case is open.
	SplitAges
	// SplitNone: in no parts.
	SplitNone
)

// The parts of SplitChecks: two measures, of which there is no sum.
const (
	ClassChecked Class = iota
	ClassPassed
)

// className is how a part is called: in files, in Chinese and in English.
type className struct{ name, zh, en string }

// classNames are the parts of each split, by their numbers.
var classNames = map[Split][]className{
	SplitDoors: {
		{"UNKNOWN", "未分类", "not told"}, {"RENTAL", "出租房", "rental"}, {"GROUP_LET", "群租房", "group-let"},
		{"MIXED", "三合一", "living with trade"}, {"HOUSEHOLD", "自住户及其他", "household, shop and other"}, {"HOTEL", "旅馆民宿", "hotel or homestay"},
	},
	SplitChecks: {{"CHECKED", "已核查房屋", "doors checked"}, {"PASSED", "核查通过", "checks passed"}},
	SplitDisputes: {
		{"UNKNOWN", "未分类", "not sorted"}, {"FAMILY", "婚姻家庭", "family"}, {"NEIGHBOUR", "邻里", "neighbours"}, {"HOUSE_PLOT", "房屋宅基地", "house plots"},
		{"CONTRACT", "合同", "contract"}, {"BUSINESS", "生产经营", "business"}, {"DAMAGES", "损害赔偿", "damages"}, {"LAND", "山林土地", "land"},
		{"DEMOLITION", "征地拆迁", "demolition"}, {"POLLUTION", "环境污染", "pollution"}, {"WAGES", "拖欠农民工工资", "unpaid wages"}, {"LABOUR", "其他劳动争议", "labour"},
		{"TOURISM", "旅游", "tourism"}, {"ECOMMERCE", "电子商务", "electronic commerce"}, {"CONSUMER", "其他消费", "consumer"}, {"MEDICAL", "医疗", "medical"},
		{"TRAFFIC", "道路交通事故", "traffic"}, {"PROPERTY", "物业", "property management"}, {"OTHER", "其他", "other"}, {"RENTAL", "房屋租赁", "letting"},
	},
	SplitAges:    {{"0-7", "7天以内", "up to 7 days"}, {"8-20", "8至20天", "8 to 20 days"}, {"21-60", "21至60天", "21 to 60 days"}, {"61+", "60天以上", "over 60 days"}},
	SplitHazards: hazardNames(),
	SplitNone:    {},
}

// hazardNames takes the parts from the codes' own names.
func hazardNames() []className {
	out := []className{{"UNKNOWN", "未分类", "not told"}}
	for code := domain.HazardCode(1); code.String() != "UNSPECIFIED"; code++ {
		out = append(out, className{code.String(), code.LabelZH(), code.String()})
	}
	return out
}

// Classes counts the parts of the split.
func (s Split) Classes() int { return len(classNames[s]) }

// Additive reports that the parts add up to the whole.
func (s Split) Additive() bool { return s != SplitChecks }

// Name gives a part's name in files; "all" for the whole.
func (s Split) Name(c Class) string { return s.named(c).name }

// Words names a part in Chinese and English.
func (s Split) Words(c Class) (zh, en string) {
	n := s.named(c)
	return n.zh, n.en
}

func (s Split) named(c Class) className {
	if c < 0 || int(c) >= len(classNames[s]) {
		return className{"all", "合计", "all"}
	}
	return classNames[s][c]
}

// Number finds a part by its name in files.
func (s Split) Number(name string) (Class, bool) {
	for i, n := range classNames[s] {
		if n.name == name {
			return Class(i), true
		}
	}
	return ClassAll, name == "all"
}

// within gives the number of a part, and the part for what is not told where software does not know the number.
func within(s Split, n int32) Class {
	if n < 0 || int(n) >= len(classNames[s]) {
		return 0
	}
	return Class(n)
}

func classOfDoor(c domain.CadenceClass) Class { return within(SplitDoors, int32(c)) }
func classOfHazard(c domain.HazardCode) Class { return within(SplitHazards, int32(c)) }
func classOfDispute(category int32) Class     { return within(SplitDisputes, category) }

// Greatest ages in days of the first three parts of SplitAges.
const (
	ageFresh domain.Days = 7
	ageUsual domain.Days = 20
	ageLong  domain.Days = 60
)

func classOfAge(age domain.Days) Class {
	switch {
	case age <= ageFresh:
		return 0
	case age <= ageUsual:
		return 1
	case age <= ageLong:
		return 2
	}
	return 3
}
