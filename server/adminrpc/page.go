package adminrpc

import (
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/syncengine"
)

const (
	// pageMax bounds the lines of a page of a list: what an operator looks through
	// at one go, many times over.
	pageMax = 500
	// historyDefault and historyMax bound the history of one record in one reply;
	// a door visited twice a week for a decade has a thousand entries.
	historyDefault = 100
	historyMax     = 1000
	// replyBytesMax is where a page is cut, so that a reply stays below what a message may have.
	replyBytesMax = wire.PageBytesMax
)

// pageOf gives the size of a page that was asked for.
func pageOf(limit uint32) int {
	if limit == 0 || limit > pageMax {
		return pageMax
	}
	return int(limit)
}

func recordKind(n syncengine.KindNumber) recordv1.Kind { return recordv1.Kind(n) }

func quarantineReason(n uint8) syncv1.QuarantineReason { return syncv1.QuarantineReason(n) }
