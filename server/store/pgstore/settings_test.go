package pgstore_test

import (
	"testing"
	"time"

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

func TestClockAhead_TellsByHowMuchAClockIsWrong(t *testing.T) {
	o := pgstore.Options{URL: pgtest.Database(t)} // It runs on this machine, by the same clock.
	for _, wrong := range []time.Duration{0, time.Hour, -time.Hour} {
		ahead, within, err := pgstore.ClockAhead(t.Context(), o, func() time.Time { return time.Now().Add(wrong) })
		if err != nil || within < 0 || (ahead-wrong).Abs() > within+time.Millisecond {
			t.Errorf("a clock that is %v ahead: %v within %v, %v", wrong, ahead, within, err)
		}
	}
	if _, _, err := pgstore.ClockAhead(t.Context(), pgstore.Options{URL: "postgres://nobody@127.0.0.1:1/none"}, time.Now); err == nil {
		t.Error("a database that is not there tells its time")
	}
}
