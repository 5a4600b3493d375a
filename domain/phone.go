package domain

import (
	"slices"
	"strings"
)

const (
	// phoneDigitsMin is the length of the shortest number that is looked up: what is shorter is an extension or a service number.
	phoneDigitsMin = 5
	// phoneDigitsMax is the length of the longest international number with its prefix (ITU-T E.164 and 00).
	phoneDigitsMax = 17
	// phoneAloneMin is from how many digits on a group of its own is a number, and not a part of one.
	phoneAloneMin = 7
)

// PhoneNumbers gives the telephone numbers in the text of a contact in one form,
// by which equal numbers are equal texts: ASCII digits, nothing between them, and a
// mobile number without the country's prefix. A text may name several.
func PhoneNumbers(text string) (out []string) {
	add := func(digits string) {
		if n := len(digits); n < phoneDigitsMin || n > phoneDigitsMax {
			return
		}
		if digits = withoutPrefix(digits); !slices.Contains(out, digits) {
			out = append(out, digits)
		}
	}
	for _, r := range digitRuns(text) {
		all := r.span(text, 0, len(r)-1)
		add(all.digits)
		for _, g := range r {
			if len(r) > 1 && len(g.digits) >= phoneAloneMin {
				add(g.digits)
			}
		}
	}
	return out
}

// withoutPrefix takes the country's or the long-distance prefix from a mobile number.
func withoutPrefix(digits string) string {
	for _, prefix := range []string{"0086", "86", "0"} {
		rest, ok := strings.CutPrefix(digits, prefix)
		if ok && len(rest) == mobileDigits && rest[0] == '1' && rest[1] >= '3' {
			return rest
		}
	}
	return digits
}
