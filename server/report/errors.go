package report

import "errors"

// Errors of this package, wrapped with what was asked for.
var (
	// ErrUnknownFigure: there is no figure of that name.
	ErrUnknownFigure = errors.New("no such figure")
	// ErrNotPermitted: the role may not pull this.
	ErrNotPermitted = errors.New("the token's role may not pull this")
	// ErrTooFine: the rows asked for are finer than the role may see.
	ErrTooFine = errors.New("rows of that level are for the community's own staff")
	// ErrInvalid: the question makes no sense.
	ErrInvalid = errors.New("not valid")
	// ErrAhead: the log has not come to the entry asked for.
	ErrAhead = errors.New("the log has not come so far")
	// ErrEarly: the month is not over, or phones still have days to bring records.
	ErrEarly = errors.New("too early to freeze it")
	// ErrCounting: the log is being counted, and the caller does not wait.
	ErrCounting = errors.New("the log is being counted for reports")
	// ErrPast: a figure of the phones as they are now has no past.
	ErrPast = errors.New("the figure is of now")
)
