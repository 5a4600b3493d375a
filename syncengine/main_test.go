package syncengine_test

import (
	"flag"
	"os"
	"testing"
)

// storiesTold is how many random stories each property is tried on, unless the
// command line says otherwise: most rules need several things to meet, and one
// story takes a quarter of a millisecond.
const storiesTold = "1000"

// TestMain sets rapid up. It keeps no file of a failing run: what is printed
// repeats it.
func TestMain(m *testing.M) {
	flag.Parse()
	set := map[string]string{"rapid.nofailfile": "true", "rapid.checks": storiesTold}
	flag.Visit(func(f *flag.Flag) { delete(set, f.Name) })
	for name, value := range set {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
