package client_test

import (
	"flag"
	"os"
	"testing"
)

// casesTried is how many random days of one phone are tried, unless the command
// line says otherwise: each has a server, two encrypted databases and some thirty
// steps, and takes a tenth of a second.
const casesTried = "25"

// TestMain sets rapid up. It keeps no file of a failing run: what is printed
// repeats it.
func TestMain(m *testing.M) {
	flag.Parse()
	set := map[string]string{"rapid.nofailfile": "true", "rapid.checks": casesTried}
	flag.Visit(func(f *flag.Flag) { delete(set, f.Name) })
	for name, value := range set {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
