package story_test

import (
	"testing"

	"onedoor/internal/pgtest"
	"onedoor/internal/sim"
	"onedoor/server/store/pgstore"
)

func TestSimulation_ItsShareOnARealStoreRunsInADatabaseAndLeavesNothingThere(t *testing.T) {
	const seeds = 10 // Of which one or two run on a real store.
	url := pgtest.Database(t)
	result, err := sim.Run(t.Context(), sim.Options{Seeds: seeds, Base: 1, Store: url})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range result.Failures {
		t.Errorf("seed %d: %v %v", f.Case.Seed, f.Violations, f.Err)
	}
	names, err := pgstore.Realms(t.Context(), pgstore.Options{URL: url})
	if len(names) > 0 || err != nil {
		t.Errorf("realms left: %q, %v", names, err)
	}
	if _, err := pgstore.Open(t.Context(), pgstore.Options{URL: url, Realm: "sim"}); err == nil {
		t.Error("a realm that nobody made was opened")
	}
	made, err := pgtest.Value(url, "SELECT count(*) FROM pg_stat_user_tables WHERE relname = 'onedoor_heads' AND n_tup_ins > 1")
	if err != nil || made != "1" {
		t.Errorf("realms were made: %q, %v", made, err)
	}
}
