package sealed

import (
	"errors"
	"fmt"

	"onedoor/server/store"
)

var (
	// ErrKeyMissing: there is no contact key file.
	ErrKeyMissing = errors.New("the contact key is missing: put the key file back, or name it with --contact-key; without it no resident's name and number can be read, and nobody can make it anew")
	// ErrKeyOther: the contact key is not the one that this realm's data keys are wrapped with.
	ErrKeyOther = errors.New("the contact key is not this realm's: give the key file that `onedoor init` or `onedoor keys rotate` made for it")
	// ErrKeyExposed: others may read the key file.
	ErrKeyExposed = errors.New("others may read the contact key")
	// ErrKeyDamaged: the key file is not one.
	ErrKeyDamaged = errors.New("not a contact key file: bring it back from where its copy is kept")
	// ErrKeyExists: a file is there already.
	ErrKeyExists = errors.New("a contact key is there already and is never overwritten")
	// ErrUnfinished: the realm is being sealed and can be read once that is done.
	ErrUnfinished = errors.New("the realm's contacts are being sealed: start `onedoor serve` and wait until it listens")
	// errKeysGone, errKeysChanged: the store beneath was put back or replaced, or its keys were changed while this server was asleep.
	errKeysGone    = fmt.Errorf("%w: the store was put back to before its contacts were sealed: stop the server and start it again", store.ErrUnavailable)
	errKeysChanged = fmt.Errorf("%w: the realm's data keys are others than when this server was started", store.ErrUnavailable)
	// errOpen: sealed bytes that do not open: altered, moved, or sealed under a key that is not there.
	errOpen = errors.New("sealed bytes do not open")
)
