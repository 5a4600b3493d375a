package importer

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// tidy brings free text onto one line: surrounding blanks go, and line breaks
// and tabs inside, which spreadsheets put into addresses, become one space.
func tidy(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return r == '\n' || r == '\r' || r == '\t' || r == '\v' || r == '\f'
	}), " ")
}

// NormalisePlace gives the form in which addresses and the parts of a door key
// are compared; what is stored keeps its spelling. Full-width letters, digits
// and marks become half-width and half-width kana full-width (Unicode width
// folding), letters become lower case, and of blanks only single spaces between
// two characters that are not Chinese remain: "１２ 号 楼" equals "12号楼", while
// "1 12" and "11 2" stay apart.
func NormalisePlace(text string) string {
	var out []rune
	gap := false
	for _, r := range strings.ToLower(width.Fold.String(text)) {
		if unicode.IsSpace(r) {
			gap = true
			continue
		}
		if gap && len(out) > 0 && !unicode.Is(unicode.Han, r) && !unicode.Is(unicode.Han, out[len(out)-1]) {
			out = append(out, ' ')
		}
		gap = false
		out = append(out, r)
	}
	return string(out)
}

// snake brings the spellings of a column or enum name together: rentalKind,
// "Rental kind", RENTAL-KIND and rental_kind are rental_kind.
func snake(name string) string {
	var out strings.Builder
	previous := rune(0)
	for _, r := range strings.TrimSpace(name) {
		switch {
		case r == ' ' || r == '-' || r == '.' || r == '_':
			r = '_'
		case unicode.IsUpper(r) && unicode.IsLower(previous):
			out.WriteRune('_')
		}
		out.WriteRune(unicode.ToLower(r))
		previous = r
	}
	return out.String()
}
