// Package disktest gives tests a simulated disk of their own.
package disktest

import (
	"testing"

	"onedoor/internal/sim/disk"
)

// New makes a disk that the test's end closes; what the test has open on it is closed by then.
func New(t testing.TB) *disk.Disk {
	t.Helper()
	d, err := disk.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}
