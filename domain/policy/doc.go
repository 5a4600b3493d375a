// Package policy is what a street, a district or a ministry may set otherwise: how long a clinic has, how often it follows
// up, who is brought in and what the district sees; the terms of single steps; which clinic a case is proposed for; which
// grade a door is proposed for; how often doors are seen, and at which hours. All of it is rows of tables with a version and a
// date from which they hold, and none of it is code. The rows of the folder tables are the defaults; a district imports its
// own, row by row or table by table.
//
// A rule of this package proposes, with its reasons in two languages, and a person decides. It judges cases and doors, and
// never a person.
//
// A row holds from its date until a row of the same key with a later date. A case is worked by the rows in force on the day
// it was accepted, so a new table moves no deadline that runs.
//
// Read policy.go first, then clinics.go, terms.go, triage.go, grades.go, cadences.go and shifts.go.
package policy
