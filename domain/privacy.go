package domain

import (
	"cmp"
	"slices"
)

// IdentifierKind says what kind of number was found in a text.
type IdentifierKind uint8

// The kinds of numbers that no free text may hold.
const (
	// IdentityNumber is an 18-digit number of an identity card, by its date of birth and check digit (GB 11643-1999).
	IdentityNumber IdentifierKind = iota + 1
	// BankCard is a number of a bank card, by its issuer's first digits and check digit (ISO/IEC 7812-1, Luhn).
	BankCard
	// PhoneNumber is a mobile number of the mainland, or a fixed line with its area code or after a word such as 电话.
	PhoneNumber
)

// Finding is one number found in a text.
type Finding struct {
	// Kind says what it is.
	Kind IdentifierKind
	// Start and End bound it in the text, in bytes; End is exclusive.
	Start, End int
}

// String gives the kind's stable name, such as "identity_number".
func (k IdentifierKind) String() string {
	switch k {
	case IdentityNumber:
		return "identity_number"
	case BankCard:
		return "bank_card"
	case PhoneNumber:
		return "phone_number"
	}
	return "unknown_identifier"
}

// LabelZH names the kind in a Chinese sentence.
func (k IdentifierKind) LabelZH() string {
	switch k {
	case IdentityNumber:
		return "身份证号码"
	case BankCard:
		return "银行卡号"
	case PhoneNumber:
		return "电话号码"
	}
	return "个人号码"
}

// LabelEN names the kind in an English sentence, with its article.
func (k IdentifierKind) LabelEN() string {
	switch k {
	case IdentityNumber:
		return "an identity number"
	case BankCard:
		return "a bank card number"
	case PhoneNumber:
		return "a telephone number"
	}
	return "a personal number"
}

// FindIdentifiers finds the identity numbers, bank cards and telephone numbers of a text, in the order in which they
// stand, none twice. Digits may be full-width and parted by spaces, hyphens, dots or brackets, as people type them;
// invisible characters count as nothing. A number written in words, cut in two by other words or in a picture is not
// found: the detector stops slips, not intent.
func FindIdentifiers(text string) []Finding {
	var found []Finding
	for _, run := range digitRuns(text) {
		found = append(found, run.identifiers(text)...)
	}
	return found
}

// detectors stand in the order of their certainty: what one claims is not looked at again.
var detectors = []struct {
	kind    IdentifierKind
	matches func(span) bool
}{
	{IdentityNumber, span.isIdentityNumber},
	{BankCard, span.isBankCard},
	{PhoneNumber, span.isPhoneNumber},
}

// identifiers looks at every row of whole groups of the run, so that a part of a longer number is never mistaken for
// one.
func (r run) identifiers(text string) []Finding {
	var found []Finding
	claimed := make([]bool, len(r))
	for _, detector := range detectors {
		for first := range r {
			for last := first; last < len(r); last++ {
				candidate := r.span(text, first, last)
				if len(candidate.digits) > identifierDigitsMax {
					break
				}
				if slices.Contains(claimed[first:last+1], true) || !detector.matches(candidate) {
					continue
				}
				for i := first; i <= last; i++ {
					claimed[i] = true
				}
				found = append(found, Finding{detector.kind, r[first].start, r[last].end})
			}
		}
	}
	slices.SortFunc(found, func(a, b Finding) int { return cmp.Compare(a.Start, b.Start) })
	return found
}
