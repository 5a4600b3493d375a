package casework

import (
	"errors"
	"strings"

	"onedoor/domain"
)

// Errors of this package, wrapped with what the call asked for.
var (
	// ErrNoCase means that there is no such case, or none that the caller may read.
	ErrNoCase = errors.New("no such case within reach")
	// ErrNoStep means that a step's name is not one of the table's.
	ErrNoStep = errors.New("no such step")
)

// Refusal says why a step is not taken; nothing was changed.
type Refusal struct{ Complaints []domain.Complaint }

// Error joins the reasons in English.
func (r *Refusal) Error() string {
	texts := make([]string, len(r.Complaints))
	for i, c := range r.Complaints {
		texts[i] = c.EN
	}
	return strings.Join(texts, "; ")
}

// ZH joins the reasons in Chinese.
func (r *Refusal) ZH() string {
	var out strings.Builder
	for _, c := range r.Complaints {
		out.WriteString(c.ZH)
	}
	return out.String()
}

// refuse gives a refusal with one reason.
func refuse(field, rule, zh, en string) error {
	return &Refusal{Complaints: []domain.Complaint{{Field: field, Rule: rule, ZH: zh, EN: en}}}
}
