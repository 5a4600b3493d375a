package wire_test

import (
	"testing"

	"onedoor/internal/wire"
)

func TestLimits_WhatIsMadeCanAlwaysBeSent(t *testing.T) {
	sizes := []int{wire.ChangeBytesMax, wire.GroupBytesMax, wire.BatchBytesMax, wire.MessageBytesMax}
	for i := 1; i < len(sizes); i++ {
		if sizes[i-1] > sizes[i] {
			t.Errorf("size %d is above the %d of what carries it", sizes[i-1], sizes[i])
		}
	}
	if wire.PageBytesMax+wire.GroupBytesMax > wire.MessageBytesMax {
		t.Error("a page with its last record does not fit a message")
	}
}
