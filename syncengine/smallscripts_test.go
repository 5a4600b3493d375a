package syncengine_test

import (
	"fmt"
	"slices"
	"testing"

	"onedoor/syncengine"
)

func TestSmallWorlds_PushesPullsAndEditsInEveryOrderLoseNothing(t *testing.T) {
	eachSmallCell(t, func(t *testing.T, cell smallCell) (sum walked) {
		for _, word := range cell.scriptWords() {
			first := map[string]*realm{}
			sum.worlds++
			smallScripts([smallPhones]int{3, 3, 3}, "", func(script string) {
				r, class := cell.play(word, script, func(r *realm) { r.assertNothingLost(t) })
				r.assertSets(t)
				r.assertConflicts(t)
				sum.interleavings, sum.merges = sum.interleavings+1, sum.merges+len(r.merged)-1
				if other, ok := first[class]; ok {
					assertSameReading(t, other, r, other.reading())
				} else {
					first[class] = r
				}
			})
		}
		return sum
	})
}

// scriptWords are what the three phones write, two letters each: the first
// before they have pulled, the second after.
func (c smallCell) scriptWords() []string {
	if allSmallWorlds() {
		return []string{"ababab", "bbadab", "dababx", "aadxba", "xdxaab", "bdbaba"}
	}
	return []string{"bbadab"}
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

// play plays a script and gives the name of its class: the scripts with the
// same pulls between the same sets of pushes.
func (c smallCell) play(word, script string, after func(*realm)) (r *realm, class string) {
	r = c.newWorld()
	var turn [smallPhones]int
	var run []string
	for i, p := range r.phones {
		c.edit(p, 0, word[2*i])
	}
	for _, s := range script {
		i := s - '0'
		if turn[i]++; turn[i] == 2 {
			slices.Sort(run)
			class, run = class+fmt.Sprint(run, "pull", i), nil
			r.phones[i].pull()
			c.edit(r.phones[i], 1, word[2*i+1])
		} else {
			run = append(run, string(s))
			r.phones[i].push()
		}
		if after != nil {
			after(r)
		}
	}
	slices.Sort(run)
	return r, class + fmt.Sprint(run)
}

func TestSmallWorlds_HealingInEveryPhoneOrderGivesWhatWasThere(t *testing.T) {
	eachSmallCell(t, func(t *testing.T, cell smallCell) (sum walked) {
		for _, word := range cell.scriptWords() {
			sum.worlds++
			for i, script := range smallClasses(cell, word) {
				sum.add(healInEveryOrder(t, cell, word, script))
				if i%livedOn() == 0 {
					sum.add(liveOnInEveryOrder(t, cell, word, script))
				}
			}
		}
		return sum
	})
}

// smallClasses gives one script of each class; those of a class read the same.
func smallClasses(cell smallCell, word string) (scripts []string) {
	seen := map[string]bool{}
	smallScripts([smallPhones]int{3, 3, 3}, "", func(script string) {
		_, class := cell.play(word, script, nil)
		if !seen[class] {
			seen[class] = true
			scripts = append(scripts, script)
		}
	})
	return scripts
}

// phoneOrders are the orders in which three phones may come back.
var phoneOrders = [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}

// healInEveryOrder takes the server back to every backup of a script's log. The
// phones supply again what it lost, with the first coordinate and stamp.
func healInEveryOrder(t *testing.T, cell smallCell, word, script string) (sum walked) {
	before, _ := cell.play(word, script, nil)
	want := before.healed()
	for backup := syncengine.Seq(1); backup < before.head().Seq; backup++ {
		for _, order := range phoneOrders {
			r, _ := cell.play(word, script, nil)
			r.restore(backup)
			r.comeBack(order)
			r.assertNothingLost(t)
			sum.interleavings, sum.merges = sum.interleavings+1, sum.merges+int(before.head().Seq-backup)
			if got := r.healed(); got != want {
				t.Fatalf("I13: word %s, script %s, backup %d, phones %v:\n%v\nbefore:\n%v", word, script, backup, order, got, want)
			}
		}
	}
	return sum
}

// livedOn is of how many histories one is lived on after its loss.
func livedOn() int {
	if allSmallWorlds() {
		return 12
	}
	return 48
}

// liveOnInEveryOrder takes the server back to every backup of a script's log.
// Every phone comes back once and two of them work on after it, in every order.
func liveOnInEveryOrder(t *testing.T, cell smallCell, word, script string) (sum walked) {
	before, _ := cell.play(word, script, nil)
	for backup := syncengine.Seq(1); backup < before.head().Seq; backup++ {
		for only := range smallPhones {
			turns := [smallPhones]int{2, 2, 2}
			turns[only] = 1
			smallScripts(turns, "", func(turns string) {
				r, _ := cell.play(word, script, nil)
				r.restore(backup)
				cell.liveOn(t, r, word, turns)
				sum.interleavings, sum.merges = sum.interleavings+1, sum.merges+len(r.merged)-1
			})
		}
	}
	return sum
}

// liveOn has phones hand in what the server lost, each at its first turn, and edit again at the second.
func (c smallCell) liveOn(t *testing.T, r *realm, word, turns string) {
	var turn [smallPhones]int
	for _, s := range turns {
		i := s - '0'
		if turn[i]++; turn[i] == 2 {
			r.phones[i].pull()
			c.edit(r.phones[i], 2, word[2*i])
		}
		r.phones[i].pushAll()
		r.assertNothingLost(t)
		r.assertSetsHoldTheTruth(t)
	}
	r.assertSets(t)
}

// healed is what must read the same after healing: the sets, the digest, and
// what is open. What is only kept may grow: the restored server no longer knows
// what was shown when, and what is unknown counts as not shown.
func (r *realm) healed() reading {
	got := r.reading()
	open := r.conflicts()
	for key, kind := range open {
		if kind == syncengine.KeptOpen {
			delete(open, key)
		}
	}
	return reading{sets: got.sets, digest: got.digest, conflicts: fmt.Sprint(open)}
}
