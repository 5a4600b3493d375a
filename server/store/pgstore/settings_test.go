package pgstore_test

import (
	"testing"

	"onedoor/internal/pgtest"
	"onedoor/server/store/pgstore"
)

func TestSettings_TellWhetherWhatIsConfirmedSurvives(t *testing.T) {
	found, err := pgstore.Settings(t.Context(), pgstore.Options{URL: pgtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"server_version", "fsync", "synchronous_commit", "full_page_writes"} {
		if found[name] == "" {
			t.Errorf("%s is not told: %v", name, found)
		}
	}
	if _, err := pgstore.Settings(t.Context(), pgstore.Options{URL: "postgres://nobody@127.0.0.1:1/none"}); err == nil {
		t.Error("a database that is not there tells its settings")
	}
}
