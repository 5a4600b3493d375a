package sim

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
)

// dice are the chance of one thing that happens. Each thing has dice of its own, made from the seed and its name, so that
// leaving one step out, as shrinking does, leaves the chance of all others alone.
type dice struct{ *rand.Rand }

func diceFor(seed uint64, name string, number int) dice {
	h := fnv.New64a()
	h.Write([]byte(name))
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(number)))
	return dice{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// oneIn is true once in n times; never for 0.
func (d dice) oneIn(n int) bool { return n > 0 && d.IntN(n) == 0 }

// between draws a number from least to most, both included.
func (d dice) between(least, most int64) int64 { return least + d.Int64N(most-least+1) }

// pick draws one of a list.
func pick[T any](d dice, list []T) T { return list[d.IntN(len(list))] }

// weighed is a choice with its weight.
type weighed[T any] struct {
	weight int
	value  T
}

// draw draws one of the choices by weight; all weights zero give the first.
func draw[T any](d dice, choices []weighed[T]) T {
	total := 0
	for _, c := range choices {
		total += c.weight
	}
	if total == 0 {
		return choices[0].value
	}
	at := d.IntN(total)
	for _, c := range choices {
		if at < c.weight {
			return c.value
		}
		at -= c.weight
	}
	panic("sim: weights that do not add up")
}

// stream is a source of random bytes for a phone or the server.
func stream(seed uint64, name string, number int) *rand.ChaCha8 {
	d := diceFor(seed, name, number)
	var key [32]byte
	for i := range 4 {
		binary.BigEndian.PutUint64(key[8*i:], d.Uint64())
	}
	return rand.NewChaCha8(key)
}
