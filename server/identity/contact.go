package identity

import (
	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Contact is what a device last said of itself, for the operator's list. It has
// a document of its own because it is written at most exchanges.
type Contact struct {
	// LastContact is the server's time of the last exchange; 0 when there was none.
	LastContact syncengine.UnixMilli
	// Pending counts changes without an outcome.
	Pending uint64
	// OldestPending is the device time of the oldest of them; 0 when none.
	OldestPending syncengine.UnixMilli
	// Checkpoint is the last confirmed one.
	Checkpoint syncengine.Coordinate
	// AppVersion is the device's software.
	AppVersion string
	// Erased is how far it says that it has applied the erasures it was told.
	Erased syncengine.Coordinate
}

// PutContact writes a device's contact.
func PutContact(w store.Writer, incarnation syncengine.ID, c Contact) error {
	m := &storedv1.Contact{
		LastContactMs:   int64(c.LastContact),
		Pending:         c.Pending,
		OldestPendingMs: int64(c.OldestPending),
		AppVersion:      c.AppVersion,
	}
	if !c.Checkpoint.IsZero() {
		m.Checkpoint = &storedv1.Coordinate{Epoch: uint32(c.Checkpoint.Epoch), Seq: uint64(c.Checkpoint.Seq)}
	}
	if !c.Erased.IsZero() {
		m.Erased = &storedv1.Coordinate{Epoch: uint32(c.Erased.Epoch), Seq: uint64(c.Erased.Seq)}
	}
	return put(w, bucketContacts, incarnation[:], m)
}

// GetContact reads a device's contact; one that never called has a zero one.
func GetContact(r store.Reader, incarnation syncengine.ID) (Contact, error) {
	m := &storedv1.Contact{}
	if _, err := get(r, bucketContacts, incarnation[:], m); err != nil {
		return Contact{}, err
	}
	return Contact{
		LastContact:   syncengine.UnixMilli(m.GetLastContactMs()),
		Pending:       m.GetPending(),
		OldestPending: syncengine.UnixMilli(m.GetOldestPendingMs()),
		Checkpoint: syncengine.Coordinate{
			Epoch: syncengine.Epoch(m.GetCheckpoint().GetEpoch()),
			Seq:   syncengine.Seq(m.GetCheckpoint().GetSeq()),
		},
		AppVersion: m.GetAppVersion(),
		Erased:     syncengine.Coordinate{Epoch: syncengine.Epoch(m.GetErased().GetEpoch()), Seq: syncengine.Seq(m.GetErased().GetSeq())},
	}, nil
}
