package syncengine_test

import (
	"bytes"
	"testing"

	"onedoor/syncengine"
)

func TestSmallWorlds_WholeOrdersReadTheSame(t *testing.T) {
	eachSmallCell(t, func(t *testing.T, cell smallCell) (sum walked) {
		for _, word := range cell.orderWords() {
			sum.add(walkAllOrders(t, cell, word))
		}
		return sum
	})
}

// orderWords are what the three phones write: some words of three letters each, many of two.
func (c smallCell) orderWords() []string {
	out := []string{"abcabcabc", "abbbabdaa", "axaxaxada"}
	if allSmallWorlds() {
		return append(out, words(c.letters, 2*smallPhones)...)
	}
	for _, two := range words("abd", 4) {
		out = append(out, two+"ab", two+"xa")
	}
	return out
}

// walkAllOrders shares the letters of a word out to the phones and walks every
// order in which the changes can arrive.
func walkAllOrders(t *testing.T, cell smallCell, word string) walked {
	r := cell.newWorld()
	each := len(word) / smallPhones
	for i, p := range r.phones {
		for n := range each {
			cell.edit(p, n, word[i*each+n])
		}
	}
	w := orders{t: t, realm: r, word: word, kept: cell.policy != syncengine.Review, walked: walked{worlds: 1}}
	w.walk(r.record(), 2, [smallPhones]int{1, 0, 0})
	return w.walked
}

// orders walks every order of the pushes that are left, by the engine alone.
type orders struct {
	t     *testing.T
	realm *realm
	word  string
	// kept has what is kept compared.
	kept  bool
	want  []byte
	first *syncengine.Record
	walked
}

// walk goes on from a record, the next seq and how many changes of each phone are in.
func (o *orders) walk(rec *syncengine.Record, seq syncengine.Seq, in [smallPhones]int) {
	last := true
	for i, p := range o.realm.phones {
		if in[i] == len(p.own) {
			continue
		}
		last = false
		at := syncengine.Coordinate{Epoch: 1, Seq: seq}
		m := o.realm.world().Merge(o.realm.kind, rec, recordID, p.own[in[i]].incoming(at, nil))
		o.merges++
		next := in
		next[i]++
		o.walk(m.Record, seq+1, next)
	}
	if last {
		o.interleavings++
		o.compare(rec)
	}
}

func (o *orders) compare(rec *syncengine.Record) {
	got := o.realm.fingerprint(rec, o.kept)
	if o.want == nil {
		o.want, o.first = got, rec
	}
	if !bytes.Equal(got, o.want) || o.realm.kind.Digest(rec) != o.realm.kind.Digest(o.first) {
		o.t.Fatalf("word %s: one order reads\n%v\nanother\n%v", o.word, o.realm.readingOf(o.first), o.realm.readingOf(rec))
	}
}
