package crash_test

import (
	"slices"
	"strings"
	"testing"

	"onedoor/internal/sim/crash"
)

// Markers of these tests.
const (
	one   = "kill-1-0-1;"
	two   = "kill-1-0-2;"
	three = "kill-1-0-3;"
)

func TestAudit_WhatIsOwedIsThereOnce(t *testing.T) {
	for _, c := range []struct {
		name             string
		said             func(b *crash.Book)
		log              []string
		lost, duplicated []string
		problem          string
	}{
		{"all there", func(b *crash.Book) { b.Edit(crash.Acknowledged, one); b.Edit(crash.Durable, two) }, []string{"x" + one, two}, nil, nil, ""},
		{"an acknowledged one is missing", func(b *crash.Book) { b.Edit(crash.Acknowledged, one) }, []string{two}, []string{one}, nil, ""},
		{"a durable one is missing", func(b *crash.Book) { b.Edit(crash.Durable, one) }, nil, []string{one}, nil, ""},
		{"one that died with its phone is missing", func(b *crash.Book) { b.Edit(crash.Asked, one) }, nil, nil, nil, ""},
		{"one is there twice", func(b *crash.Book) { b.Edit(crash.Durable, one) }, []string{one, one}, nil, []string{one}, ""},
		{"a refused one is there", func(b *crash.Book) { b.Edit(crash.Refused, one) }, []string{one}, nil, nil, "refused"},
		{"half of a group is there", func(b *crash.Book) { b.Edit(crash.Asked, one, two, three) }, []string{one, three}, nil, nil, "group"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &crash.Book{}
			c.said(b)
			found := crash.Audit(b, crash.Durable, c.log)
			if !slices.Equal(found.Lost, c.lost) || !slices.Equal(found.Duplicated, c.duplicated) {
				t.Errorf("lost %q, duplicated %q; want %q and %q", found.Lost, found.Duplicated, c.lost, c.duplicated)
			}
			if c.problem == "" != (len(found.Problems) == 0) || !strings.Contains(strings.Join(found.Problems, ""), c.problem) {
				t.Errorf("problems %q, want one about %q", found.Problems, c.problem)
			}
		})
	}
}

func TestAudit_AfterTheStormOnlyWhatIsAcknowledgedIsOwed(t *testing.T) {
	b := &crash.Book{}
	b.Edit(crash.Durable, one)
	b.Edit(crash.Acknowledged, two)
	if found := crash.Audit(b, crash.Acknowledged, nil); !slices.Equal(found.Lost, []string{two}) {
		t.Errorf("lost %q", found.Lost)
	}
}

func TestAudit_APhoneShowsTheLogAndNothingElse(t *testing.T) {
	right := func() *crash.Facts {
		return &crash.Facts{Epoch: 1, Seq: 2, Digest: "d", Shown: []string{one, two}, Incarnation: "00000000-0000-0000-0000-000000000000"}
	}
	for name, spoil := range map[string]func(f *crash.Facts){
		"":                 func(*crash.Facts) {},
		"hold different":   func(f *crash.Facts) { f.Digest = "e" },
		"0 times":          func(f *crash.Facts) { f.Shown = []string{one} },
		"2 times":          func(f *crash.Facts) { f.Shown = []string{one, two, two} },
		"does not have":    func(f *crash.Facts) { f.Shown = []string{one, two, three} },
		"pending":          func(f *crash.Facts) { f.Pending = 1 },
		"it stands at 1":   func(f *crash.Facts) { f.Seq = 1 },
		"in epoch 2":       func(f *crash.Facts) { f.Epoch = 2 },
		"covers 3 changes": func(f *crash.Facts) { f.Receipt = &crash.Receipt{DeviceSeq: 3} },
		"other bytes":      func(f *crash.Facts) { f.Receipt = &crash.Receipt{DeviceSeq: 2, Chain: "00"} },
	} {
		t.Run(name, func(t *testing.T) {
			b := &crash.Book{}
			b.Edit(crash.Acknowledged, one)
			b.Edit(crash.Acknowledged, two)
			spoiled := right()
			spoil(spoiled)
			found := crash.Audit(b, crash.Durable, []string{one, two}, right(), spoiled)
			if name == "" != (len(found.Problems) == 0) || !strings.Contains(strings.Join(found.Problems, " "), name) {
				t.Errorf("problems %q", found.Problems)
			}
		})
	}
}

func TestAudit_WhatTheLogHasAndItsPhoneDoesNotKnowOfIsUnheard(t *testing.T) {
	log := []string{one, two, two}
	if n := crash.Unheard(log, &crash.Facts{Unsent: []string{two, three}, Acknowledged: []string{one}}, &crash.Facts{}); n != 1 {
		t.Errorf("%d are unheard, not one", n)
	}
}

func TestPlan_FollowsFromTheSeed(t *testing.T) {
	plans := make(map[string]bool)
	for seed := range uint64(3) {
		for number := range 4 {
			plan := crash.Planned(seed, 1, 2, number)
			if plan != crash.Planned(seed, 1, 2, number) {
				t.Errorf("seed %d chose twice differently for round %d", seed, number)
			}
			plans[plan] = true
		}
	}
	if len(plans) != 12 {
		t.Errorf("12 rounds have %d plans", len(plans))
	}
}
