package localdb

import (
	"strings"
	"unicode"
)

// A gram is what the search index holds of a text. Text is cut into runs of Chinese characters and runs of anything
// else. A Chinese run gives each pair of neighbours and its last character alone, so that every character begins a gram;
// another run gives each three neighbours. A text that contains a search text therefore has all grams of the search
// text; the reverse need not hold, so a hit is checked against the text.

// FieldBreak parts the texts of two fields: no search text reaches across it.
const FieldBreak = "\x00"

const (
	// hanGram and otherGram are the lengths of grams in characters.
	hanGram   = 2
	otherGram = 3
	// queryGramsMax bounds the grams that a search asks the index for. The first dozen leave few candidates, and
	// candidates are checked against the whole search text.
	queryGramsMax = 12
)

// fold makes texts equal that differ in letter case, in the width of ASCII characters or in the kind of white space.
func fold(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			r -= fullWidth
		case unicode.IsSpace(r):
			r = ' '
		}
		return unicode.ToLower(r)
	}, text)
}

// fullWidth is the distance between an ASCII character and its full-width form.
const fullWidth = '！' - '!'

// Contains reports whether text contains query, apart from letter case, the width of ASCII characters, the kind of
// white space, and white space around the query.
func Contains(text, query string) bool {
	return strings.Contains(fold(text), strings.TrimSpace(fold(query)))
}

// runs cuts a folded text and calls f for each run.
func runs(text string, f func(run []rune, han bool)) {
	var run []rune
	var han bool
	end := func() {
		if len(run) > 0 {
			f(run, han)
		}
		run = run[:0]
	}
	for _, r := range text {
		if h := unicode.Is(unicode.Han, r); h != han || r == 0 {
			end()
			han = h
		}
		if r != 0 {
			run = append(run, r)
		}
	}
	end()
}

// textGrams gives the grams of a text, each once, parted by spaces.
func textGrams(text string) string {
	var out strings.Builder
	seen := make(map[string]bool)
	add := func(gram []rune) {
		if g := term(gram); !seen[g] {
			seen[g] = true
			out.WriteString(g)
			out.WriteByte(' ')
		}
	}
	runs(fold(text), func(run []rune, han bool) {
		n := otherGram
		if han {
			n = hanGram
			add(run[len(run)-1:])
		}
		for i := 0; i+n <= len(run); i++ {
			add(run[i : i+n])
		}
	})
	return out.String()
}

// matchExpression gives the index's expression for a search text; ok is false for one that has no gram.
func matchExpression(query string) (expression string, ok bool) {
	var terms []string
	add := func(gram []rune, prefix string) {
		if len(terms) < queryGramsMax {
			terms = append(terms, `"`+term(gram)+`"`+prefix)
		}
	}
	runs(strings.TrimSpace(fold(query)), func(run []rune, han bool) {
		n := otherGram
		if han {
			n = hanGram
			if len(run) == 1 {
				add(run, "*")
			}
		}
		for i := 0; i+n <= len(run); i++ {
			add(run[i:i+n], "")
		}
	})
	return strings.Join(terms, " AND "), len(terms) > 0
}

// term writes a gram so that the index's tokenizer takes it for one token: it parts at ASCII characters other than
// letters and digits, so these take their full-width form, which fold leaves in no text.
func term(gram []rune) string {
	var b strings.Builder
	for _, r := range gram {
		if r <= unicode.MaxASCII && !('a' <= r && r <= 'z' || '0' <= r && r <= '9') {
			r += fullWidth
		}
		b.WriteRune(r)
	}
	return b.String()
}
