package model

import (
	"fmt"
	"strings"

	"onedoor/syncengine"
)

// Invariant is the number of an invariant of the sync protocol, section 8.
type Invariant uint8

// The invariants.
const (
	I1  Invariant = iota + 1 // exactly once
	I2                       // nothing lost
	I3                       // no silent overwrite
	I4                       // convergence
	I5                       // dense
	I6                       // cursor honesty
	I7                       // atomic view
	I8                       // the author's view
	I9                       // order does not matter
	I10                      // read safety
	I11                      // purge
	I12                      // clocks
	I13                      // restore
	I14                      // liveness
	I15                      // version skew
	I16                      // quarantine
	I17                      // reports
	I18                      // clone
	I19                      // erased bytes
	I20                      // security state
	I21                      // write safety

	invariantsEnd
)

// String gives the name, such as I3.
func (i Invariant) String() string { return fmt.Sprintf("I%d", uint8(i)) }

// Waiting is an invariant, or a part of one, that is not checked yet.
type Waiting struct {
	Invariant Invariant
	// Reason says what is missing in the software for a check to be possible.
	Reason string
}

// NotYet lists what is not checked yet.
func (m *Model) NotYet() []Waiting {
	return []Waiting{}
}

// counts are the checks made, by invariant.
type counts [invariantsEnd]int

func (c *counts) byName() map[string]int {
	out := map[string]int{}
	for i := I1; i < invariantsEnd; i++ {
		if c[i] > 0 {
			out[i.String()] = c[i]
		}
	}
	return out
}

// String tells a violation in a line.
func (v Violation) String() string {
	where := "server"
	if v.Phone != 0 {
		where = fmt.Sprintf("phone %d", v.Phone)
	}
	if !v.Record.IsZero() {
		where += fmt.Sprintf(", record %s", v.Record)
	}
	return fmt.Sprintf("%s: %s: %s", v.Invariant, where, v.Text)
}

// Reported tells of one check of what reports count, with what was wrong.
func (m *Model) Reported(problems []string) []Violation {
	f := m.at(0, syncengine.ID{})
	f.want(len(problems) == 0, I17, "%s", strings.Join(problems, "; "))
	return m.CheckStep()
}

// finding is what a check is about, so that what it finds names its place.
type finding struct {
	m      *Model
	phone  PhoneID
	record syncengine.ID
}

func (m *Model) at(p PhoneID, record syncengine.ID) finding { return finding{m, p, record} }

// want counts one check of an invariant and notes a violation unless ok.
func (f finding) want(ok bool, i Invariant, format string, args ...any) bool {
	f.m.counts[i]++
	if !ok {
		f.m.found = append(f.m.found, Violation{Invariant: i, Phone: f.phone, Record: f.record, Text: fmt.Sprintf(format, args...)})
	}
	return ok
}
