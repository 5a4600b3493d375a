package demo

import "math/rand/v2"

// apportion splits total by integer weights so that the parts add up exactly. It rounds running sums, in integers
// only, so that every machine gives the same parts.
func apportion(total int, weights []int) []int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	parts := make([]int, len(weights))
	running, given := 0, 0
	for i, w := range weights {
		running += w
		upTo := (total*running + sum/2) / sum
		parts[i] = upTo - given
		given = upTo
	}
	return parts
}

// unevenWeights returns weights between 70 and 130, for parts that differ as real places do.
func unevenWeights(rng *rand.Rand, n int) []int {
	weights := make([]int, n)
	for i := range weights {
		weights[i] = 70 + rng.IntN(61)
	}
	return weights
}

// evenSplit splits total into parts that differ by at most one; chance decides which parts get the one more.
func evenSplit(rng *rand.Rand, total, n int) []int {
	parts := make([]int, n)
	for i := range parts {
		parts[i] = total / n
	}
	for _, i := range rng.Perm(n)[:total%n] {
		parts[i]++
	}
	return parts
}

// weighted is one choice with its weight.
type weighted[T any] struct {
	weight int
	choice T
}

// pick draws a choice by weight.
func pick[T any](rng *rand.Rand, choices []weighted[T]) T {
	sum := 0
	for _, c := range choices {
		sum += c.weight
	}
	at := rng.IntN(sum)
	for _, c := range choices[:len(choices)-1] {
		if at < c.weight {
			return c.choice
		}
		at -= c.weight
	}
	return choices[len(choices)-1].choice
}

// oneOf draws an element evenly.
func oneOf[T any](rng *rand.Rand, from []T) T {
	return from[rng.IntN(len(from))]
}

// chance is true in percent of a hundred draws.
func chance(rng *rand.Rand, percent int) bool {
	return rng.IntN(100) < percent
}
