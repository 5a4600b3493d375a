package demo

import (
	"math/rand/v2"
	"strings"
	"unicode/utf8"
)

// noteDeck deals notes from the corpus without order. In each it changes a number or a place, as no two days are the
// same, and no note is dealt twice, so that one found at the end names its step.
type noteDeck struct {
	rng    *rand.Rand
	corpus []string
	order  []int
	places []string
	dealt  map[string]bool
}

// newNoteDeck returns a deck. Places are the street's communities by short name.
func newNoteDeck(rng *rand.Rand, corpus []string, street *Street) *noteDeck {
	deck := &noteDeck{rng: rng, corpus: corpus, dealt: map[string]bool{}}
	for _, t := range street.Territories {
		if t.Level == LevelCommunity {
			deck.places = append(deck.places, shortCommunity(t.Name))
		}
	}
	return deck
}

// deal returns the next note, for a door by the short name here.
func (d *noteDeck) deal(here string) string {
	if len(d.order) == 0 {
		d.order = d.rng.Perm(len(d.corpus))
	}
	note := d.corpus[d.order[0]]
	d.order = d.order[1:]
	changed := note
	for _, change := range []func(string) string{d.changeDigits, d.changePlace, d.changeNumeral} {
		if changed == note {
			changed = change(note)
		}
	}
	for changed == note || d.dealt[changed] {
		changed = here + "," + changed
	}
	d.dealt[changed] = true
	return changed
}

// clockMarks stand beside digits of a date, an hour or a fraction, which would become impossible.
const clockMarks = ":.:—-/~月日号点时年"

// changeDigits replaces the last digit of a number that counts something.
func (d *noteDeck) changeDigits(note string) string {
	runes := []rune(note)
	isDigit := func(i int) bool { return i >= 0 && i < len(runes) && runes[i] >= '0' && runes[i] <= '9' }
	from := 0
	for i := range runes {
		if !isDigit(i) {
			from = i + 1
			continue
		}
		if isDigit(i+1) || i-from >= numberDigitsMax || d.besideClock(runes, from-1) || d.besideClock(runes, i+1) {
			continue
		}
		runes[i] = '1' + (runes[i]-'1'+1+d.rng.Int32N(8))%9
		return string(runes)
	}
	return note
}

// numberDigitsMax bounds the numbers that are changed: a longer one is no count.
const numberDigitsMax = 4

// besideClock reports whether the rune is one of clockMarks.
func (d *noteDeck) besideClock(runes []rune, i int) bool {
	return i >= 0 && i < len(runes) && strings.ContainsRune(clockMarks, runes[i])
}

// changePlace replaces the first community of the street by another.
func (d *noteDeck) changePlace(note string) string {
	for _, p := range d.places {
		if strings.Contains(note, p) {
			return strings.Replace(note, p, oneOf(d.rng, d.places), 1)
		}
	}
	return note
}

// numerals are the numbers a note counts by, and counters the words that follow a count.
const (
	numerals = "二三四五六七八九"
	counters = "个号户人间楼栋层天块月岁次米具扇条只盏斤家桶元张"
)

// changeNumeral replaces the first single numeral that counts something.
func (d *noteDeck) changeNumeral(note string) string {
	runes := []rune(note)
	for i := 0; i+1 < len(runes); i++ {
		before := i > 0 && strings.ContainsRune("一十百千第"+numerals, runes[i-1])
		if !before && strings.ContainsRune(numerals, runes[i]) && strings.ContainsRune(counters, runes[i+1]) {
			runes[i] = []rune(numerals)[d.rng.IntN(utf8.RuneCountInString(numerals))]
			return string(runes)
		}
	}
	return note
}
