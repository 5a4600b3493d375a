// Package flagform says in words what a flag takes, for errors about a value that it does not: the same words wherever the
// value stood, on the command line, in the environment or in a file.
//
// It knows no flag by name and parses nothing: the flag itself refuses a value, and this says why to a person.
package flagform

import (
	"errors"
	"strconv"
)

// forms say in words what a flag of a type takes.
var forms = map[string]string{
	"int": "whole number, such as 14", "uint32": "whole number from 0 up, such as 14", "uint64": "whole number from 0 up, such as 14",
	"duration": "duration, such as 24h or 90m", "float64": "number, such as 0.1", "bool": "yes or no: give true or false",
}

// largest are the greatest numbers that flags of a type hold; what has none takes all that anybody counts.
var largest = map[string]string{"uint32": ", at most 4294967295"}

// Refused says what is wrong with a value: kind is the type of the flag, shown the value as it may be shown, err what the flag
// said of it. A type without words of its own takes one value.
func Refused(kind, shown string, err error) string {
	quoted := strconv.Quote(shown)
	if errors.Is(err, strconv.ErrRange) {
		return quoted + " is too large or too small for a " + wanted(kind) + largest[kind]
	}
	if _, number := strconv.ParseFloat(shown, 64); kind == "duration" && number == nil {
		return quoted + " has no unit: give a " + wanted(kind)
	}
	return quoted + " is no " + wanted(kind)
}

func wanted(kind string) string {
	if form, ok := forms[kind]; ok {
		return form
	}
	return "single value"
}
