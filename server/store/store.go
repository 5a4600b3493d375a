// Package store is the contract between the write path and whatever keeps a
// realm's log: the types, one interface a direction, the errors. It knows no
// merge rule, no grant and no wire format; a record's body is bytes to it.
//
// A store keeps five things: the head, the log, the reduced records, the scope
// index by which pages are cut, and small documents in named buckets (devices,
// grants, batches, quarantine, conflicts, digests).
//
// Every implementation passes storetest.Run. The invariants a store carries:
// I5 (whoever sees seq n sees 1..n: no gap under concurrent writers and
// rollbacks) and the durable half of I1 and I2: when Update returns nil, what
// it wrote survives a loss of power.
package store

import (
	"context"
	"errors"

	"onedoor/syncengine"
)

// Errors a store returns, wrapped with what it was doing. Any other error is a
// fault of the engine beneath.
var (
	// ErrFull: the disk or the quota is full; nothing was written.
	ErrFull = errors.New("store is full")
	// ErrReadOnly: the folder or file cannot be written.
	ErrReadOnly = errors.New("store is read-only")
	// ErrDamaged: the file is not a whole onedoor store: cut short, overwritten or of another program.
	ErrDamaged = errors.New("store is damaged")
	// ErrNewer: the file was written by newer software.
	ErrNewer = errors.New("store was written by newer software")
	// ErrClosed: the store has been closed.
	ErrClosed = errors.New("store is closed")
	// ErrUnavailable: the engine cannot be reached, or was lost on the way; nothing was changed, and a later call may do.
	ErrUnavailable = errors.New("store cannot be reached")
	// ErrUnknown: the store was closed before it could find out whether a commit had become durable. Only who reads after
	// the next start knows, as after a loss of power.
	ErrUnknown = errors.New("store was closed while a commit was in doubt")
	// ErrWentBack: the engine has lost commits that this process had been told are durable, such as by the promotion of a
	// replica that lagged behind. Nothing was run; it is told once, and the next call works on what there is.
	ErrWentBack = errors.New("store went back to an earlier state")
)

// Tag is the random mark of a commit. A cursor carries it, so that a history
// that was replaced beneath a phone is noticed.
type Tag [8]byte

// Head is the end of the log.
type Head struct {
	// Epoch is the history in force, from 1, which a new store has.
	Epoch syncengine.Epoch
	// Seq is the newest entry; 0 when the log is empty.
	Seq syncengine.Seq
	// Tag marks the commit that wrote it.
	Tag Tag
	// Committed is the time of that commit.
	Committed syncengine.UnixMilli
}

// EntryType says what a log entry records.
type EntryType uint8

// The entry types. Numbers are stored and never reused.
const (
	// EntryApplied and EntryMerged: a change was accepted; see the wire's outcome codes.
	EntryApplied EntryType = 1
	EntryMerged  EntryType = 2
	// EntryQuarantined: a change waits for a decision.
	EntryQuarantined EntryType = 3
	// EntryAbsent: a phone declared the change gone.
	EntryAbsent EntryType = 4
	// EntryReleased: the quarantined change at Ref was applied by this entry.
	EntryReleased EntryType = 5
	// EntryRejected: the quarantined change at Ref was refused for good.
	EntryRejected EntryType = 6
	// EntryMoved: the server changed the record's scope keys.
	EntryMoved EntryType = 7
	// EntryErased: payloads were destroyed.
	EntryErased EntryType = 8
	// EntryHeld: cells held by the entry at Ref were merged by upgraded software.
	EntryHeld EntryType = 9
)

// Entry is one entry of the log.
type Entry struct {
	Seq  syncengine.Seq
	Type EntryType
	// Incarnation and DeviceSeq identify the change; zero for the server's own entries.
	Incarnation syncengine.ID
	DeviceSeq   syncengine.DeviceSeq
	RecordID    syncengine.ID
	Kind        syncengine.KindNumber
	// Prev is the record's entry before this one, so that its history is a walk; 0 for none.
	Prev syncengine.Seq
	// Ref is the entry this one decides on or completes; 0 for none.
	Ref syncengine.Seq
	// Stamp is the stored stamp, Suspect that it was bounded.
	Stamp   syncengine.UnixMilli
	Suspect bool
	// Reason is the quarantine reason's number; 0 for none.
	Reason uint8
	// Rank is the rank of the author's role.
	Rank syncengine.Rank
	// Salt and Body are the change as it came; empty for the server's own entries.
	Salt, Body []byte
	// Extra is the write path's own encoding of what few entries have: first
	// coordinate, conflict ids, held cells, flags, a decision's reason.
	Extra []byte
}

// Record is a reduced record.
type Record struct {
	ID   syncengine.ID
	Kind syncengine.KindNumber
	// Seq is its newest entry that changed it.
	Seq syncengine.Seq
	// Body is the write path's encoding of its state.
	Body []byte
}

// ScopeRowType says what a row of the scope index tells.
type ScopeRowType uint8

// The row types. Numbers are stored and never reused.
const (
	// RowPresent: the record is in the key and changed at Seq.
	RowPresent ScopeRowType = 1
	// RowLeft: the record left the key at Seq.
	RowLeft ScopeRowType = 2
	// RowDecision: the entry at Seq decided on a quarantined change of the key's device.
	RowDecision ScopeRowType = 3
)

// ScopeRow is one row of the scope index, unique by (Key, Seq, RecordID).
type ScopeRow struct {
	Key syncengine.ScopeKey
	// Seq is at most 1<<63 - 1, in the order of which rows are kept; PutScope refuses more.
	Seq      syncengine.Seq
	RecordID syncengine.ID
	Type     ScopeRowType
	// Entered is the seq at which the record's stay in the key began.
	Entered syncengine.Seq
}

// Document is a small value in a bucket.
type Document struct {
	Key, Value []byte
}

// Reader sees one consistent state: everything up to Head().Seq and nothing above.
// Slices it returns belong to the caller; an empty one is nil. It is used by one
// goroutine and not after the function it was given to has returned. The f of a
// walk may read and walk again; a write inside it is refused.
type Reader interface {
	Head() Head
	// Record gives a record; ok is false when there is none.
	Record(id syncengine.ID) (rec Record, ok bool, err error)
	// AnyRecord reports whether there is a record with from <= id <= to.
	AnyRecord(from, to syncengine.ID) (bool, error)
	// Records calls f for every record in id order until f returns false.
	Records(f func(Record) bool) error
	// Entry gives a log entry; ok is false outside 1..Head().Seq.
	Entry(seq syncengine.Seq) (e Entry, ok bool, err error)
	// Entries calls f for each entry with seq > after, ascending, until f returns false.
	Entries(after syncengine.Seq, f func(Entry) bool) error
	// Scope appends to dst up to limit rows of a key with seq > after, by (seq, record id).
	Scope(dst []ScopeRow, key syncengine.ScopeKey, after syncengine.Seq, limit int) ([]ScopeRow, error)
	// AnyScope reports whether there is a row in a key with from <= key <= to.
	AnyScope(from, to syncengine.ScopeKey) (bool, error)
	// Document gives a document's value; ok is false when there is none.
	Document(bucket string, key []byte) (value []byte, ok bool, err error)
	// Documents calls f for the documents with from <= key < to (to nil: no end), in key order, until f returns false.
	Documents(bucket string, from, to []byte, f func(Document) bool) error
	// LastDocument gives the document with the greatest key <= atMost.
	LastDocument(bucket string, atMost []byte) (doc Document, ok bool, err error)
}

// Whole is a Reader that gives everything it holds, for copies: what Records and Entries give, and the rest.
type Whole interface {
	Reader
	// AllScope calls f for every row of the scope index, by (key, seq, record id), until f returns false.
	AllScope(f func(ScopeRow) bool) error
	// AllDocuments calls f for every document, by (bucket, key), until f returns false.
	AllDocuments(f func(bucket string, d Document) bool) error
	// Size counts what there is, entries of the log aside.
	Size() (records, rows, documents int64, err error)
}

// Writer is a Reader that sees its own writes. It keeps no slice that it is given. All of them become visible and
// durable together, or none: once a write or a read of the engine has failed,
// nothing more is written and Update fails, even if f drops the error.
type Writer interface {
	Reader
	// Append adds the next log entries; each seq must be one above the last.
	Append(entries ...Entry) error
	// RewriteEntry replaces salt, body and extra of an entry that is in the log; all else of e must be as it stands there.
	// It is for erasures alone: a log is otherwise never changed.
	RewriteEntry(e Entry) error
	// PutRecord writes the states of records. Many new ones whose ids follow one another are best written in one call.
	PutRecord(recs ...Record) error
	// PutScope writes rows of the scope index. Many of one key in seq order are best written in one call.
	PutScope(rows ...ScopeRow) error
	// DeleteScope removes a row; removing none is no error.
	DeleteScope(key syncengine.ScopeKey, seq syncengine.Seq, record syncengine.ID) error
	// PutDocument writes a document.
	PutDocument(bucket string, key, value []byte) error
	// DeleteDocument removes a document; removing none is no error.
	DeleteDocument(bucket string, key []byte) error
	// SetHead sets epoch, tag and commit time; the seq must be that of the last entry.
	SetHead(h Head) error
}

// Store keeps one realm. Its methods may be called from many goroutines. A
// context bounds the wait for a turn and ends a walk; it does not interrupt a
// commit. f must not begin a transaction of its own kind, since it could wait for
// itself, nor call Close.
type Store interface {
	// View runs f on a consistent state; any number run beside each other and beside an Update.
	View(ctx context.Context, f func(Reader) error) error
	// Update runs f in the realm's one write transaction, one at a time. It commits when f
	// returns nil and rolls back when f returns an error or panics (the panic goes on).
	// When Update returns nil the writes are durable; when it returns an error nothing changed.
	// A loss of power ends the process before it can act on either: what was cut off in its commit
	// is there whole or not at all, and only who reads after the start knows which.
	// A store on another machine runs f once more, on the state of then, when it lost its transaction to a fault of the line
	// or of the engine: what f leaves outside of w it must set, never add to.
	Update(ctx context.Context, f func(Writer) error) error
	// Scrub makes what was deleted or written over unreadable in the store's files too: free space and write-ahead log. It
	// waits for running Views as long as ctx allows, and keeps writers waiting meanwhile.
	Scrub(ctx context.Context) error
	// Check walks the engine's own structures and reports damage; it does not know the log's meaning.
	Check(ctx context.Context) ([]string, error)
	// Close waits for running transactions and closes.
	Close() error
}
