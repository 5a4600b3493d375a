package model_test

import (
	"testing"

	"onedoor/internal/sim/model"
)

// caught wants every invariant named to be violated, and no other.
func caught(t *testing.T, found []model.Violation, want ...model.Invariant) {
	t.Helper()
	got, wanted := map[model.Invariant]bool{}, map[model.Invariant]bool{}
	for _, v := range found {
		got[v.Invariant] = true
	}
	for _, i := range want {
		wanted[i] = true
		if !got[i] {
			t.Errorf("%v is violated and was not found; found were %v", i, found)
		}
	}
	for _, v := range found {
		if !wanted[v.Invariant] {
			t.Errorf("found %v, which nobody did", v)
		}
	}
}
