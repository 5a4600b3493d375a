// Package rulesheet shows by which rules a realm's cases and rounds are worked on a day: the rows that are in force, the
// official years that are known, and which tables were imported. Server and phone print the same sheet, so that two of them
// can be laid beside each other.
//
// It decides nothing: which rows are in force says domain/policy.
//
// Read sheet.go first, then rows.go.
package rulesheet

import (
	"fmt"
	"io"
	"time"

	"onedoor/domain"
	"onedoor/domain/calendar"
	"onedoor/domain/casework"
	"onedoor/internal/command"
)

// A Sheet is the rules of a day.
type Sheet struct {
	// Version is the rulebook's, as eight hexadecimal digits.
	Version string `json:"version"`
	// Date is the day.
	Date string `json:"date"`
	// Tables counts the imported tables.
	Tables int `json:"imported"`
	// Unread are imported tables that this software is too old for.
	Unread []Unread `json:"unread"`

	Clinics  []Clinic  `json:"clinics"`
	Terms    []Term    `json:"terms"`
	Triage   []Triage  `json:"triage"`
	Grades   []Grade   `json:"grades"`
	Cadences []Cadence `json:"cadences"`
	Shift    Shift     `json:"shift"`
	// Years are those whose official days are known.
	Years []int `json:"years"`
}

// Unread is a table that is left out.
type Unread struct {
	Table string `json:"table"`
	Why   string `json:"why"`
}

// VersionText writes a rulebook's version.
func VersionText(version uint32) string { return fmt.Sprintf("%08x", version) }

// Of makes the sheet of a rulebook for a day.
func Of(book casework.Rulebook, day domain.Days) Sheet {
	rules, unread := book.Rules()
	s := Sheet{
		Version: VersionText(book.Version()), Date: dateText(day), Tables: len(book), Unread: []Unread{}, Years: rules.Calendar.Years(),
		Clinics: clinics(rules.Policy, day), Terms: terms(rules.Policy, day), Triage: triage(rules.Policy, day),
		Grades: grades(rules.Policy, day), Cadences: cadences(rules.Policy, day), Shift: shift(rules.Policy, day),
	}
	for _, u := range unread {
		s.Unread = append(s.Unread, Unread{Table: book[u.Table].Name, Why: command.OneLine(u.Err.Error())})
	}
	return s
}

// Today gives the day of a time at +08:00.
func Today(now time.Time) domain.Days { return domain.UnixMilli(now.UnixMilli()).ShanghaiDay() }

func dateText(day domain.Days) string { return calendar.Date(day).Format(time.DateOnly) }

// Write writes the sheet for people.
func (s Sheet) Write(w io.Writer) {
	fmt.Fprintf(w, "rulebook %s, %d imported tables, on %s; official days of %v\n", s.Version, s.Tables, s.Date, s.Years)
	for _, u := range s.Unread {
		fmt.Fprintf(w, "the imported table %s is too new for this software and left out: %s\n", command.Printable(u.Table), command.Printable(u.Why))
	}
	s.writeCases(w)
	s.writeRounds(w)
}

func section(w io.Writer, name string, t *command.Table) {
	fmt.Fprintf(w, "\n%s\n", name)
	t.Write(w)
}

func (s Sheet) writeCases(w io.Writer) {
	var clinics, terms, triage command.Table
	clinics.Add("CLINIC", "TERM", "FOLLOW-UP", "EXTENSIONS", "PAUSE", "BRINGS IN", "DISTRICT SEES", "SINCE", "VERSION")
	for _, r := range s.Clinics {
		clinics.Add(r.Clinic, dash(r.Term), days(r.FollowUpDays), fmt.Sprintf("%d x %d d", r.Extensions, r.ExtensionDays), days(r.PauseDays),
			joined(r.BringsIn), r.DistrictSees, r.Since, r.Version)
	}
	terms.Add("TERM", "LENGTH", "SINCE", "VERSION", "SOURCE")
	for _, r := range s.Terms {
		terms.Add(r.Name, r.Term, r.Since, r.Version, r.Source)
	}
	triage.Add("FACT", "AT LEAST", "CLINIC", "SAYS", "SINCE", "VERSION")
	for _, r := range s.Triage {
		triage.Add(r.Fact, fmt.Sprint(r.AtLeast), r.Clinic, r.ZH, r.Since, r.Version)
	}
	section(w, "clinics", &clinics)
	section(w, "terms", &terms)
	section(w, "triage", &triage)
}

func (s Sheet) writeRounds(w io.Writer) {
	var grades, cadences, shift command.Table
	grades.Add("COUNTS", "CODE", "SEVERITY", "AT LEAST", "GRADE", "SINCE", "VERSION")
	for _, r := range s.Grades {
		grades.Add(r.Counts, r.Code, r.Severity, fmt.Sprint(r.AtLeast), r.Grade, r.Since, r.Version)
	}
	cadences.Add("TURN", "DAYS", "SINCE", "VERSION")
	for _, r := range s.Cadences {
		cadences.Add(r.Turn, fmt.Sprint(r.Days), r.Since, r.Version)
	}
	shift.Add("MORNING", "AFTERNOON", "EVENING", "A DOOR", "A STAIR", "SINCE", "VERSION")
	r := s.Shift
	shift.Add(dash(r.Morning), dash(r.Afternoon), dash(r.Evening), fmt.Sprintf("%d min", r.DoorMinutes), fmt.Sprintf("%d min", r.StairMinutes), r.Since, r.Version)
	section(w, "grades", &grades)
	section(w, "cadences", &cadences)
	section(w, "shift", &shift)
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func days(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%d d", n)
}
