package rulesheet

import (
	"strings"
	"time"

	"onedoor/domain"
	"onedoor/domain/policy"
)

// Row is what every row has.
type Row struct {
	// Since is the day from which the row holds, Version the table that it came with.
	Since   string `json:"effective_from"`
	Version string `json:"version"`
	Source  string `json:"source"`
}

func rowOf(v policy.Validity, source string) Row {
	return Row{Since: dateText(v.From), Version: v.Version, Source: source}
}

// Clinic is how one clinic works.
type Clinic struct {
	Clinic        string   `json:"clinic"`
	Term          string   `json:"term"`
	WarnMinutes   int64    `json:"warn_minutes"`
	FollowUpDays  int      `json:"follow_up_days"`
	ExtensionDays int      `json:"extension_days"`
	Extensions    int      `json:"extensions"`
	PauseDays     int      `json:"pause_days"`
	BringsIn      []string `json:"brings_in"`
	DistrictSees  string   `json:"district_sees"`
	Row
}

func clinics(p policy.Policy, day domain.Days) (out []Clinic) {
	for _, r := range p.Clinics(day) {
		c := Clinic{
			Clinic: r.Clinic.String(), Term: r.Term.String(), WarnMinutes: int64(r.Warn / time.Minute), FollowUpDays: int(r.FollowUpDays),
			ExtensionDays: r.ExtensionDays, Extensions: r.Extensions, PauseDays: r.PauseDays, BringsIn: []string{},
			DistrictSees: string(r.District), Row: rowOf(r.Validity, r.Source),
		}
		for _, role := range r.BringsIn {
			c.BringsIn = append(c.BringsIn, role.String())
		}
		out = append(out, c)
	}
	return out
}

func joined(names []string) string { return dash(strings.Join(names, "+")) }

// Term is how long one step has.
type Term struct {
	Name        string `json:"name"`
	Term        string `json:"term"`
	WarnMinutes int64  `json:"warn_minutes"`
	Row
}

func terms(p policy.Policy, day domain.Days) (out []Term) {
	for _, r := range p.Terms(day) {
		out = append(out, Term{Name: r.Name, Term: r.Term.String(), WarnMinutes: int64(r.Warn / time.Minute), Row: rowOf(r.Validity, r.Source)})
	}
	return out
}

// Triage is one row of the triage rule.
type Triage struct {
	Fact    string `json:"fact"`
	AtLeast int64  `json:"at_least"`
	Clinic  string `json:"clinic"`
	ZH      string `json:"zh"`
	EN      string `json:"en"`
	Row
}

func triage(p policy.Policy, day domain.Days) (out []Triage) {
	for _, r := range p.TriageRows(day) {
		says := r.Reason()
		out = append(out, Triage{Fact: r.Fact(), AtLeast: r.AtLeast(), Clinic: r.Clinic().String(), ZH: says.ZH, EN: says.EN, Row: rowOf(r.Validity, r.Source())})
	}
	return out
}

// Grade is one row of the grade rule.
type Grade struct {
	Counts   string `json:"counts"`
	Code     string `json:"code"`
	Severity string `json:"severity"`
	AtLeast  int64  `json:"at_least"`
	Grade    string `json:"grade"`
	ZH       string `json:"zh"`
	EN       string `json:"en"`
	Row
}

func grades(p policy.Policy, day domain.Days) (out []Grade) {
	for _, r := range p.GradeRows(day) {
		says := r.Reason()
		out = append(out, Grade{
			Counts: r.Counts(), Code: r.Code(), Severity: r.Severity(), AtLeast: r.AtLeast(), Grade: r.Grade(), ZH: says.ZH, EN: says.EN,
			Row: rowOf(r.Validity, r.Source()),
		})
	}
	return out
}

// Cadence is how often one sort of doors is seen.
type Cadence struct {
	Turn string `json:"turn"`
	Days int    `json:"days"`
	Row
}

func cadences(p policy.Policy, day domain.Days) (out []Cadence) {
	for _, r := range p.CadenceRows(day) {
		out = append(out, Cadence{Turn: r.Turn, Days: int(r.Days), Row: rowOf(r.Validity, r.Source)})
	}
	return out
}

// Shift is the time at doors in a day.
type Shift struct {
	Morning      string `json:"morning"`
	Afternoon    string `json:"afternoon"`
	Evening      string `json:"evening"`
	DoorMinutes  int    `json:"door_minutes"`
	StairMinutes int    `json:"stair_minutes"`
	Row
}

func shift(p policy.Policy, day domain.Days) Shift {
	r := p.ShiftRow(day)
	return Shift{
		Morning: r.Hours(domain.Morning), Afternoon: r.Hours(domain.Afternoon), Evening: r.Hours(domain.Evening),
		DoorMinutes: r.Shift.DoorMinutes, StairMinutes: r.Shift.StairMinutes, Row: rowOf(r.Validity, r.Source),
	}
}
