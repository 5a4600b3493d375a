package domain

import (
	"fmt"
	"strings"
)

// needsText is the rule that a record names the field in words.
func needsText(name, field, zh, en string) precondition {
	return precondition{name: name, field: field, reads: []string{field},
		broken: func(f Fields) (string, string, bool) { return zh, en, strings.TrimSpace(f.Texts[field]) == "" }}
}

// needsAny is the rule that a record has one of the fields, each an id or a set of ids.
func needsAny(name, field, zh, en string, fields ...string) precondition {
	return precondition{name: name, field: field, reads: fields,
		broken: func(f Fields) (string, string, bool) {
			for _, one := range fields {
				if f.Sizes[one] > 0 {
					return "", "", false
				}
			}
			return zh, en, true
		}}
}

// needsNumber is the rule that a record has the field, an enum, with a value other than "not told".
func needsNumber(name, field, zh, en string) precondition {
	return precondition{name: name, field: field, reads: []string{field},
		broken: func(f Fields) (string, string, bool) { return zh, en, f.Numbers[field] == 0 }}
}

// within is the rule that a number, where there is one, lies between two bounds.
func within(kind, field, labelZH string, least, most int64) precondition {
	return precondition{name: kind + "." + field + "_range", field: field, reads: []string{field},
		broken: func(f Fields) (string, string, bool) {
			n, ok := f.Numbers[field]
			return fmt.Sprintf("“%s”填的是%d，应在%d到%d之间，请改正。", labelZH, n, least, most),
				fmt.Sprintf("%s is %d and must lie between %d and %d: correct it", field, n, least, most),
				ok && (n < least || n > most)
		}}
}

// reasonFor is the rule that an enum value comes with a text.
func reasonFor(name, field string, value int64, reason, zh, en string) precondition {
	return precondition{name: name, field: reason, reads: []string{field, reason},
		broken: func(f Fields) (string, string, bool) {
			return zh, en, f.Numbers[field] == value && strings.TrimSpace(f.Texts[reason]) == ""
		}}
}
