package server_test

import (
	"testing"

	"onedoor/server"
)

func TestDiskAdvice_RoomIsEnoughAsAPartOrInBytes(t *testing.T) {
	const gib = 1 << 30
	for _, c := range []struct {
		free, size int64
		acts       bool
	}{
		{21 * gib, 1000 * gib, false}, {19 * gib, 1000 * gib, true}, {19 * gib, 100 * gib, false}, {9 * gib, 100 * gib, true},
		{2 * gib, 10 * gib, false}, {gib / 2, gib, true},
	} {
		if got := server.DiskAdvice("data", c.free, c.size); (got != nil) != c.acts {
			t.Errorf("%d of %d bytes free: %+v", c.free, c.size, got)
		}
	}
}
