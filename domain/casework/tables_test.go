package casework_test

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"onedoor/domain"
	"onedoor/domain/casework"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
)

// These lists were written from the field's description, by state and by role, without the tables: what is done in a state,
// where it leads, and what each role does.
var stepsByState = map[string]string{
	"dispute": `
new:        register>REGISTERED resolve>CLOSED accept>ACCEPTED
REGISTERED: resolve>CLOSED accept>ACCEPTED decline>DECLINED transfer report-police join refuse>REFUSED escalate supervise follow-up close>CLOSED note
ACCEPTED:   resolve>CLOSED transfer report-police triage>TRIAGED join refuse>REFUSED extend pause resume escalate supervise follow-up close>CLOSED note
TRIAGED:    transfer report-police triage>TRIAGED assign>ASSIGNED join refuse>REFUSED extend pause resume escalate supervise follow-up note
ASSIGNED:   transfer report-police triage>TRIAGED join return>TRIAGED handle>HANDLING refuse>REFUSED extend pause resume escalate supervise follow-up note
HANDLING:   transfer report-police triage>TRIAGED assign>ASSIGNED join return>TRIAGED mediate agree>AGREED fail>FAILED refuse>REFUSED extend pause resume escalate supervise follow-up note
FAILED:     transfer report-police triage>TRIAGED join handle>HANDLING escalate supervise follow-up close>CLOSED note
AGREED:     transfer report-police join handle>HANDLING perform>PERFORMING confirm escalate supervise follow-up call-back verify>VERIFIED note
REFUSED:    transfer report-police triage>TRIAGED join escalate supervise follow-up close>CLOSED note
PERFORMING: transfer report-police join handle>HANDLING confirm escalate supervise follow-up call-back verify>VERIFIED note
VERIFIED:   transfer report-police join confirm escalate supervise follow-up call-back close>CLOSED note
DECLINED:   archive>ARCHIVED note
CLOSED:     confirm follow-up call-back reopen>REOPENED archive>ARCHIVED note
REOPENED:   transfer report-police triage>TRIAGED assign>ASSIGNED join handle>HANDLING extend pause resume escalate supervise follow-up close>CLOSED note
ARCHIVED:`,
	"hazard": `
new:         find>FOUND fix>RECTIFIED notify>NOTIFIED hand-over>HANDED_OVER
FOUND:       fix>RECTIFIED rule notify>NOTIFIED rectify>RECTIFIED hand-over>HANDED_OVER
NOTIFIED:    rule rectify>RECTIFIED hand-over>HANDED_OVER recheck>RECHECKED
RECTIFIED:   rule hand-over>HANDED_OVER recheck>RECHECKED recheck-fails>NOTIFIED recur>RECURRED
HANDED_OVER: rule acknowledge send-back>NOTIFIED close>CLOSED
RECHECKED:   close>CLOSED recur>RECURRED
CLOSED:      recur>RECURRED
RECURRED:    rule notify>NOTIFIED rectify>RECTIFIED hand-over>HANDED_OVER`,
	"task": `
new:       make>MADE
MADE:      deliver>DELIVERED open>OPENED return>RETURNED done>DONE
DELIVERED: open>OPENED return>RETURNED done>DONE make-again>MADE
OPENED:    return>RETURNED done>DONE make-again>MADE
RETURNED:  make-again>MADE
DONE:`,
}

// A step with ! needs the relation handler, one with ^ that of the first receiver.
var stepsByRole = map[string]string{
	"dispute": `
grid_worker:     register resolve report-police return! handle! mediate! agree! fail! refuse! perform! confirm! pause! resume! follow-up close! note
police_officer:  register resolve report-police return! handle! mediate! agree! fail! refuse! perform! confirm! pause! resume! follow-up close! note join^
community_staff: register resolve report-police return! handle! mediate! agree! fail! refuse! perform! confirm! pause! resume! follow-up close! note join^
reception:       register resolve accept decline transfer report-police refuse confirm call-back verify close reopen note
dispatcher:      register resolve accept decline transfer report-police triage assign join return handle mediate agree fail refuse perform confirm extend pause resume escalate supervise follow-up call-back verify close reopen archive note
mediator:        register resolve report-police return! handle! mediate! agree! fail! refuse! perform! confirm! pause! resume! follow-up! close! note
department:      report-police return handle mediate agree fail refuse perform confirm pause resume follow-up close note
street_lead:     register resolve report-police triage assign join extend escalate supervise reopen archive note
psychologist:    mediate! follow-up! note!
lawyer:          mediate! follow-up! note!
helper:
district:
auditor:
operator:`,
	"hazard": `
helper:          find fix rectify recur
grid_worker:     find fix notify rectify hand-over recheck recheck-fails recur
police_officer:  find fix rule notify rectify hand-over recheck recheck-fails close recur
community_staff: find fix rule notify rectify hand-over recheck recheck-fails close recur
department:      acknowledge send-back close
street_lead:     rule acknowledge send-back close
psychologist:
lawyer:
reception:
dispatcher:
mediator:
district:
auditor:
operator:`,
	"task": `
helper:          make deliver open return done make-again
grid_worker:     make deliver open return done make-again
police_officer:  make deliver open return done make-again
community_staff: make deliver open return done make-again
reception:       make deliver open return done make-again
dispatcher:      make deliver open return done make-again
mediator:        make deliver open return done make-again
department:      make deliver open return done make-again
street_lead:     make deliver open return done make-again
psychologist:    open! return! done!
lawyer:          open! return! done!
district:
auditor:
operator:`,
}

var tables = []casework.Table{casework.Disputes, casework.Hazards, casework.Tasks}

// lines reads a list of names, each with words.
func lines(t *testing.T, text string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, words, ok := strings.Cut(line, ":")
		if !ok || out[name] != nil {
			t.Fatalf("line %q", line)
		}
		out[name] = strings.Fields(words)
	}
	return out
}

func TestTables_EveryStepInEveryStateIsAsTheFieldSays(t *testing.T) {
	for _, table := range tables {
		list := lines(t, stepsByState[table.Name])
		if len(list) != len(table.States)+1 {
			t.Errorf("%s: the list has %d states, the table %d and a new record", table.Name, len(list), len(table.States))
		}
		for state := casework.State(0); int(state) <= len(table.States); state++ {
			name := "new"
			if state > 0 {
				name = table.States[state-1].Name
			}
			var got []string
			for i := range table.Steps {
				step := &table.Steps[i]
				if !step.Leads(state) {
					continue
				}
				word := step.Name
				if step.To != 0 {
					word += ">" + table.States[step.To-1].Name
				}
				got = append(got, word)
			}
			want, known := list[name]
			slices.Sort(got)
			slices.Sort(want)
			if !known || !slices.Equal(got, want) {
				t.Errorf("%s %s:\n got %v\nwant %v", table.Name, name, got, want)
			}
		}
	}
}

func TestTables_EveryRoleTakesTheStepsThatTheFieldGivesIt(t *testing.T) {
	me, other := domain.ID{1}, domain.ID{2}
	strangers := casework.People{RegisteredBy: other, Mediator: other, Participants: []domain.ID{other}}
	first, mediator, joined := strangers, strangers, strangers
	first.RegisteredBy, mediator.Mediator, joined.Participants = me, me, []domain.ID{other, me}
	for _, table := range tables {
		list := lines(t, stepsByRole[table.Name])
		for _, role := range domain.Roles() {
			words, known := list[role.String()]
			if !known {
				t.Errorf("%s: the list has no %s", table.Name, role)
			}
			for i := range table.Steps {
				step, actor := &table.Steps[i], casework.Actor{User: me, Roles: []domain.Role{role}}
				free, handler := slices.Contains(words, step.Name), slices.Contains(words, step.Name+"!")
				receiver := slices.Contains(words, step.Name+"^")
				for _, c := range []struct {
					as     string
					people casework.People
					want   bool
				}{
					{"a stranger", strangers, free}, {"the first receiver", first, free || receiver},
					{"the mediator", mediator, free || handler}, {"a participant", joined, free || handler},
				} {
					if got := step.May(actor, c.people); got != c.want {
						t.Errorf("%s: %s, %s, may %s: %v, want %v", table.Name, role, c.as, step.Name, got, c.want)
					}
				}
			}
		}
	}
}

func TestMay_NobodyIsTheMediatorOfACaseWithoutOne(t *testing.T) {
	step, _ := casework.Disputes.Step("agree")
	if step.May(casework.Actor{Roles: []domain.Role{domain.RoleMediator}}, casework.People{}) {
		t.Error("somebody without an id counts as the mediator of a case without one")
	}
}

func TestTables_SayOfStatesWhatTheProtoOptionsSay(t *testing.T) {
	for i, c := range []struct {
		states protoreflect.EnumDescriptor
		prefix string
	}{
		{recordv1.DisputeState(0).Descriptor(), "DISPUTE_STATE_"},
		{recordv1.HazardState(0).Descriptor(), "HAZARD_STATE_"},
		{recordv1.TaskState(0).Descriptor(), "TASK_STATE_"},
	} {
		table := tables[i]
		if c.states.Values().Len() != len(table.States)+1 {
			t.Fatalf("%s has %d states, the enum %d", table.Name, len(table.States), c.states.Values().Len()-1)
		}
		for n, state := range table.States {
			value := c.states.Values().ByNumber(protoreflect.EnumNumber(n + 1))
			rules := proto.GetExtension(value.Options(), recordv1.E_State).(*recordv1.StateRules)
			var from []int32
			for _, step := range table.Steps {
				for _, f := range step.From {
					if step.To == state.State && f != step.To && !slices.Contains(from, int32(f)) {
						from = append(from, int32(f))
					}
				}
			}
			slices.Sort(from)
			want := slices.Clone(rules.GetFrom())
			slices.Sort(want)
			if string(value.Name()) != c.prefix+state.Name || int(state.State) != n+1 ||
				rules.GetPrecedence() != state.Precedence || !slices.Equal(from, want) {
				t.Errorf("%s %s: state %d, precedence %d, from %v; the enum's %s has %d, %v", table.Name, state.Name, state.State,
					state.Precedence, from, value.Name(), rules.GetPrecedence(), want)
			}
		}
	}
}

func TestEvents_AreThoseOfTheProtoEnum(t *testing.T) {
	values := recordv1.CaseEventKind(0).Descriptor().Values()
	if values.Len() != len(casework.EventKinds())+1 {
		t.Errorf("%d kinds, the enum has %d", len(casework.EventKinds()), values.Len()-1)
	}
	for _, kind := range casework.EventKinds() {
		zh, en := kind.Words()
		if value := values.ByNumber(protoreflect.EnumNumber(kind)); value == nil ||
			string(value.Name()) != "CASE_EVENT_KIND_"+kind.Name() || zh == "" || en == "" {
			t.Errorf("kind %d: %s %s %s", kind, kind.Name(), zh, en)
		}
	}
	if casework.EventAcknowledged.Name() != "ACKNOWLEDGED" || casework.EventPaused.Name() != "PAUSED" {
		t.Error("the constants and the names are out of step")
	}
}

func TestCompareEvents_OrdersByTimeAndThenByTheWork(t *testing.T) {
	kinds := casework.EventKinds()
	slices.SortFunc(kinds, func(a, b casework.EventKind) int {
		order := casework.CompareEvents(casework.Event{What: a}, casework.Event{What: b})
		if order == 0 && a != b {
			t.Errorf("%s and %s have no order", a.Name(), b.Name())
		}
		return order
	})
	if kinds[0] != casework.EventRegistered || kinds[len(kinds)-1] != casework.EventArchived {
		t.Errorf("%v", kinds)
	}
	later := casework.Event{What: casework.EventRegistered, At: 2}
	if casework.CompareEvents(casework.Event{What: casework.EventArchived, At: 1}, later) >= 0 {
		t.Error("the work counts before the time")
	}
}

func TestAsk_SaysStateRoleAndReasonInBothLanguages(t *testing.T) {
	step, ok := casework.Disputes.Step("decline")
	if !ok {
		t.Fatal("no step decline")
	}
	got := step.Ask(casework.Disputes, casework.Handling, casework.Actor{Roles: []domain.Role{domain.RoleHelper}}, casework.People{}, " ")
	want := []domain.Complaint{
		{Field: "state", Rule: "dispute.step_from", ZH: "现在是“办理中”，不能不予受理。", EN: "it is being worked: decline is possible when it is registered"},
		{Rule: "dispute.step_who", ZH: "不予受理由受理员、分流员办理。", EN: "decline is for reception, dispatcher"},
		{Field: "text", Rule: "dispute.step_reason", ZH: "不予受理请写明原因。", EN: "decline needs a reason"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	reception := casework.Actor{Roles: []domain.Role{domain.RoleReception}}
	if got := step.Ask(casework.Disputes, casework.Registered, reception, casework.People{}, "不属于本中心"); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestOpen_OffersWhatMayBeDone(t *testing.T) {
	var names []string
	for _, step := range casework.Disputes.Open(casework.Registered, casework.Actor{Roles: []domain.Role{domain.RoleReception}}, casework.People{}) {
		names = append(names, step.Name)
	}
	if got := strings.Join(names, " "); got != "resolve accept decline transfer report-police refuse close note" {
		t.Errorf("%s", got)
	}
}

func TestAskHazard_AsksWhatTheStepNeeds(t *testing.T) {
	handed := casework.Event{What: casework.EventHandedOver, At: 10}
	taken := casework.Event{What: casework.EventAcknowledged, At: 20}
	again := casework.Event{What: casework.EventHandedOver, At: 30}
	for _, c := range []struct {
		step  string
		from  casework.State
		facts casework.HazardFacts
		want  string
	}{
		{"fix", 0, casework.HazardFacts{}, "hazard.needs_visit"},
		{"fix", casework.Found, casework.HazardFacts{Visit: domain.ID{1}}, ""},
		{"rule", casework.Found, casework.HazardFacts{}, "hazard.needs_severity"},
		{"rule", casework.HandedOver, casework.HazardFacts{SeverityRuled: domain.SeverityMajor}, ""},
		{"notify", casework.Found, casework.HazardFacts{}, "hazard.needs_date"},
		{"notify", casework.Found, casework.HazardFacts{Deadline: 1}, ""},
		{"hand-over", casework.Found, casework.HazardFacts{HandedOverTo: " "}, "hazard.needs_department"},
		{"hand-over", casework.Found, casework.HazardFacts{HandedOverTo: "消防救援大队"}, ""},
		{"close", casework.Rechecked, casework.HazardFacts{}, ""},
		{"close", casework.HandedOver, casework.HazardFacts{Events: []casework.Event{handed}}, "hazard.needs_acknowledgement"},
		{"close", casework.HandedOver, casework.HazardFacts{Events: []casework.Event{handed, taken}}, ""},
		{"close", casework.HandedOver, casework.HazardFacts{Events: []casework.Event{handed, taken, again}}, "hazard.needs_acknowledgement"},
	} {
		step, ok := casework.Hazards.Step(c.step)
		if !ok {
			t.Fatalf("no step %s", c.step)
		}
		var got []string
		for _, complaint := range casework.AskHazard(step, c.from, c.facts) {
			got = append(got, complaint.Rule)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s %+v: %v, want %q", c.step, c.facts, got, c.want)
		}
	}
}

func TestTables_EveryNeedIsARuleThatIsAsked(t *testing.T) {
	kinds := []domain.Kind{domain.KindDispute, domain.KindHazard, domain.KindTask}
	own := []string{casework.NeedPolicy, casework.NeedPause, casework.NeedAcknowledgement, casework.NeedDate,
		casework.NeedDepartment, casework.NeedVisit, casework.NeedSeverity}
	for i, table := range tables {
		rules := append(domain.RulesOf(kinds[i]), own...)
		for _, step := range table.Steps {
			for _, need := range step.Needs {
				if !slices.Contains(rules, need) {
					t.Errorf("%s %s needs %s, which nobody asks", table.Name, step.Name, need)
				}
			}
		}
	}
}
