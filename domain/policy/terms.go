package policy

import (
	"time"

	"onedoor/domain"
	"onedoor/domain/calendar"
)

// The terms of single steps by name.
const (
	// TermAccept: from registering to accepting or declining.
	TermAccept = "accept"
	// TermTransfer: from registering to the transfer of what is not the centre's.
	TermTransfer = "transfer"
	// TermTriage: from accepting to a clinic.
	TermTriage = "triage"
	// TermJudicial: from the agreement's effect to the application for judicial confirmation.
	TermJudicial = "judicial_confirmation"
	// TermPerformance: between looks at whether an agreement is performed.
	TermPerformance = "performance"
	// TermCallBack: from the agreement to the call-back.
	TermCallBack = "call_back"
	// TermRecheck: from a hazard's deadline to its re-check.
	TermRecheck = "recheck"
	// TermAcknowledge: from a hand-over to the department's acknowledgement.
	TermAcknowledge = "acknowledge"
	// TermCheckReturn: from a returned visit to the visit that makes it good.
	TermCheckReturn = "check_return"
	// TermRecurrence: how long after it was put right a hazard of the same code at the same door counts as the same one.
	TermRecurrence = "recurrence"
)

// TermNames lists the terms in the order of the work.
func TermNames() []string {
	return []string{TermAccept, TermTransfer, TermTriage, TermJudicial, TermPerformance, TermCallBack, TermRecheck, TermAcknowledge,
		TermCheckReturn, TermRecurrence}
}

// A TermRow is how long one step has.
type TermRow struct {
	Validity
	// Name is one of TermNames.
	Name string
	// Term is how long it has.
	Term calendar.Term
	// Warn is how long before its end it is nearly due.
	Warn time.Duration
	// Source is where the row comes from.
	Source string
}

var termColumns = []string{"version", "effective_from", "name", "term", "warn_minutes", "source"}

func (r TermRow) key() string { return r.Name }

func readTerm(r *reading) TermRow {
	row := TermRow{
		Validity: r.validity(), Name: TermNames()[max(0, r.oneOf("name", TermNames()...))], Term: r.term("term"),
		Warn: time.Duration(r.number("warn_minutes", minutesMost)) * time.Minute, Source: r.text("source"),
	}
	if row.Term.None() && r.row.Get("term") == "" {
		r.wrong("term", "must not be empty")
	}
	return row
}

// Term gives how long a step has on a day; false when no row holds yet.
func (p Policy) Term(name string, day domain.Days) (TermRow, bool) {
	for _, row := range inForce(p.terms, day) {
		if row.Name == name {
			return row, true
		}
	}
	return TermRow{}, false
}

// Terms lists all terms that hold on a day, in the order of the work.
func (p Policy) Terms(day domain.Days) []TermRow {
	var out []TermRow
	for _, name := range TermNames() {
		if row, ok := p.Term(name, day); ok {
			out = append(out, row)
		}
	}
	return out
}
