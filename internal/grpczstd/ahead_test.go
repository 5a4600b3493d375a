package grpczstd_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"onedoor/internal/grpczstd"
)

// letters makes bytes that can be packed, another sequence for each seed.
func letters(size int, seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 7))
	out := make([]byte, size)
	for i := range out {
		out[i] = byte(rng.IntN(6))
	}
	return out
}

func TestAhead_AMessageThatHoldsThePartComesBackWhole(t *testing.T) {
	part := letters(200_000, 1)
	for name, message := range map[string][]byte{
		"the part alone":           part,
		"with a head":              append([]byte("who I am"), part...),
		"with a head and a tail":   append(append([]byte("who I am"), part...), "and my signature"...),
		"behind a head too long":   append(letters(10_000, 2), part...),
		"another of the same size": letters(200_000, 3),
		"the part cut short":       part[:len(part)-1],
		"nothing":                  nil,
	} {
		alone := len(pack(t, message))
		drop := grpczstd.Ahead(part)
		packed := pack(t, message)
		drop()
		back, err := unpack(packed)
		if err != nil || !bytes.Equal(back, message) {
			t.Errorf("%s: %d bytes come back as %d, %v", name, len(message), len(back), err)
		}
		if len(packed) > alone+alone/100+64 {
			t.Errorf("%s: takes %d bytes, %d without a part ahead", name, len(packed), alone)
		}
	}
}

// What was packed ahead is used: the message is then made of frames, the part's among them.
func TestAhead_ThePartIsNotPackedAgain(t *testing.T) {
	part := letters(200_000, 4)
	frame := pack(t, part)
	message := append(append([]byte("a head"), part...), "a tail"...)
	drop := grpczstd.Ahead(part)
	if !bytes.Contains(pack(t, message), frame) {
		t.Error("the message does not hold the frame of its part")
	}
	drop()
	if bytes.Contains(pack(t, message), frame) {
		t.Error("a part that was dropped is used")
	}
}

func TestAhead_PartsBeyondTheBoundArePackedWithTheirMessage(t *testing.T) {
	var drops []func()
	var parts [][]byte
	for i := range 10 {
		parts = append(parts, letters(70_000, uint64(10+i)))
		drops = append(drops, grpczstd.Ahead(parts[i]))
	}
	for i, part := range parts {
		if back, err := unpack(pack(t, part)); err != nil || !bytes.Equal(back, part) {
			t.Errorf("part %d: %d bytes come back, %v", i, len(back), err)
		}
		drops[i]()
	}
}
