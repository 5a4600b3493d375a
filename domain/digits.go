package domain

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// identifierDigitsMax is the length of the longest identifier, a bank card of 19 digits.
	identifierDigitsMax = 19
	// separatorsMax is how many separators may stand between two groups of one number, as in ") " or " - ".
	separatorsMax = 3
	// separators part the groups of a number. Commas, slashes and colons do not: they part dates, sums and lists.
	separators = " \t\u00a0\u3000-‐‑‒–—―−－._．·•＿()（）"
)

// group is a row of digits with nothing visible between them. A final X of an identity number counts as a digit.
type group struct {
	digits     string
	start, end int
}

// run is a row of groups with no more than separators between them.
type run []group

// span is a row of whole groups of one run, looked at as one number.
type span struct {
	// digits are the digits of all groups, as ASCII.
	digits string
	// sizes are the lengths of the groups.
	sizes []int
	// before is the text in front of the number.
	before string
}

func (r run) span(text string, first, last int) span {
	s := span{before: text[:r[first].start]}
	for _, g := range r[first : last+1] {
		s.digits += g.digits
		s.sizes = append(s.sizes, len(g.digits))
	}
	return s
}

// grouped reports whether the groups have these lengths.
func (s span) grouped(sizes ...int) bool { return slices.Equal(s.sizes, sizes) }

// singly reports whether every digit stands alone.
func (s span) singly() bool { return len(s.sizes) == len(s.digits) }

// numeric reports whether all are digits proper, without a final X.
func (s span) numeric() bool { return !strings.HasSuffix(s.digits, "X") }

// digitReader collects the runs of a text.
type digitReader struct {
	runs []run
	// open says that the last run may go on; gap counts the separators since its last digit.
	open bool
	gap  int
	// digits counts the digits of the open run.
	digits int
}

// digitRuns splits a text into its runs of digits.
func digitRuns(text string) []run {
	var d digitReader
	for at, r := range text {
		end := at + utf8.RuneLen(r)
		digit, isDigit := digitOf(r)
		switch {
		case isDigit:
			d.digit(digit, at, end)
		case d.open && (r == 'X' || r == 'x' || r == 'Ｘ' || r == 'ｘ') && d.endsIdentity(text[end:]):
			d.digit('X', at, end)
			d.open = false
		case unicode.Is(unicode.Cf, r):
			// Invisible, so nothing.
		case strings.ContainsRune(separators, r) && d.gap < separatorsMax:
			d.gap++
		default:
			d.open = false
		}
	}
	return d.runs
}

// digit adds a digit to the open group, to a new group of the open run, or to a new run.
func (d *digitReader) digit(digit byte, start, end int) {
	if !d.open {
		d.runs = append(d.runs, nil)
		d.open, d.digits = true, 0
	}
	last := &d.runs[len(d.runs)-1]
	if len(*last) == 0 || d.gap > 0 {
		*last = append(*last, group{start: start})
	}
	g := &(*last)[len(*last)-1]
	g.digits += string(rune(digit))
	g.end = end
	d.gap = 0
	d.digits++
}

// endsIdentity reports whether an X here can be the check digit of an identity number: 17 digits stand before it and no
// letter or digit after it.
func (d *digitReader) endsIdentity(after string) bool {
	next, _ := utf8.DecodeRuneInString(after)
	letter := next < utf8.RuneSelf && unicode.IsLetter(next)
	_, digit := digitOf(next)
	return d.digits >= identityDigits-1 && !letter && !digit
}

// digitOf gives the ASCII digit of an ASCII or full-width digit.
func digitOf(r rune) (byte, bool) {
	switch {
	case r >= '0' && r <= '9':
		return byte(r), true
	case r >= '０' && r <= '９':
		return byte(r-'０') + '0', true
	}
	return 0, false
}
