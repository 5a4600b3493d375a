package replay_test

import (
	"slices"
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/sim/replay"
)

const (
	visit  = recordv1.Kind_KIND_VISIT
	hazard = recordv1.Kind_KIND_HAZARD
)

func TestLedger_SaysWhatMustBeFound(t *testing.T) {
	cases := []struct {
		name   string
		kind   recordv1.Kind
		field  string
		first  string
		story  func(h *replay.History)
		shown  string
		beside []string
		open   bool
	}{
		{
			name: "who saw a value replaces it", kind: hazard, field: "note", first: "a",
			story: func(h *replay.History) {
				h.Write(1, "note", "b")
				h.Sync(1)
				h.Sync(0)
				h.Write(0, "note", "c")
				h.Sync(0)
			},
			shown: "c",
		},
		{
			name: "two who knew nothing of each other are both found, the later is shown", kind: hazard, field: "note", first: "a",
			story: func(h *replay.History) { h.Write(0, "note", "b"); h.Write(1, "note", "c"); h.Sync(1); h.Sync(0) },
			shown: "c", beside: []string{"b"}, open: true,
		},
		{
			name: "the order of the syncs does not decide", kind: hazard, field: "note", first: "a",
			story: func(h *replay.History) { h.Write(0, "note", "b"); h.Write(1, "note", "c"); h.Sync(0); h.Sync(1) },
			shown: "c", beside: []string{"b"}, open: true,
		},
		{
			name: "two who wrote the same ask nobody", kind: hazard, field: "note", first: "a",
			story: func(h *replay.History) { h.Write(0, "note", "b"); h.Write(1, "note", "b"); h.Sync(0); h.Sync(1) },
			shown: "b",
		},
		{
			name: "an own value that never left the phone is replaced", kind: hazard, field: "note", first: "a",
			story: func(h *replay.History) { h.Write(0, "note", "b"); h.Write(0, "note", "c"); h.Sync(0) },
			shown: "c",
		},
		{
			name: "who writes over a conflict keeps what was not on the screen", kind: hazard, field: "note", first: "a",
			story: func(h *replay.History) {
				h.Write(0, "note", "b")
				h.Write(1, "note", "c")
				h.Sync(0)
				h.Sync(1)
				h.Sync(2)
				h.Write(2, "note", "d")
				h.Sync(2)
			},
			shown: "d", beside: []string{"b"}, open: true,
		},
		{
			name: "one who had it on the screen lets it go for all", kind: hazard, field: "note", first: "a",
			story: func(h *replay.History) {
				h.Write(0, "note", "b")
				h.Sync(0)
				h.Sync(2)
				h.Write(1, "note", "c")
				h.Sync(1)
				h.Sync(0)
				h.Write(0, "note", "e")
				h.Write(2, "note", "d")
				h.Sync(0)
				h.Sync(2)
			},
			shown: "d", beside: []string{"e"}, open: true,
		},
		{
			name: "a value handed in and unseen by the next author stays", kind: hazard, field: "note", first: "a",
			story: func(h *replay.History) { h.Write(0, "note", "b"); h.Sync(0); h.Write(1, "note", "c"); h.Sync(1) },
			shown: "c", beside: []string{"b"}, open: true,
		},
		{
			name: "a second maker of a record covers nothing", kind: visit, field: "note", first: "a",
			story: func(h *replay.History) { h.Create(1, "note", "b"); h.Sync(1) },
			shown: "b", beside: []string{"a"}, open: true,
		},
		{
			name: "of two judgements the graver is shown", kind: hazard, field: "severity_found", first: "1",
			story: func(h *replay.History) {
				h.Write(0, "severity_found", "3")
				h.Write(1, "severity_found", "2")
				h.Sync(0)
				h.Sync(1)
			},
			shown: "3", beside: []string{"2"}, open: true,
		},
		{
			name: "of two times of a visit the earlier is shown, and nobody is asked", kind: visit, field: "occurred_at", first: "50",
			story: func(h *replay.History) {
				h.Write(0, "occurred_at", "9")
				h.Write(1, "occurred_at", "10")
				h.Sync(0)
				h.Sync(1)
			},
			shown: "9", beside: []string{"10"},
		},
		{
			name: "of two steps the further is shown", kind: hazard, field: "state", first: "1",
			story: func(h *replay.History) { h.Write(0, "state", "4"); h.Write(1, "state", "2"); h.Sync(0); h.Sync(1) },
			shown: "4", beside: []string{"2"}, open: true,
		},
		{
			name: "of two origins the first is shown", kind: hazard, field: "found_at", first: "7",
			story: func(h *replay.History) { h.Create(1, "found_at", "8"); h.Sync(1) },
			shown: "7", beside: []string{"8"}, open: true,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := replay.NewHistory(c.kind, c.field, c.first)
			c.story(h)
			shown, beside, open := h.Verdict(c.field)
			if shown != c.shown || !slices.Equal(beside, c.beside) || open != c.open {
				t.Errorf("shown %q beside %q open %v, want %q beside %q open %v", shown, beside, open, c.shown, c.beside, c.open)
			}
		})
	}
}

func TestLedger_AnEditNeverLeavesItsAuthorsScreen(t *testing.T) {
	h := replay.NewHistory(hazard, "note", "a")
	h.Write(0, "note", "b")
	h.Write(1, "note", "c")
	h.Sync(1)
	if got := h.Screen(0, "note"); got != "b" {
		t.Errorf("the author shows %q before the sync, want b", got)
	}
	if got := h.Screen(2, "note"); got != "a" {
		t.Errorf("a phone that has not synced shows %q, want a", got)
	}
	h.Sync(0)
	if got := h.Screen(0, "note"); got != "c" {
		t.Errorf("the author shows %q after the sync, want the later c", got)
	}
}
