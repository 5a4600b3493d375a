package policy

import (
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"onedoor/domain"
	"onedoor/domain/table"
)

// tables holds the default rows.
//
//go:embed tables/*.csv
var tables embed.FS

// ErrNoTable is wrapped where a name is no table's.
var ErrNoTable = errors.New("no policy table")

// A Policy is all tables. It never changes.
type Policy struct {
	clinics []ClinicRow
	terms   []TermRow
	triage  []TriageRow
	grades  []GradeRow
	// cadences and shifts are how often doors are seen, and when.
	cadences []CadenceRow
	shifts   []ShiftRow
}

// The tables by name.
const (
	TableClinics = "clinics"
	TableTerms   = "terms"
	TableTriage  = "triage"
	TableGrades  = "grades"
	// TableCadences and TableShifts decide the day's round.
	TableCadences = "cadences"
	TableShifts   = "shifts"
)

// TableNames lists the tables in the order in which people read them.
func TableNames() []string {
	return []string{TableClinics, TableTerms, TableTriage, TableGrades, TableCadences, TableShifts}
}

// defaults is what stands in the folder tables.
var defaults = readDefaults()

func readDefaults() Policy {
	var p Policy
	for _, name := range TableNames() {
		text, err := tables.ReadFile("tables/" + name + ".csv")
		if err == nil {
			p, err = p.With(name, string(text))
		}
		if err != nil {
			panic(fmt.Sprintf("default policy %s: %v", name, err))
		}
	}
	if err := p.complete(); err != nil {
		panic(fmt.Sprintf("default policy: %v", err))
	}
	return p
}

// Default gives the tables that are compiled in.
func Default() Policy { return defaults }

// With gives the policy with the rows of a CSV text added to one of its tables; a row takes the place of one with the same
// key and date. Its error joins everything that is wrong with the text, and nothing of it is taken then.
func (p Policy) With(name, text string) (Policy, error) {
	var err error
	switch name {
	case TableClinics:
		p.clinics, err = added(p.clinics, text, clinicColumns, readClinic)
	case TableTerms:
		p.terms, err = added(p.terms, text, termColumns, readTerm)
	case TableTriage:
		p.triage, err = added(p.triage, text, triageColumns, readTriage)
	case TableGrades:
		p.grades, err = added(p.grades, text, gradeColumns, readGrade)
	case TableCadences:
		p.cadences, err = added(p.cadences, text, cadenceColumns, readCadence)
	case TableShifts:
		p.shifts, err = added(p.shifts, text, shiftColumns, readShift)
	default:
		err = fmt.Errorf("%w %q: give one of %s", ErrNoTable, name, strings.Join(TableNames(), ", "))
	}
	return p, err
}

// row is what every row of every table has.
type row interface {
	// key tells rows apart that hold at the same time.
	key() string
	// since is the day from which the row holds.
	since() domain.Days
}

// added reads rows and lays them over those that stand.
func added[R row](standing []R, text string, columns []string, read func(*reading) R) ([]R, error) {
	rows, err := table.Read(text, columns...)
	if err != nil {
		return standing, err
	}
	r := &reading{}
	out := slices.Clone(standing)
	lines := map[string]int{}
	for _, r.row = range rows {
		one := read(r)
		at := fmt.Sprintf("%s since day %d", one.key(), one.since())
		if before := lines[at]; before != 0 {
			r.wrong("effective_from", "the row of line %d says the same from the same day", before)
		}
		lines[at] = r.row.Line
		out = slices.DeleteFunc(out, func(old R) bool { return old.key() == one.key() && old.since() == one.since() })
		out = append(out, one)
	}
	if r.err() != nil {
		return standing, r.err()
	}
	slices.SortStableFunc(out, func(a, b R) int { return int(a.since() - b.since()) })
	return out, nil
}

// inForce gives the rows that hold on a day: of each key the one with the latest date that has come, in the order of the
// table.
func inForce[R row](rows []R, day domain.Days) []R {
	latest := map[string]domain.Days{}
	for _, one := range rows {
		if one.since() <= day {
			latest[one.key()] = max(latest[one.key()], one.since())
		}
	}
	var out []R
	for _, one := range rows {
		if since, ok := latest[one.key()]; ok && since == one.since() {
			out = append(out, one)
		}
	}
	return out
}

// complete reports what the tables lack to be worked by.
func (p Policy) complete() error {
	for _, clinic := range domain.Clinics() {
		if !slices.ContainsFunc(p.clinics, func(r ClinicRow) bool { return r.Clinic == clinic }) {
			return fmt.Errorf("no row for the clinic %s", clinic)
		}
	}
	for _, name := range TermNames() {
		if !slices.ContainsFunc(p.terms, func(r TermRow) bool { return r.Name == name }) {
			return fmt.Errorf("no row for the term %s", name)
		}
	}
	for _, name := range TurnNames() {
		if !slices.ContainsFunc(p.cadences, func(r CadenceRow) bool { return r.Turn == name }) {
			return fmt.Errorf("no row for the turn %s", name)
		}
	}
	if len(p.shifts) == 0 {
		return errors.New("no row for a shift")
	}
	return nil
}

// Validity is the version and date of a row.
type Validity struct {
	// Version names the table that the row came with.
	Version string
	// From is the day from which it holds.
	From domain.Days
}

func (v Validity) since() domain.Days { return v.From }

// A Reason is why a rule proposes something.
type Reason struct{ ZH, EN string }

// said fills the place {n} of a row's words.
func said(zh, en string, n int64) Reason {
	number := fmt.Sprint(n)
	return Reason{ZH: strings.ReplaceAll(zh, "{n}", number), EN: strings.ReplaceAll(en, "{n}", number)}
}
