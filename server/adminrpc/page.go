package adminrpc

import (
	"fmt"

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

// lookMax bounds the users that one call looks through for those that fit a filter: a fraction of what a page may take.
const lookMax = 5000

// after reads the token of a page whose rows are in the order of their ids; the zero id for the first page.
func after(token []byte) (syncengine.ID, error) {
	if len(token) == 0 {
		return syncengine.ID{}, nil
	}
	id, ok := syncengine.IDFromBytes(token)
	if !ok {
		return id, fmt.Errorf("page token of %d bytes, give one that a page told: %w", len(token), errInvalid)
	}
	return id, nil
}

func recordKind(n syncengine.KindNumber) recordv1.Kind { return recordv1.Kind(n) }

func quarantineReason(n uint8) syncv1.QuarantineReason { return syncv1.QuarantineReason(n) }
