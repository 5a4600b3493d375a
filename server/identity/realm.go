package identity

import (
	"fmt"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Realm says what a store is of.
type Realm struct {
	// Code is the six-digit code of the county-level unit.
	Code uint32
	// Name is for people.
	Name string
	// Created is when the realm was made.
	Created syncengine.UnixMilli
	// SchemaVersion is the record schema the store was made or last upgraded with.
	SchemaVersion uint32
	// Secrets is the fingerprint of the secrets file that belongs to the store.
	Secrets Fingerprint
}

// Six-digit codes are all a realm can have: GB/T 2260 gives a county-level unit six.
const (
	realmCodeMin = 100000
	realmCodeMax = 999999
)

// PutRealm writes the realm's document.
func PutRealm(w store.Writer, realm Realm) error {
	if realm.Code < realmCodeMin || realm.Code > realmCodeMax {
		return fmt.Errorf("realm code %d, six digits are needed: %w", realm.Code, ErrInvalid)
	}
	if err := checkName("realm", realm.Name, NameCharsMax); err != nil {
		return err
	}
	return put(w, bucketRealm, onlyKey, &storedv1.Realm{
		Code:               realm.Code,
		Name:               realm.Name,
		CreatedMs:          int64(realm.Created),
		SchemaVersion:      realm.SchemaVersion,
		SecretsFingerprint: realm.Secrets[:],
	})
}

// GetRealm reads the realm's document, or [ErrNotInitialised].
func GetRealm(r store.Reader) (Realm, error) {
	m := &storedv1.Realm{}
	ok, err := get(r, bucketRealm, onlyKey, m)
	if err != nil {
		return Realm{}, err
	}
	if !ok {
		return Realm{}, ErrNotInitialised
	}
	realm := Realm{
		Code:          m.GetCode(),
		Name:          m.GetName(),
		Created:       syncengine.UnixMilli(m.GetCreatedMs()),
		SchemaVersion: m.GetSchemaVersion(),
	}
	copy(realm.Secrets[:], m.GetSecretsFingerprint())
	return realm, nil
}
