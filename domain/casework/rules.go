package casework

import (
	"strconv"

	"onedoor/domain/calendar"
	"onedoor/domain/policy"
)

// Rules are the tables by which a case is worked.
type Rules struct {
	// Policy is the policy tables, Calendar the official days.
	Policy   policy.Policy
	Calendar calendar.Calendar
}

// TableYear is the name under which the official days of one year are imported, beside the names of the policy tables.
const TableYear = "year"

// RuleTables lists the names under which tables are imported.
func RuleTables() []string { return append(policy.TableNames(), TableYear) }

// DefaultRules gives the rules that are compiled in.
func DefaultRules() Rules {
	return Rules{Policy: policy.Default(), Calendar: calendar.Official()}
}

// With gives the rules with one more table, from its CSV text: rows of a policy table hold from their dates on, a year takes
// the place of what was known of that year. What it brought is said in a few words, such as "year 2027". Its error joins
// everything that is wrong, and nothing is taken then.
func (r Rules) With(table, text string) (with Rules, brought string, err error) {
	if table != TableYear {
		with = r
		with.Policy, err = r.Policy.With(table, text)
		return with, table, err
	}
	year, err := calendar.ParseYear(text)
	if err != nil {
		return r, "", err
	}
	r.Calendar = r.Calendar.With(year)
	return r, TableYear + " " + strconv.Itoa(year.Number), nil
}
