package domain

// Kind is the number of a record kind on the wire (onedoor.record.v1.Kind).
type Kind int32

// The kinds that people write. A number is never reused.
const (
	KindPremises   Kind = 1
	KindVisit      Kind = 2
	KindHazard     Kind = 3
	KindDispute    Kind = 4
	KindCaseEvent  Kind = 5
	KindTask       Kind = 6
	KindAttachment Kind = 7
)

// KindOfPremises says what kind of door it is; the zero value is not told.
type KindOfPremises int32

// The kinds of doors.
const (
	RentalUnit  KindOfPremises = 1
	Building    KindOfPremises = 2
	Hotel       KindOfPremises = 3
	Shop        KindOfPremises = 4
	MarketStall KindOfPremises = 5
	Household   KindOfPremises = 6
	OtherDoor   KindOfPremises = 7
)

// StatusMergedInto is the premises status that needs merged_into.
const StatusMergedInto = 3

// Grade is the risk of a door; the zero value is ungraded.
type Grade int32

// The grades, from low to high.
const (
	GradeGreen  Grade = 1
	GradeYellow Grade = 2
	GradeOrange Grade = 3
	GradeRed    Grade = 4
)

// PremisesUse says what goes on behind a door; the zero value is not told.
type PremisesUse int32

// UseMixed is living under one roof with trade, storage or production (三合一).
const UseMixed PremisesUse = 5

// RentalKind says how premises are let; the zero value is not let, or not told.
type RentalKind int32

// The ways of letting.
const (
	WholeLet     RentalKind = 1
	SharedLet    RentalKind = 2
	GroupLet     RentalKind = 3
	Homestay     RentalKind = 4
	HotelLetting RentalKind = 5
)

// Outcome is what came of a visit; the zero value is an attempt.
type Outcome int32

// The outcomes of a visit. All are valid results.
const (
	OutcomeSeen        Outcome = 1
	OutcomeNobody      Outcome = 2
	OutcomeRefused     Outcome = 3
	OutcomeRescheduled Outcome = 4
)

// Numbers of enum values that the preconditions look at.
const (
	// checkReturn is CHECK_RESULT_RETURN.
	checkReturn = 2
	// disputeDeclined is DISPUTE_STATE_DECLINED.
	disputeDeclined = 11
	// disputeFamily is DISPUTE_CATEGORY_FAMILY.
	disputeFamily = 1
	// taskReturned is TASK_STATE_RETURNED.
	taskReturned = 4
	// eventExtended and eventPaused are CASE_EVENT_KIND_EXTENDED and CASE_EVENT_KIND_PAUSED.
	eventExtended = 7
	eventPaused   = 18
)

// Clinic says which way of working a case gets; the zero value is not triaged.
type Clinic int32

// The clinics.
const (
	ClinicGeneral    Clinic = 1
	ClinicSpecialist Clinic = 2
	ClinicSpecial    Clinic = 3
	ClinicCommunity  Clinic = 4
)

// clinicFacts stand in the order of the clinics' numbers.
var clinicFacts = [...]struct{ name, zh, en string }{
	{"GENERAL", "普通门诊", "general clinic"}, {"SPECIALIST", "专科门诊", "specialist clinic"},
	{"SPECIAL", "特需门诊", "special clinic"}, {"COMMUNITY", "社区门诊", "community clinic"},
}

// Clinics lists the clinics in the order of their numbers.
func Clinics() []Clinic {
	return []Clinic{ClinicGeneral, ClinicSpecialist, ClinicSpecial, ClinicCommunity}
}

// String gives the name of the proto enum's value without its prefix, such as GENERAL; NONE for no clinic.
func (c Clinic) String() string {
	if c < 1 || int(c) > len(clinicFacts) {
		return "NONE"
	}
	return clinicFacts[c-1].name
}

// Words names the clinic in Chinese and English.
func (c Clinic) Words() (zh, en string) {
	if c < 1 || int(c) > len(clinicFacts) {
		return "未分诊", "no clinic"
	}
	return clinicFacts[c-1].zh, clinicFacts[c-1].en
}

// Severity says how bad a hazard is; the zero value is not judged.
type Severity int32

// The severities.
const (
	SeverityGeneral Severity = 1
	SeveritySerious Severity = 2
	SeverityMajor   Severity = 3
)

// HazardCode says what is wrong; the zero value is not told.
type HazardCode int32

// hazardCodes are the names of the codes in the order of their numbers.
var hazardCodes = [...]string{"STRUCT", "FIRE_EQ", "ELEC", "GAS", "EXIT", "EBIKE", "NONRES", "CROWD", "MIXED", "SECUR", "FILING", "OTHER"}

// ParseHazardCode reads a code's name, such as GAS; false when there is none of that name.
func ParseHazardCode(name string) (HazardCode, bool) {
	for i, code := range hazardCodes {
		if code == name {
			return HazardCode(i + 1), true
		}
	}
	return 0, false
}

// String gives the code's name, such as GAS.
func (c HazardCode) String() string {
	if c < 1 || int(c) > len(hazardCodes) {
		return "UNSPECIFIED"
	}
	return hazardCodes[c-1]
}

// hazardLabels name the codes in Chinese, in the order of their numbers.
var hazardLabels = [...]string{"房屋结构", "消防设施", "电气线路", "燃气", "生命通道", "电动自行车", "非居住空间出租或违规隔断", "群租超员", "三合一",
	"治安防范设施", "未备案", "其他"}

// LabelZH names the code in Chinese.
func (c HazardCode) LabelZH() string {
	if c < 1 || int(c) > len(hazardLabels) {
		return "未分类"
	}
	return hazardLabels[c-1]
}
