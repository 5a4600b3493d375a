package bench

import (
	"context"
	"crypto/rand"
	"encoding/hex"

	"onedoor/server/store/pgstore"
)

// ownRealm names a realm in a database that no other run has, and gives what removes it at the end: a database may be stormed again
// and again. A realm that the URL names itself is made under that name, and stays to be looked at.
func ownRealm(ctx context.Context, store string) (url string, remove func() error, err error) {
	remove = func() error { return nil }
	if store == "" {
		return "", remove, nil
	}
	o := pgstore.Options{URL: store}
	if name, err := o.RealmName(); err != nil || name != "" {
		return store, remove, err
	}
	var b [6]byte
	_, _ = rand.Read(b[:]) // It never fails.
	if url, err = o.Named("storm-" + hex.EncodeToString(b[:])).Address(); err != nil {
		return "", remove, err
	}
	return url, func() error { return pgstore.Drop(context.WithoutCancel(ctx), pgstore.Options{URL: url}) }, nil
}
