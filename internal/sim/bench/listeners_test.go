package bench_test

import (
	"testing"

	"onedoor/internal/sim/desk"
)

func TestGridCodes_ACommunityHasAsManyAsThreeDigitsName(t *testing.T) {
	for team, want := range map[int]string{0: "530702001001001", 998: "530702001001999", 999: "530702001002001"} {
		if got := desk.GridCode(team); got != want {
			t.Errorf("team %d works in %s, want %s", team, got, want)
		}
	}
}
