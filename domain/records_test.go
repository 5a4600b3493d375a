package domain_test

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"onedoor/domain"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
)

// kinds are the messages of all record kinds.
var kinds = []protoreflect.MessageDescriptor{
	(&recordv1.Premises{}).ProtoReflect().Descriptor(),
	(&recordv1.Visit{}).ProtoReflect().Descriptor(),
	(&recordv1.Hazard{}).ProtoReflect().Descriptor(),
	(&recordv1.Dispute{}).ProtoReflect().Descriptor(),
	(&recordv1.CaseEvent{}).ProtoReflect().Descriptor(),
	(&recordv1.Task{}).ProtoReflect().Descriptor(),
	(&recordv1.Attachment{}).ProtoReflect().Descriptor(),
	(&recordv1.Territory{}).ProtoReflect().Descriptor(),
	(&recordv1.Staff{}).ProtoReflect().Descriptor(),
}

func kindRules(message protoreflect.MessageDescriptor) *recordv1.KindRules {
	return proto.GetExtension(message.Options(), recordv1.E_KindRules).(*recordv1.KindRules)
}

func fieldRules(field protoreflect.FieldDescriptor) *recordv1.FieldRules {
	return proto.GetExtension(field.Options(), recordv1.E_Rules).(*recordv1.FieldRules)
}

func stateRules(value protoreflect.EnumValueDescriptor) *recordv1.StateRules {
	return proto.GetExtension(value.Options(), recordv1.E_State).(*recordv1.StateRules)
}

func TestRecords_EveryFieldStatesItsRules(t *testing.T) {
	for _, message := range kinds {
		for i := range message.Fields().Len() {
			field := message.Fields().Get(i)
			if !proto.HasExtension(field.Options(), recordv1.E_Rules) {
				t.Errorf("%s has no rules", field.FullName())
				continue
			}
			for _, fault := range ruleFaults(field, fieldRules(field)) {
				t.Errorf("%s: %s", field.FullName(), fault)
			}
		}
	}
}

// ruleFaults lists what is wrong with the rules of one field.
func ruleFaults(field protoreflect.FieldDescriptor, rules *recordv1.FieldRules) []string {
	var faults []string
	fault := func(wrong bool, what string) {
		if wrong {
			faults = append(faults, what)
		}
	}
	isText := field.Kind() == protoreflect.StringKind
	plainRepeated := field.IsList() && !rules.GetSet()
	fault(rules.GetClass() == 0, "no visibility class")
	fault(rules.GetMerge() == 0 && !rules.GetSet(), "no merge policy")
	fault(rules.GetMerge() != 0 && rules.GetSet(), "a set has no policy")
	fault(rules.GetSet() && !field.IsList(), "a set is repeated")
	fault(!field.IsList() && !field.IsMap() && !field.HasPresence(), "not optional: a patch could not send its zero")
	fault((field.IsList() || field.IsMap()) && rules.GetMaxCount() == 0, "no greatest count")
	fault(isText && rules.GetMaxLength() == 0, "no greatest length")
	fault(rules.GetTime() != strings.Contains(" occurred_at found_at registered_at accepted_at call_back_at remedies_notified_at "+
		"police_reported_at delivered_at last_seen_at at until deadline due escalated_at valid_from valid_until agreement_effective_on ", " "+string(field.Name())+" "),
		"a time that is not marked, or a mark on what is none")
	fault(rules.GetTime() && field.Kind() != protoreflect.Int64Kind, "a time is an int64")
	fault((rules.GetDue() || rules.GetFill() == recordv1.Fill_FILL_NOW) && !rules.GetTime(), "only a time is due or filled with now")
	fault(rules.GetRefers() != 0 && field.Kind() != protoreflect.BytesKind, "an id is bytes")
	fault(namesByID(rules.GetScope()) && rules.GetRefers() == 0, "a scope is an id")
	fault(rules.GetScopeValue() != 0 && rules.GetScope() != recordv1.Scope_SCOPE_ESCALATION, "a scope value without an escalation")
	fault(rules.GetRefers() == recordv1.Refers_REFERS_USER && rules.GetPerson() != recordv1.PersonData_PERSON_DATA_STAFF, "a user is staff data")
	fault(rules.GetPerson() == recordv1.PersonData_PERSON_DATA_CONTACT && rules.GetClass() != recordv1.VisibilityClass_VISIBILITY_CLASS_CONTACT,
		"a contact outside the class CONTACT")
	fault(rules.GetClass() == recordv1.VisibilityClass_VISIBILITY_CLASS_CONTACT && rules.GetRetention() == 0, "a contact that never expires")
	fault(rules.GetPerson() == recordv1.PersonData_PERSON_DATA_FREE_TEXT && isText && !plainRepeated && rules.GetRetention() == 0,
		"a free text that never expires")
	fault(rules.GetPerson() == recordv1.PersonData_PERSON_DATA_FREE_TEXT && isText && !domain.HasLabel(string(field.Name())),
		"a free text without a name for Chinese sentences")
	fault(rules.GetInitial() != 0 && (field.Enum() == nil || field.Enum().Values().ByNumber(protoreflect.EnumNumber(rules.GetInitial())) == nil),
		"initial is no value of the enum")
	fault(rules.GetListState() && field.Enum() == nil, "a listed state is an enum")
	return faults
}

// namesByID reports a scope that names something by its id; the others say yes, or name departments.
func namesByID(s recordv1.Scope) bool {
	switch s {
	case recordv1.Scope_SCOPE_TERRITORY, recordv1.Scope_SCOPE_PARENT, recordv1.Scope_SCOPE_USER, recordv1.Scope_SCOPE_RECUSAL:
		return true
	}
	return false
}

func TestRecords_KindsNameTheirRolesAndLeastInput(t *testing.T) {
	seen := map[recordv1.Kind]bool{}
	for _, message := range kinds {
		rules := kindRules(message)
		if rules.GetKind() == 0 || seen[rules.GetKind()] {
			t.Errorf("%s: kind number %d is missing or taken", message.Name(), rules.GetKind())
		}
		seen[rules.GetKind()] = true
		for _, name := range rules.GetRequireAny() {
			if message.Fields().ByName(protoreflect.Name(name)) == nil {
				t.Errorf("%s: require_any names no field %q", message.Name(), name)
			}
		}
		for _, role := range rules.GetWrite() {
			if !slices.Contains(rules.GetRead(), role) {
				t.Errorf("%s: %s writes what it may not read", message.Name(), role)
			}
		}
	}
	if len(seen) != len(recordv1.Kind_name)-1 {
		t.Errorf("%d kinds have a message, %d have a number", len(seen), len(recordv1.Kind_name)-1)
	}
}

func TestRecords_DistrictAuditorAndOperatorReadNoDoors(t *testing.T) {
	for _, message := range kinds {
		rules := kindRules(message)
		name := string(message.Name())
		shared := name == "Territory" || name == "Staff"
		if slices.Contains(rules.GetRead(), recordv1.Role_ROLE_DISTRICT) != (shared || name == "Dispute") {
			t.Errorf("%s: the district reads the wrong kinds", name)
		}
		for _, role := range []recordv1.Role{recordv1.Role_ROLE_AUDITOR, recordv1.Role_ROLE_OPERATOR} {
			if slices.Contains(rules.GetRead(), role) {
				t.Errorf("%s: %s reads it", name, role)
			}
		}
		if shared && len(rules.GetWrite()) != 0 {
			t.Errorf("%s: only the server makes it", name)
		}
	}
}

func TestRecords_HelpersGetNoContactPoliceFieldOrCase(t *testing.T) {
	classes := (recordv1.VisibilityClass(0)).Descriptor().Values()
	for _, message := range kinds {
		if !slices.Contains(kindRules(message).GetRead(), recordv1.Role_ROLE_HELPER) {
			continue
		}
		for i := range message.Fields().Len() {
			field := message.Fields().Get(i)
			class := classes.ByNumber(protoreflect.EnumNumber(fieldRules(field).GetClass()))
			roles := proto.GetExtension(class.Options(), recordv1.E_Class).(*recordv1.ClassRules)
			hidden := strings.Contains(string(field.Name()), "contact") || strings.HasPrefix(string(field.Name()), "police_") || field.Name() == "detail"
			if hidden == slices.Contains(roles.GetRead(), recordv1.Role_ROLE_HELPER) {
				t.Errorf("%s: hidden from helpers should be %v", field.FullName(), hidden)
			}
		}
	}
}

func TestRecords_EveryStateIsReachedByDeclaredSteps(t *testing.T) {
	for _, message := range kinds {
		for i := range message.Fields().Len() {
			field := message.Fields().Get(i)
			if fieldRules(field).GetMerge() != recordv1.MergePolicy_MERGE_POLICY_STATES {
				continue
			}
			reached, precedences := reachable(field.Enum())
			for number := range field.Enum().Values().Len() {
				if !reached[int32(number)] {
					t.Errorf("%s: no way leads to state %d", field.FullName(), number)
				}
			}
			if len(precedences) != field.Enum().Values().Len()-1 {
				t.Errorf("%s: two states share a precedence", field.FullName())
			}
			first := field.Enum().Values().ByNumber(protoreflect.EnumNumber(fieldRules(field).GetInitial()))
			if !slices.Contains(stateRules(first).GetFrom(), 0) {
				t.Errorf("%s: a new record may not begin in its initial state", field.FullName())
			}
		}
	}
}

// reachable follows the declared steps from a new record, and collects the precedences.
func reachable(states protoreflect.EnumDescriptor) (reached map[int32]bool, precedences map[int32]bool) {
	reached, precedences = map[int32]bool{0: true}, map[int32]bool{}
	for range states.Values().Len() {
		for i := 1; i < states.Values().Len(); i++ {
			rules := stateRules(states.Values().Get(i))
			precedences[rules.GetPrecedence()] = true
			if slices.ContainsFunc(rules.GetFrom(), func(from int32) bool { return reached[from] }) {
				reached[int32(states.Values().Get(i).Number())] = true
			}
		}
	}
	return reached, precedences
}

func TestRecords_PrecedenceOfStates(t *testing.T) {
	for _, c := range []struct {
		states protoreflect.EnumDescriptor
		prefix string
		order  string
	}{
		{recordv1.HazardState(0).Descriptor(), "HAZARD_STATE_", "found notified rectified handed_over rechecked closed recurred"},
		{recordv1.DisputeState(0).Descriptor(), "DISPUTE_STATE_", "registered accepted triaged assigned handling failed agreed " +
			"refused performing verified declined closed reopened archived"},
		{recordv1.TaskState(0).Descriptor(), "TASK_STATE_", "made delivered opened returned done"},
	} {
		before := int32(0)
		for name := range strings.FieldsSeq(c.order) {
			value := c.states.Values().ByName(protoreflect.Name(c.prefix + strings.ToUpper(name)))
			if value == nil {
				t.Fatalf("%s has no state %s", c.states.Name(), name)
			}
			if precedence := stateRules(value).GetPrecedence(); precedence <= before {
				t.Errorf("%s does not stand above the state before it", value.Name())
			} else {
				before = precedence
			}
		}
	}
}

func TestRecords_PreconditionsReadFieldsThatExist(t *testing.T) {
	reads := domain.PreconditionReads()
	for _, message := range kinds[:7] {
		for _, path := range reads[domain.Kind(kindRules(message).GetKind())] {
			in := message
			for name := range strings.SplitSeq(path, ".") {
				field := in.Fields().ByName(protoreflect.Name(name))
				if field == nil {
					t.Errorf("%s has no field %s", message.Name(), path)
					break
				}
				in = field.Message()
			}
		}
	}
}

func TestVocabulary_NumbersAreThoseOfTheRecords(t *testing.T) {
	for _, c := range []struct {
		name string
		got  int
		want protoreflect.Enum
	}{
		{"premises", int(domain.KindPremises), recordv1.Kind_KIND_PREMISES},
		{"visit", int(domain.KindVisit), recordv1.Kind_KIND_VISIT},
		{"hazard", int(domain.KindHazard), recordv1.Kind_KIND_HAZARD},
		{"dispute", int(domain.KindDispute), recordv1.Kind_KIND_DISPUTE},
		{"case event", int(domain.KindCaseEvent), recordv1.Kind_KIND_CASE_EVENT},
		{"task", int(domain.KindTask), recordv1.Kind_KIND_TASK},
		{"attachment", int(domain.KindAttachment), recordv1.Kind_KIND_ATTACHMENT},
		{"rental unit", int(domain.RentalUnit), recordv1.KindOfPremises_KIND_OF_PREMISES_RENTAL_UNIT},
		{"building", int(domain.Building), recordv1.KindOfPremises_KIND_OF_PREMISES_BUILDING},
		{"hotel", int(domain.Hotel), recordv1.KindOfPremises_KIND_OF_PREMISES_HOTEL},
		{"shop", int(domain.Shop), recordv1.KindOfPremises_KIND_OF_PREMISES_SHOP},
		{"stall", int(domain.MarketStall), recordv1.KindOfPremises_KIND_OF_PREMISES_MARKET_STALL},
		{"household", int(domain.Household), recordv1.KindOfPremises_KIND_OF_PREMISES_HOUSEHOLD},
		{"other door", int(domain.OtherDoor), recordv1.KindOfPremises_KIND_OF_PREMISES_OTHER},
		{"merged into", domain.StatusMergedInto, recordv1.PremisesStatus_PREMISES_STATUS_MERGED_INTO},
		{"green", int(domain.GradeGreen), recordv1.Grade_GRADE_GREEN},
		{"yellow", int(domain.GradeYellow), recordv1.Grade_GRADE_YELLOW},
		{"orange", int(domain.GradeOrange), recordv1.Grade_GRADE_ORANGE},
		{"red", int(domain.GradeRed), recordv1.Grade_GRADE_RED},
		{"mixed use", int(domain.UseMixed), recordv1.PremisesUse_PREMISES_USE_MIXED},
		{"whole let", int(domain.WholeLet), recordv1.RentalKind_RENTAL_KIND_WHOLE_LET},
		{"shared let", int(domain.SharedLet), recordv1.RentalKind_RENTAL_KIND_SHARED_LET},
		{"group let", int(domain.GroupLet), recordv1.RentalKind_RENTAL_KIND_GROUP_LET},
		{"homestay", int(domain.Homestay), recordv1.RentalKind_RENTAL_KIND_HOMESTAY},
		{"hotel letting", int(domain.HotelLetting), recordv1.RentalKind_RENTAL_KIND_HOTEL},
		{"rental class", int(domain.CadenceRental), recordv1.CadenceClass_CADENCE_CLASS_RENTAL},
		{"group-let class", int(domain.CadenceGroupLet), recordv1.CadenceClass_CADENCE_CLASS_GROUP_LET},
		{"mixed class", int(domain.CadenceMixed), recordv1.CadenceClass_CADENCE_CLASS_MIXED},
		{"household class", int(domain.CadenceHousehold), recordv1.CadenceClass_CADENCE_CLASS_HOUSEHOLD},
		{"hotel class", int(domain.CadenceHotel), recordv1.CadenceClass_CADENCE_CLASS_HOTEL},
		{"seen", int(domain.OutcomeSeen), recordv1.VisitOutcome_VISIT_OUTCOME_SEEN},
		{"nobody", int(domain.OutcomeNobody), recordv1.VisitOutcome_VISIT_OUTCOME_NOBODY},
		{"refused", int(domain.OutcomeRefused), recordv1.VisitOutcome_VISIT_OUTCOME_REFUSED},
		{"rescheduled", int(domain.OutcomeRescheduled), recordv1.VisitOutcome_VISIT_OUTCOME_RESCHEDULED},
		{"return", domain.CheckReturn, recordv1.CheckResult_CHECK_RESULT_RETURN},
		{"declined", domain.DisputeDeclined, recordv1.DisputeState_DISPUTE_STATE_DECLINED},
		{"family", domain.DisputeFamily, recordv1.DisputeCategory_DISPUTE_CATEGORY_FAMILY},
		{"returned", domain.TaskReturned, recordv1.TaskState_TASK_STATE_RETURNED},
	} {
		if c.got != int(c.want.Number()) {
			t.Errorf("%s is %d here and %d in the records", c.name, c.got, c.want.Number())
		}
	}
}

func TestVocabulary_RolesAndLevelsAreThoseOfTheRecords(t *testing.T) {
	roles := recordv1.Role(0).Descriptor().Values()
	if len(domain.Roles()) != roles.Len()-1 {
		t.Errorf("%d roles here, %d in the records", len(domain.Roles()), roles.Len()-1)
	}
	for _, role := range domain.Roles() {
		value := roles.ByName(protoreflect.Name("ROLE_" + strings.ToUpper(role.String())))
		if value == nil || int32(value.Number()) != int32(role) {
			t.Errorf("%s: the records have no such role under %d", role, role)
			continue
		}
		if rank := proto.GetExtension(value.Options(), recordv1.E_Rank).(int32); rank != int32(role.Rank()) {
			t.Errorf("%s ranks %d here and %d in the records", role, role.Rank(), rank)
		}
	}
	levels := recordv1.TerritoryLevel(0).Descriptor().Values()
	for level := domain.Province; level <= domain.Microgrid; level++ {
		value := levels.ByName(protoreflect.Name("TERRITORY_LEVEL_" + strings.ToUpper(level.String())))
		if value == nil || int32(value.Number()) != int32(level) {
			t.Errorf("%s: the records have no such level under %d", level, level)
		}
	}
}
