package policy

import (
	"onedoor/domain"
)

// A DoorHazard is one hazard of a door, as the grade rule looks at it.
type DoorHazard struct {
	// Code is what is wrong.
	Code domain.HazardCode
	// Severity is the one ruled, else the one found; a hazard that nobody judged counts as general.
	Severity domain.Severity
	// Open says that it is not re-checked or closed.
	Open bool
	// Recurred says that it came back.
	Recurred bool
}

// What a grade's row counts.
const (
	countsOpen     = "open"
	countsRecurred = "recurred"
)

// The names of severities and grades in the order of their numbers, as tables write them.
var (
	severityNames = []string{"GENERAL", "SERIOUS", "MAJOR"}
	gradeNames    = []string{"GREEN", "YELLOW", "ORANGE", "RED"}
)

// A GradeRow proposes a grade for doors with so many hazards of a kind.
type GradeRow struct {
	Validity
	counts   string
	code     domain.HazardCode // 0 for any
	severity domain.Severity
	atLeast  int64
	grade    domain.Grade
	zh, en   string
	source   string
}

var gradeColumns = []string{"version", "effective_from", "counts", "code", "severity", "at_least", "grade", "zh", "en", "source"}

// anyCode is written where a row looks at hazards of every code.
const anyCode = "*"

func (r GradeRow) key() string {
	return r.counts + " " + r.code.String() + " " + string('0'+rune(r.severity)) + " " + string('0'+rune(r.grade))
}

func readGrade(r *reading) GradeRow {
	row := GradeRow{
		Validity: r.validity(), counts: []string{countsOpen, countsRecurred}[max(0, r.oneOf("counts", countsOpen, countsRecurred))],
		severity: domain.Severity(r.oneOf("severity", severityNames...) + 1),
		atLeast:  r.number("at_least", 1000), grade: domain.Grade(r.oneOf("grade", gradeNames...) + 1),
		zh: r.text("zh"), en: r.text("en"), source: r.text("source"),
	}
	code, known := domain.ParseHazardCode(r.row.Get("code"))
	if !known && r.row.Get("code") != anyCode {
		r.wrong("code", "%q is no hazard code; %s stands for any", r.row.Get("code"), anyCode)
	}
	if row.atLeast == 0 {
		r.wrong("at_least", "must be 1 or more")
	}
	row.code = code
	return row
}

// count counts the hazards that a row looks at.
func (r GradeRow) count(hazards []DoorHazard) (n int64) {
	for _, h := range hazards {
		fits := h.Open
		if r.counts == countsRecurred {
			fits = h.Recurred
		}
		if fits && (r.code == 0 || r.code == h.Code) && max(h.Severity, domain.SeverityGeneral) >= r.severity {
			n++
		}
	}
	return n
}

// A GradeProposal is the grade that a rule proposes for a door, and why. An officer or the team sets it.
type GradeProposal struct {
	// Grade is the grade.
	Grade domain.Grade
	// Reasons name the rows that spoke for it; of a green door, that no row did.
	Reasons []Reason
}

// Grade proposes the grade of a door on a day from its hazards: the highest for which a row speaks, else green.
func (p Policy) Grade(hazards []DoorHazard, day domain.Days) GradeProposal {
	out := GradeProposal{Grade: domain.GradeGreen}
	for _, row := range inForce(p.grades, day) {
		n := row.count(hazards)
		if n < row.atLeast || row.grade < out.Grade {
			continue
		}
		if row.grade > out.Grade {
			out = GradeProposal{Grade: row.grade}
		}
		out.Reasons = append(out.Reasons, said(row.zh, row.en, n))
	}
	if len(out.Reasons) == 0 {
		out.Reasons = []Reason{{ZH: "没有未销的隐患", EN: "no open hazard of weight"}}
	}
	return out
}

// GradeRows lists the rows that hold on a day, in the order in which their reasons are given.
func (p Policy) GradeRows(day domain.Days) []GradeRow { return inForce(p.grades, day) }

// Counts says which hazards the row counts: open ones, or those that came back.
func (r GradeRow) Counts() string { return r.counts }

// Code is the name of the hazard code, or * for any.
func (r GradeRow) Code() string {
	if r.code == 0 {
		return anyCode
	}
	return r.code.String()
}

// Severity is the name of the least severity that counts.
func (r GradeRow) Severity() string { return severityNames[r.severity-1] }

// AtLeast is how many hazards make the row speak.
func (r GradeRow) AtLeast() int64 { return r.atLeast }

// Grade is the name of the grade that the row speaks for.
func (r GradeRow) Grade() string { return gradeNames[r.grade-1] }

// Reason is what the row says, with {n} where the number of hazards stands.
func (r GradeRow) Reason() Reason { return Reason{ZH: r.zh, EN: r.en} }

// Source is where the row comes from.
func (r GradeRow) Source() string { return r.source }
