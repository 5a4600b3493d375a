package refusal

import (
	"slices"

	"google.golang.org/grpc/codes"
)

// Told is a refusal as docs/errors.md tells it.
type Told struct {
	// Name is the reason on the wire, When what the message begins with or is; empty where each says it in words of its own.
	Name, When string
	Hint       string
	Code       codes.Code
	// Again says that waiting helps, for as long as the status says where it says so.
	Again bool
}

// Told gives the rows of a table that those before it do not have.
func (t Table) Told(but Table) (out []Told) {
	for _, r := range t {
		if !slices.Contains(but, r) {
			out = append(out, r.told())
		}
	}
	return out
}

func (r Row) told() Told {
	told := Told{Name: r.name(), Hint: r.Hint, Code: r.Code, Again: r.Retry}
	if r.Err != nil {
		told.When = r.Err.Error()
	}
	return told
}

// Any is what each service can answer beside its table.
var Any = Table{fault, step}
