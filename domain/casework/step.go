package casework

import (
	"fmt"
	"slices"
	"strings"

	"onedoor/domain"
)

// State is a state of a dispute, a hazard or a task; its number is that of the proto enum of the kind. Zero is no state: the
// record is to be made.
type State int32

// Relation says what somebody has to do with a case beside their role.
type Relation uint8

// The relations.
const (
	// Anyone of the role: the grant over the case's territory is enough.
	Anyone Relation = iota
	// FirstReceiver registered the case and stays responsible for it (首接负责).
	FirstReceiver
	// Handler is the mediator of the case or takes part in it.
	Handler
)

// Who is one way in which somebody may take a step.
type Who struct {
	// Role is the role they need.
	Role domain.Role
	// As is the relation they need beside it.
	As Relation
}

// anyone gives the ways of roles that need no relation to the case.
func anyone(roles ...domain.Role) []Who { return as(Anyone, roles...) }

func as(relation Relation, roles ...domain.Role) []Who {
	out := make([]Who, len(roles))
	for i, role := range roles {
		out[i] = Who{Role: role, As: relation}
	}
	return out
}

// Step is one thing that may be done to a case.
type Step struct {
	// Name is the step's name on the command line, such as "call-back".
	Name string
	// ZH and EN name it for people.
	ZH, EN string
	// From lists the states in which it may be taken; 0 stands for a case that it makes.
	From []State
	// To is the state it leads to; 0 leaves the state as it is.
	To State
	// Who lists the ways to be allowed it.
	Who []Who
	// Reason says that it needs a text that says why.
	Reason bool
	// Event is what it leaves on the timeline; 0 leaves nothing.
	Event EventKind
	// Needs names the preconditions of package domain that the state it leads to brings, and those asked here.
	Needs []string
	// Source is the article or standard that the step follows; empty for a rule of the project.
	Source string
}

// Actor is somebody who wants to take a step.
type Actor struct {
	// User is their id.
	User domain.ID
	// Roles are their roles over the case's territory.
	Roles []domain.Role
}

// People are the people of a case.
type People struct {
	// RegisteredBy is the first receiver.
	RegisteredBy domain.ID
	// Mediator is who works the case; zero for nobody.
	Mediator domain.ID
	// Participants are those who joined it by role.
	Participants []domain.ID
}

// has reports whether a user stands in a relation to the case.
func (p People) has(user domain.ID, relation Relation) bool {
	switch {
	case relation == Anyone:
		return true
	case user == domain.ID{}:
		return false
	case relation == FirstReceiver:
		return p.RegisteredBy == user
	}
	return p.Mediator == user || slices.Contains(p.Participants, user)
}

// May reports whether somebody may take the step on a case of these people.
func (s *Step) May(actor Actor, people People) bool {
	return slices.ContainsFunc(s.Who, func(w Who) bool {
		return slices.Contains(actor.Roles, w.Role) && people.has(actor.User, w.As)
	})
}

// Leads reports that the step may be taken from a state.
func (s *Step) Leads(from State) bool { return slices.Contains(s.From, from) }

// Ask says why somebody may not take the step from a state, with a reason text or without; nothing when they may.
func (s *Step) Ask(kind Table, from State, actor Actor, people People, reason string) []domain.Complaint {
	var out []domain.Complaint
	if !s.Leads(from) {
		zh, en := kind.StateWords(from)
		out = append(out, domain.Complaint{Field: "state", Rule: kind.Name + ".step_from",
			ZH: fmt.Sprintf("现在是“%s”，不能%s。", zh, s.ZH),
			EN: fmt.Sprintf("it is %s: %s is possible %s", en, s.Name, kind.fromWords(s))})
	}
	if !s.May(actor, people) {
		zh, en := s.whoWords()
		out = append(out, domain.Complaint{Rule: kind.Name + ".step_who",
			ZH: fmt.Sprintf("%s由%s办理。", s.ZH, zh), EN: fmt.Sprintf("%s is for %s", s.Name, en)})
	}
	if s.Reason && strings.TrimSpace(reason) == "" {
		out = append(out, domain.Complaint{Field: "text", Rule: kind.Name + ".step_reason",
			ZH: fmt.Sprintf("%s请写明原因。", s.ZH), EN: fmt.Sprintf("%s needs a reason", s.Name)})
	}
	return out
}

// whoWords says who may take the step.
func (s *Step) whoWords() (zh, en string) {
	var zhs, ens []string
	for _, w := range s.Who {
		before, behind := "", ""
		switch w.As {
		case FirstReceiver:
			before, behind = "首接的", " who registered it"
		case Handler:
			before, behind = "承办的", " who works on it"
		}
		zhs, ens = append(zhs, before+w.Role.LabelZH()), append(ens, w.Role.LabelEN()+behind)
	}
	return strings.Join(zhs, "、"), strings.Join(ens, ", ")
}

// StateName is a state with its names.
type StateName struct {
	// State is its number.
	State State
	// Name is the proto enum's value without its prefix, such as REGISTERED.
	Name string
	// ZH and EN name it for people.
	ZH, EN string
	// Precedence orders concurrent steps: the greater stands.
	Precedence int32
	// Done says that no more work is to be done in it.
	Done bool
}

// Table is all steps of one kind of case.
type Table struct {
	// Name is the kind's name, such as "dispute".
	Name string
	// States are its states in the order of their numbers, from 1.
	States []StateName
	// Steps are its steps in the order of the work.
	Steps []Step
}

// Step gives a step by its name; false when the table has none.
func (t Table) Step(name string) (*Step, bool) {
	at := slices.IndexFunc(t.Steps, func(s Step) bool { return s.Name == name })
	if at < 0 {
		return nil, false
	}
	return &t.Steps[at], true
}

// Names lists the steps.
func (t Table) Names() []string {
	out := make([]string, len(t.Steps))
	for i := range t.Steps {
		out[i] = t.Steps[i].Name
	}
	return out
}

// Open lists the steps that somebody may take on a case in a state, in the order of the work: what a screen offers.
func (t Table) Open(from State, actor Actor, people People) []*Step {
	var out []*Step
	for i := range t.Steps {
		if s := &t.Steps[i]; s.Leads(from) && s.May(actor, people) {
			out = append(out, s)
		}
	}
	return out
}

// StateWords names a state for people.
func (t Table) StateWords(s State) (zh, en string) {
	if s < 1 || int(s) > len(t.States) {
		return "未登记", "not there yet"
	}
	return t.States[s-1].ZH, t.States[s-1].EN
}

// Done reports that no more work is to be done in a state.
func (t Table) Done(s State) bool { return s >= 1 && int(s) <= len(t.States) && t.States[s-1].Done }

func (t Table) fromWords(s *Step) string {
	var out []string
	for _, from := range s.From {
		_, en := t.StateWords(from)
		out = append(out, en)
	}
	return "when it is " + strings.Join(out, ", ")
}
