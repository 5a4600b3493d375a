package syncrpc

import (
	"slices"

	"google.golang.org/grpc/codes"

	"onedoor/internal/wire"

	"onedoor/server/refusal"
)

// passing are the codes of refusals that are over by and by: a phone sends the same again.
var passing = []codes.Code{codes.Unavailable, codes.ResourceExhausted}

// Refusals are the errors that phones are told, for the page that lists them.
func Refusals() (out []refusal.Told) {
	for _, r := range reasons {
		out = append(out, refusal.Told{Name: r.name, When: r.err.Error(), Hint: r.hint, Code: r.code, Again: slices.Contains(passing, r.code)})
	}
	return append(out,
		refusal.Told{Name: "SLOW_DOWN", When: "too many join codes were wrong", Hint: slowHint, Code: codes.ResourceExhausted, Again: true},
		refusal.Told{Name: wire.ReasonAppOld, When: "the app is older than this server asks for", Hint: appHint, Code: codes.FailedPrecondition})
}
