package recordjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Causes of an Error.
var (
	// ErrSyntax marks text that is no JSON object.
	ErrSyntax = errors.New("not a JSON object")
	// ErrField marks a name that is no field of the kind.
	ErrField = errors.New("no such field")
	// ErrTwice marks a field that is written twice, also under its two names.
	ErrTwice = errors.New("stands twice")
	// ErrValue marks a value that does not fit its field.
	ErrValue = errors.New("does not fit")
	// ErrTerritory marks a territory code that is not known here.
	ErrTerritory = errors.New("is no territory known here")
)

// Error says what in a text is wrong, where, and what would be right. It quotes
// what the author wrote, so it belongs on their screen and not in a log.
type Error struct {
	// Field is where it is wrong: a path such as visit.premises_ids or
	// premises.contact.phone, beginning with the kind.
	Field string
	// Value is the value as it was written, shortened; empty where there is none to quote.
	Value string
	// Want says what would be right.
	Want string
	// Cause is one of the sentinels of this package.
	Cause error
}

// Error gives place, value and what would be right in one line.
func (e *Error) Error() string {
	text := e.Field + ": "
	if e.Value != "" {
		text += e.Value + " "
	}
	text += e.Cause.Error()
	if e.Want != "" {
		text += ": " + e.Want
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// unfit says that a value is not what its field needs.
func unfit(v json.RawMessage, want string) error {
	return &Error{Value: quote(v), Want: want, Cause: ErrValue}
}

// within puts the name of what holds a wrong value before its path.
func within(name string, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	path := *e
	path.Field = name
	if e.Field != "" {
		path.Field += "." + e.Field
	}
	return &path
}

// quote gives a JSON value on one line, shortened.
func quote(v json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, v) != nil {
		return ""
	}
	return clip(b.String())
}

// clip makes what an author wrote fit an error's one line: shortened, and
// without characters that a terminal would obey.
func clip(text string) string {
	const charsMax = 60
	var b strings.Builder
	chars := 0
	for _, r := range text {
		if chars++; chars > charsMax {
			b.WriteRune('…')
			break
		}
		if !unicode.IsPrint(r) {
			r = utf8.RuneError
		}
		b.WriteRune(r)
	}
	return b.String()
}
