package cryptvfs

import (
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"
)

var (
	// ErrKey is returned for a database that was made with another key or another version of this format, and for one
	// whose first page is destroyed altogether: nothing is left there to tell the two apart.
	ErrKey = errors.New("the key does not fit this database")
	// ErrDamaged is returned where the file does not hold what was written: altered, cut short, or parts of it missing.
	ErrDamaged = errors.New("the database file is damaged")
	// ErrInUse is returned for a database that another connection has open, in this process or another.
	ErrInUse = errors.New("the database is open elsewhere")
	// ErrFull is returned when the disk has no room left. Nothing of the transaction is kept.
	ErrFull = errors.New("the disk is full")
	// ErrNotWritable is returned when the file, or the folder for its log, cannot be opened for writing.
	ErrNotWritable = errors.New("the database or its folder cannot be written")
)

// sentinels says which error a result code of the engine stands for. The VFS gives NotADB and IOErrData only where a
// page fails its key or its tag; the engine gives the others.
var sentinels = map[sqlite.ResultCode]error{
	sqlite.ResultNotADB:   ErrKey,
	resultIOErrData:       ErrDamaged,
	sqlite.ResultCorrupt:  ErrDamaged,
	sqlite.ResultBusy:     ErrInUse,
	sqlite.ResultLocked:   ErrInUse,
	sqlite.ResultFull:     ErrFull,
	sqlite.ResultReadOnly: ErrNotWritable,
	sqlite.ResultCantOpen: ErrNotWritable,
}

// Explain puts the sentinel that a connection's error stands for in front of it; other errors pass as they are.
func Explain(err error) error {
	if err == nil {
		return nil
	}
	code := sqlite.ErrCode(err)
	cause, ok := sentinels[code]
	if !ok {
		cause, ok = sentinels[code.ToPrimary()]
	}
	if !ok || errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w: %w", cause, err)
}
