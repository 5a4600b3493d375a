package exchange

import (
	"errors"
	"fmt"
)

// Errors of the service, wrapped with what it met. A conflict, a duplicate or a
// quarantined change is none of them: those are outcomes.
var (
	// ErrBadRequest: the message is not in the protocol's form; nothing changed.
	ErrBadRequest = errors.New("bad request")
	// ErrWrongRealm: the phone speaks to another district's server.
	ErrWrongRealm = errors.New("wrong realm")
	// ErrUnknownDevice: the incarnation was never enrolled here.
	ErrUnknownDevice = errors.New("device is not enrolled here")
	// ErrBadSignature: the request was not signed by the device's key.
	ErrBadSignature = errors.New("signature does not fit the device's key")
	// ErrAheadUnknown: a batch names changes that did not come ahead, or are forgotten; nothing changed.
	ErrAheadUnknown = errors.New("the changes that were sent ahead are not here")
	// ErrStale: a signed request without a nonce is too old to be trusted.
	ErrStale = errors.New("request is too old")
	// ErrClosed: the service is stopping.
	ErrClosed = errors.New("service is stopping")
	// ErrLedger: the side ledger did not take what must stand in it before it is done.
	ErrLedger = errors.New("side ledger cannot be written")
	// ErrLookRefused: a door is not shown outside of the area, for the reason that is told.
	ErrLookRefused = errors.New("the door is not shown")
	// ErrFault: the write path met a fault of its own; the batch was rolled back.
	ErrFault = errors.New("internal fault")
)

// Why a look-up is refused; each is an [ErrLookRefused].
var (
	// ErrLookReason: the reason is missing, too long, or holds a number of a person.
	ErrLookReason = fmt.Errorf("%w: the reason", ErrLookRefused)
	// ErrLookDoor: no door, or more than one, is meant.
	ErrLookDoor = fmt.Errorf("%w: the door", ErrLookRefused)
	// ErrLookRole: the user's role looks nothing up outside of its area.
	ErrLookRole = fmt.Errorf("%w: the role", ErrLookRefused)
	// ErrLookOwn: the door lies in the user's own area, where sync brings it.
	ErrLookOwn = fmt.Errorf("%w: the own area", ErrLookRefused)
	// ErrLookMany: the user has looked up as many doors as a day allows.
	ErrLookMany = fmt.Errorf("%w: too many", ErrLookRefused)
)

func badRequest(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrBadRequest, fmt.Sprintf(format, args...))
}
