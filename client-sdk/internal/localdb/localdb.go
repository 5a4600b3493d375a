// Package localdb is the phone's tables: typed functions over the one connection to the one encrypted SQLite file that
// holds all of a replica.
//
// It stores and finds; it knows no protocol rule, opens no network connection, reads no clock, draws no random number
// and never looks inside a body. What a body means, when a page is complete and which view a record has, its caller
// decides. It never writes a byte that is readable without the key (package cryptvfs) and never silently drops one.
//
// Read this file first, then types.go and db.go; each other file holds one group of tables, and migrations/ explains
// each column.
//
// What holds:
//   - Update is atomic and durable: when it returns nil, everything it wrote survives a crash; otherwise nothing does.
//   - What is staged is invisible to every reading function until Switch, and Switch shows all of it at once.
//   - Search and the queue of records to index together cover every record that was put or staged with Search set.
//
// Functions that give a sequence hold the connection's cursor while it is ranged over: write to the rows that are being
// read only after the loop. Slices they give belong to the caller.
package localdb

import (
	"errors"

	"onedoor/client-sdk/internal/cryptvfs"
)

// Errors of the encrypted file, under this package's name for its callers.
var (
	// ErrKey is returned by Open for a wrong key.
	ErrKey = cryptvfs.ErrKey
	// ErrDamaged is returned where the file does not hold what was written.
	ErrDamaged = cryptvfs.ErrDamaged
	// ErrInUse is returned by Open while the database is open elsewhere, in this process or another.
	ErrInUse = cryptvfs.ErrInUse
	// ErrFull is returned when the disk has no room left; the transaction is rolled back.
	ErrFull = cryptvfs.ErrFull
	// ErrNotWritable is returned by Open when the file or its folder cannot be written.
	ErrNotWritable = cryptvfs.ErrNotWritable
)

var (
	// ErrClosed is returned by a DB that has been closed, and by a Tx whose function has returned.
	ErrClosed = errors.New("the phone's database is closed")
	// ErrReadOnly is returned when a View transaction tries to write.
	ErrReadOnly = errors.New("a view transaction cannot write: use Update")
	// ErrOrder is returned for a change whose device_seq does not follow the newest one.
	ErrOrder = errors.New("device_seq does not follow the newest change")
	// ErrUnknown is returned for a number that the dictionary does not hold.
	ErrUnknown = errors.New("not in the dictionary")
	// ErrTooMany is returned for a list with more values than a statement takes.
	ErrTooMany = errors.New("too many values")
	// ErrQueryShort is returned for a search text without a Chinese character and with fewer than three other
	// characters in a row.
	ErrQueryShort = errors.New("search for at least one Chinese character or three other characters in a row")
	// ErrNewer is returned by Open for a database that newer software has written.
	ErrNewer = errors.New("the phone's database was written by newer software: update the app")
)
