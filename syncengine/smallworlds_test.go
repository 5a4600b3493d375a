package syncengine_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"onedoor/syncengine"
)

// A small world is three phones that know a record, with few changes each, and
// every order in which those can reach the server.

const smallPhones = 3

// smallWrite makes the change that a letter stands for: "x" clears, "d" deletes the record.
func smallWrite(letter byte) syncengine.CellWrite {
	switch letter {
	case 'x':
		return syncengine.CellWrite{Key: testedKey, Cleared: true}
	case 'd':
		return syncengine.LifeWrite(true)
	}
	return syncengine.CellWrite{Key: testedKey, Data: []byte{letter}}
}

// words lists all words of a length.
func words(letters string, length int) []string {
	if length == 0 {
		return []string{""}
	}
	var out []string
	for _, tail := range words(letters, length-1) {
		for _, l := range letters {
			out = append(out, string(l)+tail)
		}
	}
	return out
}

// newSmallWorld has every phone know the record, which shows "c".
func newSmallWorld(policy syncengine.PolicyKind) *realm {
	r := newRealm(policy)
	for i := range smallPhones {
		r.addPhone(fmt.Sprint("phone", i)).rank = syncengine.Rank(i)
	}
	r.phones[0].create(smallWrite('c')).stamp = 10
	r.phones[0].pushAll()
	for _, p := range r.phones {
		p.pull()
	}
	return r
}

// smallEdit makes a phone's nth edit. Clocks disagree: at odd phones they run backwards.
func smallEdit(p *phone, n int, letter byte) {
	for _, c := range p.change(smallWrite(letter)) {
		c.stamp = syncengine.UnixMilli(20 + 10*n)
		if p.id[0]%2 == 1 {
			c.stamp = syncengine.UnixMilli(45 - 10*n)
		}
		c.suspect = n == 1 && p.id[0] == 2
	}
}

func TestSmallWorlds_EveryOrderOfPushesReadsTheSame(t *testing.T) {
	for _, policy := range policies {
		for _, two := range words("abd", 4) {
			for _, third := range []string{"ab", "xa"} {
				walkAllOrders(t, policy, two+third)
			}
		}
		for _, word := range []string{"abcabcabc", "abbbabdaa", "axaxaxada"} {
			walkAllOrders(t, policy, word)
		}
	}
}

// walkAllOrders shares the letters of a word out to the phones and walks every
// order in which their changes can arrive.
func walkAllOrders(t *testing.T, policy syncengine.PolicyKind, word string) {
	r := newSmallWorld(policy)
	each := len(word) / smallPhones
	for i, p := range r.phones {
		for n := range each {
			smallEdit(p, n, word[i*each+n])
		}
	}
	w := orders{t: t, realm: r, word: word, kept: policy != syncengine.Review}
	w.walk(r.record(), 2, [smallPhones]int{1, 0, 0})
}

// orders walks every order of the pushes that are left, by the engine alone.
type orders struct {
	t     *testing.T
	realm *realm
	word  string
	// kept has what is kept compared too.
	kept  bool
	want  []byte
	first *syncengine.Record
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
		next := in
		next[i]++
		o.walk(m.Record, seq+1, next)
	}
	if last {
		o.compare(rec)
	}
}

func (o *orders) compare(rec *syncengine.Record) {
	got := o.fingerprint(rec)
	if o.want == nil {
		o.want, o.first = got, rec
	}
	if !bytes.Equal(got, o.want) {
		o.t.Fatalf("policy %d, word %s: one order reads\n%v\nanother\n%v",
			o.realm.kind.Fields[fieldTested].Policy, o.word, o.realm.readingOf(o.first), o.realm.readingOf(rec))
	}
}

// fingerprint is a reading in few bytes. The digest follows from the values shown.
func (o *orders) fingerprint(rec *syncengine.Record) []byte {
	var out []byte
	for i := range rec.Cells {
		c := &rec.Cells[i]
		for _, v := range c.Values {
			out = append(out, v.Write.Dot.Incarnation[0], byte(v.Write.Dot.Seq))
		}
		if o.kept {
			kept := len(out)
			for _, k := range c.Kept {
				out = append(out, k.Value.Write.Dot.Incarnation[0]<<4+byte(k.Value.Write.Dot.Seq))
			}
			slices.Sort(out[kept:])
			out = append(out, byte(o.realm.world().ConflictAt(rec, c)))
		}
		out = append(out, 0xff)
	}
	return out
}

// smallScripts are all orders of "push, then pull and edit again, then push" at
// three phones, each turn named by its phone.
func smallScripts(left [smallPhones]int, script string, each func(string)) {
	last := true
	for i := range left {
		if left[i] > 0 {
			last = false
			next := left
			next[i]--
			smallScripts(next, script+string(rune('0'+i)), each)
		}
	}
	if last {
		each(script)
	}
}

// playSmall plays a script and gives the name of its class: the scripts with
// the same pulls between the same sets of pushes.
func playSmall(policy syncengine.PolicyKind, word, script string, after func(*realm)) (r *realm, class string) {
	r = newSmallWorld(policy)
	var turn [smallPhones]int
	var run []string
	for i, p := range r.phones {
		smallEdit(p, 0, word[2*i])
	}
	for _, c := range script {
		i := c - '0'
		if turn[i]++; turn[i] == 2 {
			slices.Sort(run)
			class, run = class+fmt.Sprint(run, "pull", i), nil
			r.phones[i].pull()
			smallEdit(r.phones[i], 1, word[2*i+1])
		} else {
			run = append(run, string(c))
			r.phones[i].push()
		}
		after(r)
	}
	slices.Sort(run)
	return r, class + fmt.Sprint(run)
}

func TestSmallWorlds_PushesPullsAndEditsInEveryOrderLoseNothing(t *testing.T) {
	for _, policy := range policies {
		for _, word := range []string{"ababab", "bbadab"} {
			first := map[string]*realm{}
			smallScripts([smallPhones]int{3, 3, 3}, "", func(script string) {
				r, class := playSmall(policy, word, script, func(r *realm) { r.assertNothingLost(t) })
				r.assertSets(t)
				r.assertConflicts(t)
				if other, ok := first[class]; ok {
					assertSameReading(t, other, r, other.reading())
				} else {
					first[class] = r
				}
			})
		}
	}
}
