package pgstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"onedoor/server/store"

	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATE codes that decide what is done next; see PostgreSQL's documentation, appendix A.
const (
	codeSerialization  = "40001"
	codeDeadlock       = "40P01"
	codeOutcomeUnknown = "40003"
	codeLockWait       = "55P03"
	codeReadOnly       = "25006"
	codeIdleInTx       = "25P03"
	codeDiskFull       = "53100"
	codeTooMany        = "53300"
	codeStatementDone  = "57014"
	codePermission     = "42501"
	codeDuplicateTable = "42P07"
	codeDuplicateType  = "42710"
	codeUnique         = "23505"
	codeUndefinedTable = "42P01"
	// codeUndefinedColumn: a column is not there.
	codeUndefinedColumn = "42703"
	codeUndefined       = "42704"
	codeSyntax          = "42601"
	codeUnsupported     = "0A000"
	codeUnknownFunc     = "42883"
	codeDamagedData     = "XX001"
	codeDamagedIndex    = "XX002"
)

// restoreAdvice is what an operator does about damage.
const restoreAdvice = "stop the servers, keep the database, and fail over or restore the newest backup; the phones' journals bring back what is newer"

// errAbsent: there is no such realm in the database.
var errAbsent = fmt.Errorf("no such realm: %w", fs.ErrNotExist)

// codeOf is the SQLSTATE of an error that the engine told; empty for one of the line.
func codeOf(err error) string {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return pe.Code
	}
	return ""
}

// told reports an error with which the engine refused a statement while the session lives on: what was not committed
// before it is known not to be.
func told(err error) bool {
	var pe *pgconn.PgError
	return errors.As(err, &pe) && pe.Severity != "FATAL" && pe.Severity != "PANIC" && pe.SeverityUnlocalized != "FATAL" &&
		pe.SeverityUnlocalized != "PANIC" && pe.Code != codeOutcomeUnknown
}

// passing reports a fault that another try may not meet: of the line, of an engine that starts, stops or hands over, or
// of a transaction that met another one.
func passing(err error) bool {
	if err == nil || errors.Is(err, errAbsent) {
		return false
	}
	var pe *pgconn.PgError
	if !errors.As(err, &pe) {
		return true // Of the line, or of the connection's set-up.
	}
	switch code := pe.Code; code {
	case codeSerialization, codeDeadlock, codeLockWait, codeOutcomeUnknown, codeReadOnly, codeIdleInTx, codeTooMany, codeStatementDone:
		return true
	default:
		// 08: of the connection. 57P: ended by an operator, by a crash of another session, or not there yet.
		return strings.HasPrefix(code, "08") || strings.HasPrefix(code, "57P")
	}
}

// explain turns an error of the engine into the contract's, with what was done and what to do about it. It wraps both.
func (s *Store) explain(doing string, err error) error {
	var own settled
	switch code := codeOf(err); {
	case errors.As(err, &own):
		return own.error
	case err == nil, err == context.Canceled, err == context.DeadlineExceeded, final(err):
		return err
	case code == codeDiskFull:
		return fmt.Errorf("%w: %s: %s: %w: nothing was written; free space on the database's machine, the store goes on by itself", store.ErrFull, s.name(), doing, err)
	case code == codePermission:
		return fmt.Errorf("%w: %s: %s: %w: grant the user of the URL the rights that docs/storage.md names", store.ErrReadOnly, s.name(), doing, err)
	case code == codeUndefinedTable, code == codeUndefinedColumn:
		return fmt.Errorf("%w: %s: %s: %w: newer software has changed the tables: install it here too", store.ErrNewer, s.name(), doing, err)
	case code == codeDamagedData, code == codeDamagedIndex:
		return fmt.Errorf("%w: %s: %s: %w: %s", store.ErrDamaged, s.name(), doing, err, restoreAdvice)
	case passing(err):
		return fmt.Errorf("%w: %s: %s: %w", store.ErrUnavailable, s.name(), doing, err)
	}
	return fmt.Errorf("%s: %s: %w", s.name(), doing, err)
}

// ended gives the context's error where it has ended, which is why a statement failed.
func ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
