package localdb

import "onedoor/syncengine"

// KeyID is the number of a scope key in this database's dictionary of keys.
type KeyID uint32

// AuthorID is the number of an author in this database's dictionary of authors.
type AuthorID uint32

// Author is an incarnation and the user it belongs to.
type Author struct {
	// Incarnation is the phone database that wrote.
	Incarnation syncengine.ID
	// User is the person it belongs to.
	User syncengine.ID
}

// Change is one row of the outbox or the journal. Only an erasure alters it: which of the two it stands in is a question of
// the acknowledged mark, which the caller keeps.
type Change struct {
	// DeviceSeq is the place in the incarnation's own sequence, dense from 1.
	DeviceSeq syncengine.DeviceSeq
	// RecordID is the record the change is to.
	RecordID syncengine.ID
	// Kind is the kind of that record.
	Kind syncengine.KindNumber
	// Base is the coordinate of the record version its author saw.
	Base syncengine.Coordinate
	// GroupFirst is the device_seq of the first change of its group; 0 when it stands alone.
	GroupFirst syncengine.DeviceSeq
	// Salt is the salt of its link in the chain; nil without person data.
	Salt []byte
	// Chain is the chain after this change, so that a batch can start anywhere.
	Chain syncengine.Chain
	// Body is the encoded change, exactly as hashed and sent; of an erased change what is left, nil when nothing is.
	Body []byte
	// Inner is the digest of an erased change over salt and body as they were; nil for one that stands whole.
	Inner []byte
	// Sealed is the change under the realm's public key, once the phone can hand it in and not read it: then Body and Salt are
	// nil, SealingKey is the number of the key, and Made the device time of the change.
	Sealed     []byte
	SealingKey uint32
	Made       syncengine.UnixMilli
}

// Barrier is an erasure that the realm told of.
type Barrier struct {
	// ID numbers it in this database; PutBarrier ignores it.
	ID int64
	// RecordID is the record that cells were erased of.
	RecordID syncengine.ID
	// At is where the erasure stands in the log.
	At syncengine.Coordinate
	// Body is the barrier in the caller's encoding, with its signature.
	Body []byte
}

// OutcomeSegment is the journalled outcomes of a contiguous run of changes, as one reply brought them.
type OutcomeSegment struct {
	// First and Last are the device_seqs of the run, both included.
	First, Last syncengine.DeviceSeq
	// Body is the outcomes in the caller's encoding.
	Body []byte
}

// Record is a record as this phone holds it.
type Record struct {
	// ID is the record's id.
	ID syncengine.ID
	// Kind is its kind.
	Kind syncengine.KindNumber
	// Seq is its newest log entry in the base; 0 while the base does not hold it.
	Seq syncengine.Seq
	// Base is the server's state at the checkpoint; nil while only own changes make the record.
	Base []byte
	// View is the base with own changes on it; nil when it equals the base.
	View []byte
	// Keys are the scope keys the record was sent under, in any order; none for a record the server never sent.
	Keys []KeyID
	// Territory is the finest territory the record stands in, as shown; zero for none.
	Territory syncengine.ID
	// State is the number of the shown state; 0 for none.
	State int32
	// Due is when something about the record is due; 0 for never.
	Due syncengine.UnixMilli
	// Mine is true for what concerns this phone's user.
	Mine bool
	// Dead is true for a record shown as deleted.
	Dead bool
	// Pending counts the own changes that View holds and Base does not.
	Pending uint32
	// Search asks for the record's text to be indexed again. It is an instruction to PutRecord, StageRecord and Switch
	// and is not read back.
	Search bool
}

// Shown is what the screen shows: View, or Base where they are equal.
func (r *Record) Shown() []byte {
	if r.View != nil {
		return r.View
	}
	return r.Base
}

// Query says which records List gives. Every filter that is set must hold.
type Query struct {
	// Kind is the kind wanted; 0 for all.
	Kind syncengine.KindNumber
	// Territories are those wanted, all below them named one by one; none for all.
	Territories []syncengine.ID
	// States are the state numbers wanted; none for all.
	States []int32
	// DueTo keeps what is due at or before it; 0 for no filter.
	DueTo syncengine.UnixMilli
	// Mine keeps what concerns this phone's user.
	Mine bool
	// Pending keeps records with own changes that the base does not hold.
	Pending bool
	// Dead includes records shown as deleted.
	Dead bool
	// Order is the order of the answer.
	Order Order
}

// Order is the order of a list.
type Order uint8

const (
	// OrderNewest lists the record made last first, by the time in its id.
	OrderNewest Order = iota
	// OrderOldest lists the record made first first.
	OrderOldest
	// OrderDue lists what is due first first, what is never due last, then the oldest first.
	OrderDue
)

// Draft is an edit that its user has not finished.
type Draft struct {
	// ID names the draft.
	ID syncengine.ID
	// RecordID is the record it is to; zero for a record not made yet.
	RecordID syncengine.ID
	// Kind is the kind of that record.
	Kind syncengine.KindNumber
	// Schema is the schema version it was begun in.
	Schema uint32
	// Saved is when it was saved last.
	Saved syncengine.UnixMilli
	// Body is the draft in the caller's encoding.
	Body []byte
}

// QuarantineState says what became of a quarantined change.
type QuarantineState uint8

const (
	// QuarantineWaiting is a change without a decision.
	QuarantineWaiting QuarantineState = iota + 1
	// QuarantineReleased is a change that was applied after all.
	QuarantineReleased
	// QuarantineRejected is a change that will not be applied.
	QuarantineRejected
)

// Quarantined is an own change that the server keeps for a person's decision.
type Quarantined struct {
	// DeviceSeq is the change.
	DeviceSeq syncengine.DeviceSeq
	// RecordID is the record it is to.
	RecordID syncengine.ID
	// Reason is the number of the reason.
	Reason int32
	// State says whether it was decided.
	State QuarantineState
	// Seq is the log entry of the quarantine or, once decided, of the decision.
	Seq syncengine.Seq
	// Note is the reason a person gave for the decision.
	Note string
}

// Receipt is the server's signed proof of what it made durable.
type Receipt struct {
	// DeviceSeq is the last change it covers.
	DeviceSeq syncengine.DeviceSeq
	// Time is the time of the commit.
	Time syncengine.UnixMilli
	// Body is the encoded receipt with its signature.
	Body []byte
}

// Checkpoint is a place in the log that the base stood at.
type Checkpoint struct {
	// At is the coordinate.
	At syncengine.Coordinate
	// Tag is the random tag of the commit there.
	Tag [8]byte
}

// CheckpointsMax bounds the list of past checkpoints. At a few syncs a day it reaches back further than the backups
// from which a server is restored.
const CheckpointsMax = 1000
