package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"onedoor/server/accessledger"
	"onedoor/server/sealed"
	"onedoor/server/store"
	"onedoor/server/tenure"
	"onedoor/syncengine"
)

// RotateOptions say whose keys to change; Dir is needed.
type RotateOptions struct {
	// Dir is the folder of a realm that is not being served.
	Dir string
	// Store is the URL of the database that holds the realm; the file in Dir when empty.
	Store string
	// ContactKey is the file of the contact key; beside Dir when empty.
	ContactKey string
	// NewContactKey is the file of a contact key that takes its place; it is made where it is not there. Empty keeps the key.
	NewContactKey string
	// Now is the clock and Random the source of keys; the system's when nil.
	Now    func() time.Time
	Random io.Reader
	// pause waits for servers to answer; the system's when nil.
	pause func(context.Context, time.Duration) error
}

// RotateResult says what is in force now.
type RotateResult struct {
	// DataKey is the number of the data key that seals what is written from now on.
	DataKey uint32
	// ContactKey is the path of the contact key that wraps the data keys now.
	ContactKey string
	// Rewrapped counts the data keys that were wrapped anew; 0 where the contact key is the same.
	Rewrapped int
}

// RotateKeys makes a new data key for what is written from now on, and wraps all
// data keys with another contact key where one is named, in one transaction. What
// is sealed stays readable. Where it fails nothing has changed but that a new key
// file may be there, which the next try uses.
func RotateKeys(ctx context.Context, o RotateOptions) (result RotateResult, err error) {
	c := Config{Dir: o.Dir, Store: o.Store, ContactKey: o.ContactKey, Now: o.Now, Random: o.Random, pause: o.pause}.filled()
	st, err := c.openStore(ctx)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	if _, err := c.openSealed(ctx, st); err != nil {
		return result, err
	}
	from, err := sealed.LoadKey(c.contactKey())
	if err != nil {
		return result, err
	}
	to := from
	result.ContactKey = c.contactKey()
	if o.NewContactKey != "" {
		if to, err = loadOrCreate(o.NewContactKey, c.Random); err != nil {
			return result, err
		}
		result.ContactKey = o.NewContactKey
	}
	var roll *tenure.Roll
	if c.elsewhere() {
		if roll, err = c.unserved(ctx, st); err != nil {
			return result, err
		}
	}
	err = st.Update(ctx, func(w store.Writer) error {
		if err := roll.Stands(w); err != nil {
			return err
		}
		return rotate(w, c, from, to, &result)
	})
	if err != nil {
		return result, fmt.Errorf("change the keys: %w: nothing was changed", err)
	}
	return result, nil
}

// MakeContactKey makes a contact key that Init finds there: for a realm in a place from which no file is fetched easily. A file
// that is there stays as it is, and is an error.
func MakeContactKey(path string) error {
	_, err := sealed.CreateKey(path, shared(nil))
	return err
}

func loadOrCreate(path string, random io.Reader) (*sealed.Key, error) {
	key, err := sealed.LoadKey(path)
	if errors.Is(err, sealed.ErrKeyMissing) {
		key, err = sealed.CreateKey(path, random)
		err = errors.Join(err, inherit(path))
	}
	return key, err
}

// rotate changes the keys and notes it in the access ledger.
func rotate(w store.Writer, c Config, from, to *sealed.Key, result *RotateResult) (err error) {
	now := syncengine.UnixMilli(c.Now().UnixMilli())
	if to.Name() != from.Name() {
		if result.Rewrapped, err = sealed.Rewrap(w, from, to, c.Random); err != nil {
			return err
		}
	}
	if result.DataKey, err = sealed.AddKey(w, to, c.Random, now); err != nil {
		return err
	}
	_, err = accessledger.Append(w, accessledger.Entry{
		At: now, Action: accessledger.KeysRotate, Actor: accessledger.Actor{Operator: true},
		Reason: fmt.Sprintf("data key %d", result.DataKey), Place: "contact key " + to.Name(),
	})
	return err
}
