package casework

import (
	"fmt"
	"slices"
	"strings"

	"onedoor/domain"
)

// Who may take a step is asked on the phone before the step is kept, and a step that arrives is never refused for it: software of
// another make may not have asked, or asked somebody whose role was another one by then. What stands like that is flagged, for
// whoever works the case to see, until somebody who may takes the step.

// Taken is a step as it stands: what it left on the timeline or the state that it led to, and the roles in which it was taken.
type Taken struct {
	// What is the entry that it left; 0 where it is told by the state alone.
	What EventKind
	// State is the state that it led to; 0 where it is told by the entry alone.
	State State
	// At is when it was taken.
	At domain.UnixMilli
	// Roles are those that its author had over the case then; none where that cannot be told, and then it is held against nobody.
	Roles []domain.Role
	// Asked says that it was taken at a desk, where the server asks who may.
	Asked bool
}

// is reports that Taken may be a step of the table.
func (w Taken) is(s *Step) bool {
	return w.What != 0 && s.Event == w.What || w.State != 0 && s.To == w.State
}

// may tells whether Taken may be a step of the table that is for its author's roles, and else the first of those that it may be; nil
// where it is none, or the roles cannot be told. A step that is somebody's by what they have to do with the case is theirs where its
// entry stands beside the state: what they had to do with the case then is told by nothing else.
func (t Table) may(w Taken, entries []Taken) (step *Step, may bool) {
	for i := range t.Steps {
		s := &t.Steps[i]
		if w.Asked || len(w.Roles) == 0 || !w.is(s) {
			continue
		}
		told := w.What != 0 || slices.ContainsFunc(entries, func(e Taken) bool { return e.What == s.Event })
		if s.forAny(w.Roles, told) {
			return s, true
		}
		if step == nil {
			step = s
		}
	}
	return step, step == nil
}

// forAny reports that the step is for somebody of one of the roles, whatever they have to do with the case where related says so.
func (s *Step) forAny(roles []domain.Role, related bool) bool {
	return slices.ContainsFunc(s.Who, func(w Who) bool { return slices.Contains(roles, w.Role) && (related || w.As == Anyone) })
}

// Trespasses says which steps of a case stand that were taken in a role that may not. The state counts as long as it stands, but in an
// archived case; entries of the timeline count while the case is worked and nobody who may has taken the step since.
func (t Table) Trespasses(state Taken, entries []Taken) (out []domain.Complaint) {
	if t.Name == Disputes.Name && state.State == Archived {
		return nil
	}
	add := func(w Taken, step *Step) {
		if c := t.taken(w, step); !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	if step, may := t.may(state, entries); !may && !t.again(state, entries) {
		add(state, step)
	}
	if t.Done(state.State) {
		return out
	}
	for _, w := range entries {
		step, may := t.may(w, nil)
		if !may && !t.again(w, entries) {
			add(w, step)
		}
	}
	return out
}

// again reports that somebody who may has taken a step since, as an entry tells.
func (t Table) again(w Taken, entries []Taken) bool {
	return slices.ContainsFunc(t.Steps, func(s Step) bool {
		return w.is(&s) && slices.ContainsFunc(entries, func(later Taken) bool {
			_, may := t.may(later, nil)
			return s.Event != 0 && later.What == s.Event && later.At > w.At && may && (later.Asked || len(later.Roles) > 0)
		})
	})
}

// taken is the complaint about a step that was taken in a role that may not.
func (t Table) taken(w Taken, step *Step) domain.Complaint {
	var zhs, ens []string
	for _, role := range w.Roles {
		zhs, ens = append(zhs, role.LabelZH()), append(ens, role.LabelEN())
	}
	zh, en := step.whoWords()
	return domain.Complaint{
		Field: "state", Rule: t.Name + ".step_role",
		ZH: fmt.Sprintf("“%s”由%s办理，应由%s办理，请有权限的人重新办理。", step.ZH, strings.Join(zhs, "、"), zh),
		EN: fmt.Sprintf("%s was taken by %s and is for %s: have somebody who may take it", step.Name, strings.Join(ens, ", "), en),
	}
}
