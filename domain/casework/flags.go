package casework

import (
	"slices"

	"onedoor/domain"
)

// A flag says that a step stands which lacked something: it was taken on a phone of other software, beside somebody else's, or
// past what the policy grants. Nothing is refused by it and nothing is stored: flags are read from the case as it stands, so that
// phone and server show the same ones, and one is gone when what it names was made good.
//
// What the record's fields lack says domain.Lacks; this is what the timeline and the policy say.

// flagged are the rules of Allows that a step of before is held against. That a pause ran already is no fault: two may have
// paused at once.
var flagged = []string{"dispute.no_extension", "dispute.extension_days", "dispute.extensions_used", "dispute.pause_days"}

// Flags says which extensions and pauses went past the policy, each held against what the timeline had held before it. Those of
// before the case went to its present clinic were granted by another one's row.
func (m *Matter) Flags(rules Rules) (out []domain.Complaint) {
	events := slices.Clone(m.Events)
	slices.SortStableFunc(events, CompareEvents)
	triaged := m.last(EventTriaged)
	for i, e := range events {
		if e.At < triaged {
			continue
		}
		before := *m
		before.Events = events[:i]
		for _, c := range before.against(e, rules) {
			if slices.Contains(flagged, c.Rule) && !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return out
}

// against says what the policy has against an entry of the timeline.
func (m *Matter) against(e Event, rules Rules) []domain.Complaint {
	asked := Asked{At: e.At, Days: e.Days, Until: e.Until}
	switch e.What {
	case EventExtended:
		return m.allowsExtension(rules, asked)
	case EventPaused:
		return m.allowsPause(rules, asked)
	}
	return nil
}

// Flags says what a hazard lacks that its timeline tells the steps of. A register that writes states alone is held to nothing.
// HandedOverTo is the department that the record names.
func (m *HazardMatter) Flags(handedOverTo string) []domain.Complaint {
	told := func(what EventKind) bool {
		return slices.ContainsFunc(m.Events, func(e Event) bool { return e.What == what })
	}
	var needs []string
	switch {
	case m.State == Notified && told(EventNotified):
		needs = []string{NeedDate}
	case m.State == HandedOver && told(EventHandedOver):
		needs = []string{NeedDepartment}
	case m.State == HazardClosed && told(EventHandedOver):
		needs = []string{NeedAcknowledgement}
	}
	return AskHazard(&Step{Needs: needs}, HandedOver, HazardFacts{Deadline: m.Deadline, HandedOverTo: handedOverTo, Events: m.Events})
}
