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
	// Merging tells that what was held until this schema is being merged, and nobody is to be answered meanwhile.
	Merging bool
	// Secrets is the fingerprint of the secrets file that belongs to the store.
	Secrets Fingerprint
	// Lease is how long a phone may work on what it was granted without asking again, in milliseconds; 0 for [LeaseDefault].
	Lease syncengine.UnixMilli
}

// How long a phone may work on what it was granted, in milliseconds.
const (
	dayMs syncengine.UnixMilli = 24 * 60 * 60_000
	// LeaseDefault outlasts the longest public holiday, eight days, with a day at either end, and is shorter than the
	// fortnight after which a phone that does not sync locks.
	LeaseDefault = 10 * dayMs
	// LeaseMin and LeaseMax bound it: less than a day would lock people out overnight, more than three months is no bound.
	LeaseMin, LeaseMax = dayMs, 92 * dayMs
)

// LeaseLength is the lease that holds.
func (r Realm) LeaseLength() syncengine.UnixMilli {
	if r.Lease == 0 {
		return LeaseDefault
	}
	return r.Lease
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
	if realm.Lease != 0 && (realm.Lease < LeaseMin || realm.Lease > LeaseMax) {
		return fmt.Errorf("a lease of %d hours, %d to %d are allowed: %w", realm.Lease/dayMs*24, LeaseMin/dayMs*24, LeaseMax/dayMs*24, ErrInvalid)
	}
	return put(w, bucketRealm, onlyKey, &storedv1.Realm{
		LeaseMs:            int64(realm.Lease),
		Code:               realm.Code,
		Name:               realm.Name,
		CreatedMs:          int64(realm.Created),
		SchemaVersion:      realm.SchemaVersion,
		Merging:            realm.Merging,
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
		Merging:       m.GetMerging(),
		Lease:         syncengine.UnixMilli(m.GetLeaseMs()),
	}
	copy(realm.Secrets[:], m.GetSecretsFingerprint())
	return realm, nil
}
