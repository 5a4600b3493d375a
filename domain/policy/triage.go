package policy

import (
	"slices"

	"onedoor/domain"
)

// A Case is what the triage rule looks at. It holds no person.
type Case struct {
	// Risk and Scale are the numbers of the proto enums; 0 is not judged.
	Risk, Scale int32
	// People is how many are drawn in, Yuan what is claimed.
	People, Yuan int64
	// DaysSinceOccurred counts the days from when it broke out to now.
	DaysSinceOccurred domain.Days
	// Reopened, FailedMediations and Departments count what the timeline holds.
	Reopened, FailedMediations, Departments int
}

// facts are the names of what a row may look at, in the order of Case.
var facts = []string{"risk", "scale", "people", "yuan", "days_since_occurred", "reopened", "failed_mediations", "departments"}

func (c Case) fact(at int) int64 {
	return []int64{int64(c.Risk), int64(c.Scale), c.People, c.Yuan, int64(c.DaysSinceOccurred), int64(c.Reopened),
		int64(c.FailedMediations), int64(c.Departments)}[at]
}

// A TriageRow proposes a clinic for cases with a fact of a certain size.
type TriageRow struct {
	Validity
	fact    int
	atLeast int64
	clinic  domain.Clinic
	zh, en  string
	source  string
}

var triageColumns = []string{"version", "effective_from", "fact", "at_least", "clinic", "zh", "en", "source"}

func (r TriageRow) key() string { return facts[r.fact] + " " + r.clinic.String() }

func readTriage(r *reading) TriageRow {
	row := TriageRow{
		Validity: r.validity(), fact: max(0, r.oneOf("fact", facts...)), atLeast: r.number("at_least", 1<<40), clinic: r.clinic("clinic"),
		zh: r.text("zh"), en: r.text("en"), source: r.text("source"),
	}
	if row.atLeast == 0 && r.row.Get("at_least") == "0" {
		r.wrong("at_least", "0 fits every case: give 1 or more")
	}
	return row
}

// demand orders the clinics by what they demand: what is dangerous comes before what is old, and that before what is large.
var demand = []domain.Clinic{domain.ClinicGeneral, domain.ClinicSpecialist, domain.ClinicCommunity, domain.ClinicSpecial}

// A Proposal is the clinic that a rule proposes, and why. A person decides.
type Proposal struct {
	// Clinic is the clinic.
	Clinic domain.Clinic
	// Reasons name the rows that spoke for it; of a simple case, that no row did.
	Reasons []Reason
}

// Triage proposes a clinic for a case on a day: the most demanding one for which a row speaks, else the general clinic.
func (p Policy) Triage(c Case, day domain.Days) Proposal {
	out := Proposal{Clinic: domain.ClinicGeneral}
	for _, row := range inForce(p.triage, day) {
		n := c.fact(row.fact)
		if n < row.atLeast || slices.Index(demand, row.clinic) < slices.Index(demand, out.Clinic) {
			continue
		}
		if row.clinic != out.Clinic {
			out = Proposal{Clinic: row.clinic}
		}
		out.Reasons = append(out.Reasons, said(row.zh, row.en, n))
	}
	if len(out.Reasons) == 0 {
		out.Reasons = []Reason{{ZH: "案情简单，可当日调处", EN: "a simple case, for the same day"}}
	}
	return out
}

// TriageRows lists the rows that hold on a day, in the order in which their reasons are given.
func (p Policy) TriageRows(day domain.Days) []TriageRow { return inForce(p.triage, day) }

// Fact is the name of what the row looks at.
func (r TriageRow) Fact() string { return facts[r.fact] }

// AtLeast is from which size of the fact on the row speaks.
func (r TriageRow) AtLeast() int64 { return r.atLeast }

// Clinic is what the row speaks for.
func (r TriageRow) Clinic() domain.Clinic { return r.clinic }

// Reason is what the row says, with {n} where the fact's number stands.
func (r TriageRow) Reason() Reason { return Reason{ZH: r.zh, EN: r.en} }

// Source is where the row comes from.
func (r TriageRow) Source() string { return r.source }
