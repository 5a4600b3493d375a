package policy

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"onedoor/domain"
	"onedoor/domain/calendar"
	"onedoor/domain/table"
)

// reading reads the values of a table's rows and gathers what is wrong with them.
type reading struct {
	row    table.Row
	faults []error
}

func (r *reading) wrong(column, why string, args ...any) {
	r.faults = append(r.faults, r.row.Wrong(column, why, args...))
}

func (r *reading) err() error { return errors.Join(r.faults...) }

func (r *reading) validity() Validity {
	v := Validity{Version: r.text("version")}
	var err error
	if v.From, err = calendar.ParseDay(r.row.Get("effective_from")); err != nil {
		r.wrong("effective_from", "%v", err)
	}
	return v
}

// text reads a text that must be there.
func (r *reading) text(column string) string {
	if r.row.Get(column) == "" {
		r.wrong(column, "must not be empty")
	}
	return r.row.Get(column)
}

// number reads a whole number from 0; the empty text is 0.
func (r *reading) number(column string, most int64) int64 {
	text := r.row.Get(column)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > most {
		r.wrong(column, "%q must be a whole number from 0 to %d", text, most)
	}
	return n
}

func (r *reading) term(column string) calendar.Term {
	t, err := calendar.ParseTerm(r.row.Get(column))
	if err != nil {
		r.wrong(column, "%v", err)
	}
	return t
}

// oneOf reads a name that must be one of a list, and gives its place.
func (r *reading) oneOf(column string, names ...string) int {
	at := slices.Index(names, r.row.Get(column))
	if at < 0 {
		r.wrong(column, "%q must be one of %s", r.row.Get(column), strings.Join(names, ", "))
	}
	return at
}

func (r *reading) clinic(column string) domain.Clinic {
	var names []string
	for _, c := range domain.Clinics() {
		names = append(names, c.String())
	}
	return domain.Clinic(r.oneOf(column, names...) + 1)
}

// roles reads roles with + between them; the empty text is none.
func (r *reading) roles(column string) []domain.Role {
	var out []domain.Role
	for name := range strings.SplitSeq(r.row.Get(column), "+") {
		if name == "" {
			continue
		}
		role, err := domain.ParseRole(name)
		if err != nil {
			r.wrong(column, "%v", err)
		}
		out = append(out, role)
	}
	return out
}
