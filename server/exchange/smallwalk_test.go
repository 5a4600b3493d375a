package exchange_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
)

// smallWalk walks all orders and faults and compares each end with its reference.
type smallWalk struct {
	t     *testing.T
	first *smallWorld
	word  string
	// references holds the state that each history comes to without faults, both as hashes.
	references map[[sha256.Size]byte][sha256.Size]byte

	plays, calls int
}

// play plays one order of turns; faults[i] meets the call of turn i.
func (s *smallWalk) play(order string, faults map[int]smallFault) {
	w := s.first.copy()
	var turn [smallPhones]int
	names := []string{}
	for i, who := range order {
		n := int(who - '0')
		fault, ok := faults[i]
		if !ok {
			fault = smallFaults[0]
		} else {
			names = append(names, fmt.Sprintf("%s at turn %d", fault.name, i))
		}
		w.turn(w.phones[n], s.word[n*len(order)/smallPhones+turn[n]], fault)
		turn[n]++
	}
	w.finish()
	s.plays, s.calls = s.plays+1, s.calls+w.calls
	s.compare(w, fmt.Sprintf("word %s, order %s, %v", s.word, order, names))
}

func (s *smallWalk) compare(w *smallWorld, name string) {
	entries := w.accepted()
	made := 0
	for _, p := range w.phones {
		made += len(p.changes)
	}
	if len(entries) != made {
		s.t.Fatalf("I2: %s: %d changes were made, %d are in the log", name, made, len(entries))
	}
	key := sha256.Sum256([]byte(history(entries)))
	want, ok := s.references[key]
	if !ok {
		want = sha256.Sum256([]byte(s.first.copy().reference(entries, w.phones)))
		s.references[key] = want
	}
	if got := w.state(); sha256.Sum256([]byte(got)) != want {
		s.t.Fatalf("I1: %s: the realm holds\n%s\nwithout faults\n%s", name, got, s.first.copy().reference(entries, w.phones))
	}
}

// smallOrders gives every order of turns, each named by its phone.
func smallOrders(left [smallPhones]int, order string, each func(string)) {
	last := true
	for i := range left {
		if left[i] > 0 {
			last = false
			next := left
			next[i]--
			smallOrders(next, order+string(rune('0'+i)), each)
		}
	}
	if last {
		each(order)
	}
}

func TestSmallWorlds_EveryLostOrRepeatedMessageChangesNothing(t *testing.T) {
	s := smallWalk{t: t, first: newSmallWorld(t), references: map[[sha256.Size]byte][sha256.Size]byte{}}
	all := allSmallWorlds()
	s.walk("abdaub", 2, all)
	if all {
		for _, word := range []string{"aabbxd", "nduuan", "dxbaab"} {
			s.walk(word, 2, false)
		}
		s.walk("abxduaban", 3, false)
	}
	t.Logf("%d plays in %d calls, each compared with one of %d histories without a fault", s.plays, s.calls, len(s.references))
}

// walk plays every order of turns with every fault at every turn, and with two of them if so asked.
func (s *smallWalk) walk(word string, turns int, pairs bool) {
	s.word = word
	smallOrders([smallPhones]int{turns, turns, turns}, "", func(order string) {
		s.play(order, nil)
		for i := range order {
			for _, fault := range smallFaults[1:] {
				s.play(order, map[int]smallFault{i: fault})
				for j := i + 1; pairs && j < len(order); j++ {
					for _, second := range smallFaults[1:] {
						s.play(order, map[int]smallFault{i: fault, j: second})
					}
				}
			}
		}
	})
}
