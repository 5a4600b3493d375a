package wire_test

import (
	"fmt"
	"slices"
	"testing"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
)

func TestCountOver_NamesTheFieldOfWhichTooMuchIsWritten(t *testing.T) {
	reasons := func(n int) (out []byte) {
		for range n {
			out = slices.Concat(out, text(premisesReasons, "堆放杂物"))
		}
		return out
	}
	participants := func(n int) (out []byte) {
		for i := range n {
			out = slices.Concat(out, text(disputeParticipants, string(id(byte(i+1)))))
		}
		return out
	}
	cases := []struct {
		kind, field string
		most        int
		fields      func(int) []byte
	}{
		{"premises", "grade_reasons", 10, reasons}, {"dispute", "participants", 50, participants},
	}
	for _, c := range cases {
		for n, want := range map[int]string{c.most: "", c.most + 1: fmt.Sprint(c.field, c.most+1)} {
			cells, err := wire.Cells(kindOf(t, c.kind), false, &syncv1.Patch{Fields: c.fields(n)})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if f, many := wire.CountOver(kindOf(t, c.kind), cells); f != nil {
				got = fmt.Sprint(f.Name, many)
			}
			if got != want {
				t.Errorf("%d of %s: %q, want %q", n, c.field, got, want)
			}
		}
	}
}
