// Package upgrade_test upgrades servers one by one with two real builds: this software, and the next one, which is built from the
// same tree with a field more in its proto files, the next number of the record schema, and tables of its own where a test asks
// for them. Servers are `onedoor serve` in processes of their own before a real PostgreSQL; phones are processes too, with the app of
// either build.
//
// What differs between the builds stands in an overlay that is made when the tests run (software_test.go): nothing of it is in the
// repository, so that the next release is free to be another one.
//
// Read upgrade_test.go first, then software_test.go, realm_test.go and phone_test.go.
package upgrade_test

import (
	"fmt"
	"os"
	"testing"

	"onedoor/internal/pgtest"
	"onedoor/internal/sim/child"
)

// part begins the arguments of a test binary that runs as a phone.
const part = "upgrade-part"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == part {
		p := &handset{}
		if err := child.Serve(os.Stdin, os.Stdout, p.handle); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := pgtest.Main(m)
	if builds.dir != "" {
		_ = os.RemoveAll(builds.dir) // A left folder in the temporary one harms nobody.
	}
	os.Exit(code)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
