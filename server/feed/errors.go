package feed

import "errors"

// Errors of this package, wrapped with what the call asked for.
var (
	// ErrUnknown means that there is no such feed, or none of the caller's.
	ErrUnknown = errors.New("no such feed")
	// ErrInvalid means that a value is not one that a feed may have.
	ErrInvalid = errors.New("not valid for a feed")
	// ErrTaken means that an open feed has the name.
	ErrTaken = errors.New("an open feed has this name")
	// ErrClosed means that the feed was closed.
	ErrClosed = errors.New("the feed was closed")
	// ErrSharing means that no sharing in force allows the feed its sealed fields.
	ErrSharing = errors.New("no sharing in force allows the feed sealed fields")
	// ErrPosted means that the pages of the feed are posted and not read.
	ErrPosted = errors.New("the feed's pages are posted to its url")
	// ErrNoRecord means that there is no such record within the caller's reach.
	ErrNoRecord = errors.New("no such record within reach")
	// ErrNotWritable means that the caller's role may not write the record.
	ErrNotWritable = errors.New("the role may not write this record")
	// ErrReference means that the reference is not one that a case may have.
	ErrReference = errors.New("not a reference")
)
