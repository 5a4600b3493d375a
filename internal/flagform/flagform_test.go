package flagform_test

import (
	"testing"

	"github.com/spf13/pflag"

	"onedoor/internal/flagform"
)

func TestRefused_SaysWhatTheFlagTakesWithAnExample(t *testing.T) {
	flags := pflag.NewFlagSet("all", pflag.ContinueOnError)
	flags.Int("int", 0, "")
	flags.Uint32("uint32", 0, "")
	flags.Uint64("uint64", 0, "")
	flags.Float64("float64", 0, "")
	flags.Duration("duration", 0, "")
	flags.Bool("bool", false, "")
	for _, test := range []struct{ kind, value, want string }{
		{"int", "x", `"x" is no whole number, such as 14`},
		{"int", "1.5", `"1.5" is no whole number, such as 14`},
		{"int", "99999999999999999999", `"99999999999999999999" is too large or too small for a whole number, such as 14`},
		{"uint32", "-1", `"-1" is no whole number from 0 up, such as 14`},
		{"uint32", "5000000000", `"5000000000" is too large or too small for a whole number from 0 up, such as 14, at most 4294967295`},
		{"uint64", "", `"" is no whole number from 0 up, such as 14`},
		{"float64", "half", `"half" is no number, such as 0.1`},
		{"duration", "5", `"5" has no unit: give a duration, such as 24h or 90m`},
		{"duration", "soon", `"soon" is no duration, such as 24h or 90m`},
		{"bool", "maybe", `"maybe" is no yes or no: give true or false`},
	} {
		err := flags.Lookup(test.kind).Value.Set(test.value)
		if err == nil {
			t.Errorf("%s takes %q", test.kind, test.value)
			continue
		}
		if got := flagform.Refused(test.kind, test.value, err); got != test.want {
			t.Errorf("%s %q: %s, want %s", test.kind, test.value, got, test.want)
		}
	}
}
