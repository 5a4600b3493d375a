// Package speech holds what a phone says to its user: sentences in two languages.
// It decides nothing.
package speech

// Language is a language of the sentences for people.
type Language string

// The two languages.
const (
	Chinese Language = "zh"
	English Language = "en"
)

// Sentence is one sentence in both languages.
type Sentence struct{ ZH, EN string }

// In gives the sentence in a language; English when it is neither of the two.
func (s Sentence) In(lang Language) string {
	if lang == Chinese && s.ZH != "" {
		return s.ZH
	}
	return s.EN
}
