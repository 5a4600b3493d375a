package policy

import (
	"time"

	"onedoor/domain"
	"onedoor/domain/calendar"
)

// DistrictSees says what the district sees of a clinic's cases.
type DistrictSees string

// What the district sees.
const (
	// SeesFigures: the case in figures only.
	SeesFigures DistrictSees = "figures"
	// SeesCase: the case itself, without contacts.
	SeesCase DistrictSees = "case"
)

// Greatest values of a clinic's row; each is far above what an office sets.
const (
	daysMost    = 3_650
	timesMost   = 20
	minutesMost = 60 * 24 * 365
)

// A ClinicRow is how one clinic works.
type ClinicRow struct {
	Validity
	// Clinic is the clinic.
	Clinic domain.Clinic
	// Term is how long it has from the day a case is accepted; none where the work has no end.
	Term calendar.Term
	// Warn is how long before the deadline a case is nearly due.
	Warn time.Duration
	// FollowUpDays is how often its cases are followed up; 0 for never.
	FollowUpDays domain.Days
	// ExtensionDays is how many days one extension may give, and Extensions how many there may be.
	ExtensionDays, Extensions int
	// PauseDays is how many days the clock may stand still at a time.
	PauseDays int
	// BringsIn are the roles that join a case of the clinic.
	BringsIn []domain.Role
	// District says what the district sees.
	District DistrictSees
	// Source is where the row comes from.
	Source string
}

var clinicColumns = []string{"version", "effective_from", "clinic", "term", "warn_minutes", "follow_up_days", "extension_days",
	"extensions", "pause_days", "brings_in", "district_sees", "source"}

func (r ClinicRow) key() string { return r.Clinic.String() }

func readClinic(r *reading) ClinicRow {
	sees := []DistrictSees{SeesFigures, SeesCase}
	return ClinicRow{
		Validity: r.validity(), Clinic: r.clinic("clinic"), Term: r.term("term"),
		Warn:          time.Duration(r.number("warn_minutes", minutesMost)) * time.Minute,
		FollowUpDays:  domain.Days(r.number("follow_up_days", daysMost)),
		ExtensionDays: int(r.number("extension_days", domain.ExtensionDaysMax)), Extensions: int(r.number("extensions", timesMost)),
		PauseDays: int(r.number("pause_days", daysMost)), BringsIn: r.roles("brings_in"),
		District: sees[max(0, r.oneOf("district_sees", string(SeesFigures), string(SeesCase)))], Source: r.text("source"),
	}
}

// Clinic gives how a clinic works for a case accepted on a day; false when no row holds yet.
func (p Policy) Clinic(clinic domain.Clinic, day domain.Days) (ClinicRow, bool) {
	for _, row := range inForce(p.clinics, day) {
		if row.Clinic == clinic {
			return row, true
		}
	}
	return ClinicRow{}, false
}

// Clinics lists all clinics as they work on a day, in the order of their numbers.
func (p Policy) Clinics(day domain.Days) []ClinicRow {
	var out []ClinicRow
	for _, clinic := range domain.Clinics() {
		if row, ok := p.Clinic(clinic, day); ok {
			out = append(out, row)
		}
	}
	return out
}
