package pgtest_test

import (
	"fmt"
	"strings"
	"testing"

	"onedoor/internal/pgtest"
)

func TestSmallLog_OverflowsAsADiskDoesAndComesBackWithWhatWasCommitted(t *testing.T) {
	l, err := pgtest.StartSmallLog()
	if err != nil {
		fmt.Printf("NOT RUN: %s: %v\n", t.Name(), err)
		return
	}
	t.Cleanup(func() {
		if err := l.Remove(); err != nil {
			t.Error(err)
		}
	})
	if _, err := l.Ask("postgres", "CREATE TABLE kept AS SELECT 7 AS n"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := l.Overflow(); err != nil {
			t.Fatal(err)
		}
		if said := l.Log(); !strings.Contains(said, "No space left on device") {
			t.Errorf("the cluster met no full disk:\n%s", said)
		}
		if n, err := l.Ask("postgres", "SELECT n FROM kept"); strings.TrimSpace(n) != "7" {
			t.Errorf("it came back with %q, %v", n, err)
		}
	}
}
