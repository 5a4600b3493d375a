package storetest

import (
	"testing"
	"testing/synctest"

	"onedoor/server/store"

	"pgregory.net/rapid"
)

// Reopener is a store whose content outlives it. Reopen closes it and opens the
// same content again.
type Reopener interface {
	store.Store
	Reopen() error
}

// rule is one thing a store must do. It runs in a bubble of testing/synctest,
// so that a check can tell when everything else waits.
type rule struct {
	name  string
	check func(t *testing.T, s store.Store)
}

// Run checks every rule, each on a fresh and empty store from open. It closes
// the stores. A store that is a [Reopener] must also keep what it was given.
func Run(t *testing.T, open func(t testing.TB) store.Store) {
	t.Helper()
	for _, rules := range [][]rule{contentRules, transactionRules, walkRules, concurrencyRules, endRules} {
		for _, r := range rules {
			t.Run(r.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := open(t)
					defer closed(t, s)
					r.check(t, s)
				})
			})
		}
	}
	for _, r := range durabilityRules {
		if s, ok := open(t).(Reopener); ok {
			t.Run(r.name, func(t *testing.T) {
				defer closed(t, s)
				r.check(t, s)
			})
		}
	}
	t.Run("AnyOperationsGiveTheHistoryOfTheModel", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			operations := Operations().Draw(rt, "operations")
			s := open(t)
			want := Play(rt, newModel(), operations)
			got := Play(rt, s, operations)
			if diff := Difference(want, got); diff != "" {
				rt.Fatalf("model and store differ: %s", diff)
			}
		})
	})
}

// closed closes a store at the end of a test.
func closed(t testing.TB, s store.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}
