package identity

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"google.golang.org/protobuf/proto"

	"onedoor/internal/wire"
	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Grant gives a role over a territory with all below it, or over named records.
type Grant struct {
	Role Role
	// Territory is zero when records are named.
	Territory syncengine.ID
	// Records are doors or cases, with all that follows them.
	Records []syncengine.ID
	// Until is when it ends by itself; 0 for no end of its own.
	Until syncengine.UnixMilli
}

// ended reports that a grant's own end has come.
func (g Grant) ended(now syncengine.UnixMilli) bool { return g.Until != 0 && g.Until <= now }

// GrantVersion is what a user was granted from one moment on.
type GrantVersion struct {
	// Version is dense from 1; 0 stands for a user who was never granted anything.
	Version uint64
	Grants  []Grant
	// At is when it was set.
	At syncengine.UnixMilli
}

const (
	// GrantsMax bounds the grants of one user: a team member has a handful, a
	// relief worker a dozen.
	GrantsMax = 64
	// GrantRecordsMax bounds the records that a user is granted by name. Each is
	// one more key to look up at every exchange, and 2,000 doors are several
	// grids: whoever needs more is given the territory.
	GrantRecordsMax = 2000
	// LendMax bounds how far off the end of a grant may lie that ends by itself, in milliseconds: a year. Who helps for
	// longer is given a role or a team.
	LendMax = 366 * dayMs
)

// SetGrants makes grants the ones in force and returns their version. It adds a
// version unless the newest one says the same. [RefreshGrants] calls it with
// what follows from everything stored about the user; whatever else is set here
// stands until then.
func SetGrants(w store.Writer, user syncengine.ID, grants []Grant, at syncengine.UnixMilli) (uint64, error) {
	canonical := canonicalGrants(grants)
	if err := checkGrants(w, canonical); err != nil {
		return 0, fmt.Errorf("grants of %s: %w", user, err)
	}
	current, err := CurrentGrants(w, user)
	if err != nil {
		return 0, err
	}
	if current.Version > 0 && sameGrants(current.Grants, canonical) {
		return current.Version, nil
	}
	next := current.Version + 1
	return next, put(w, bucketGrants, numbered(user, next), &storedv1.GrantVersion{Grants: storedGrants(canonical), AtMs: int64(at)})
}

// EndOf gives when the next of a version's grants ends by itself; 0 for none.
func (v GrantVersion) EndOf() (end syncengine.UnixMilli) {
	for _, g := range v.Grants {
		if g.Until != 0 && (end == 0 || g.Until < end) {
			end = g.Until
		}
	}
	return end
}

// GrantVersionOf reads one version, or [ErrGrantUnknown]. Version 0 grants nothing.
func GrantVersionOf(r store.Reader, user syncengine.ID, version uint64) (GrantVersion, error) {
	if version == 0 {
		return GrantVersion{}, nil
	}
	m := &storedv1.GrantVersion{}
	ok, err := get(r, bucketGrants, numbered(user, version), m)
	if err != nil {
		return GrantVersion{}, err
	}
	if !ok {
		return GrantVersion{}, fmt.Errorf("grants of %s, version %d: %w", user, version, ErrGrantUnknown)
	}
	return grantVersionOf(version, m)
}

// GrantsAsOf reads the newest version up to one: where a restore has lost some,
// the one before them held.
func GrantsAsOf(r store.Reader, user syncengine.ID, version uint64) (GrantVersion, error) {
	return newestGrants(r, user, version)
}

// AdoptGrants takes up a version that this realm has signed and a restore has
// lost. One that is not newer than what stands changes nothing.
func AdoptGrants(w store.Writer, user syncengine.ID, v GrantVersion) error {
	current, err := CurrentGrants(w, user)
	if err != nil || v.Version <= current.Version {
		return err
	}
	canonical := canonicalGrants(v.Grants)
	if err := checkGrants(w, canonical); err != nil {
		return fmt.Errorf("grants of %s: %w", user, err)
	}
	return put(w, bucketGrants, numbered(user, v.Version), &storedv1.GrantVersion{Grants: storedGrants(canonical), AtMs: int64(v.At)})
}

// CurrentGrants reads the newest version; version 0 when there is none.
func CurrentGrants(r store.Reader, user syncengine.ID) (GrantVersion, error) {
	return newestGrants(r, user, math.MaxUint64)
}

func newestGrants(r store.Reader, user syncengine.ID, atMost uint64) (GrantVersion, error) {
	doc, ok, err := r.LastDocument(bucketGrants, numbered(user, atMost))
	if err != nil {
		return GrantVersion{}, wrapAt(err, bucketGrants, user[:])
	}
	if !ok || !bytes.HasPrefix(doc.Key, user[:]) {
		return GrantVersion{}, nil
	}
	m := &storedv1.GrantVersion{}
	if err := decode(bucketGrants, doc.Key, doc.Value, m); err != nil {
		return GrantVersion{}, err
	}
	return grantVersionOf(binary.BigEndian.Uint64(doc.Key[16:]), m)
}

// PutFurtherGrants writes what a person gives a user beside what follows from
// role, teams and assigned doors. The caller refreshes the grants afterwards.
func PutFurtherGrants(w store.Writer, user syncengine.ID, grants []Grant) error {
	canonical := canonicalGrants(grants)
	if err := checkGrants(w, canonical); err != nil {
		return fmt.Errorf("further grants of %s: %w", user, err)
	}
	return put(w, bucketFurther, user[:], &storedv1.FurtherGrants{Grants: storedGrants(canonical)})
}

// Lend gives a user a grant that ends by itself, beside all else, and returns the
// version of the grants then. What has ended by then is forgotten.
func Lend(w store.Writer, user syncengine.ID, g Grant, at syncengine.UnixMilli) (uint64, error) {
	if _, err := activeUser(w, user); err != nil {
		return 0, err
	}
	if g.Until <= at || g.Until > at+LendMax {
		return 0, fmt.Errorf("a grant that ends within %d days from now is needed: %w", LendMax/dayMs, ErrInvalid)
	}
	standing, err := FurtherGrants(w, user)
	if err != nil {
		return 0, err
	}
	standing = slices.DeleteFunc(standing, func(g Grant) bool { return g.ended(at) })
	if err := PutFurtherGrants(w, user, append(standing, g)); err != nil {
		return 0, err
	}
	return RefreshGrants(w, user, at)
}

// FurtherGrants reads what a person gave a user besides.
func FurtherGrants(r store.Reader, user syncengine.ID) ([]Grant, error) {
	m := &storedv1.FurtherGrants{}
	if _, err := get(r, bucketFurther, user[:], m); err != nil {
		return nil, err
	}
	return grantsOf(m.GetGrants())
}

// checkGrants wants known roles and territories, and either a territory or records.
func checkGrants(r store.Reader, grants []Grant) error {
	if len(grants) > GrantsMax {
		return fmt.Errorf("%d grants, at most %d: name a territory further up: %w", len(grants), GrantsMax, ErrInvalid)
	}
	records := 0
	for _, g := range grants {
		if err := checkRole(g.Role); err != nil {
			return err
		}
		if g.Territory.IsZero() == (len(g.Records) == 0) {
			return fmt.Errorf("a grant names either a territory or records: %w", ErrInvalid)
		}
		if err := checkTerritory(r, g.Territory); err != nil {
			return err
		}
		records += len(g.Records)
	}
	if records > GrantRecordsMax {
		return fmt.Errorf("%d records granted by name, at most %d: grant their territory: %w", records, GrantRecordsMax, ErrInvalid)
	}
	return nil
}

// canonicalGrants sorts grants, joins the records of one role and drops
// repetitions, so that equal grants are stored equally.
func canonicalGrants(grants []Grant) []Grant {
	type list struct {
		role  Role
		until syncengine.UnixMilli
	}
	records := map[list][]syncengine.ID{}
	var out []Grant
	for _, g := range grants {
		if g.Territory.IsZero() && len(g.Records) > 0 {
			records[list{g.Role, g.Until}] = append(records[list{g.Role, g.Until}], g.Records...)
			continue
		}
		out = append(out, g)
	}
	for of, ids := range records {
		slices.SortFunc(ids, compareIDs)
		out = append(out, Grant{Role: of.role, Until: of.until, Records: slices.Compact(ids)})
	}
	slices.SortFunc(out, compareGrants)
	return slices.CompactFunc(out, func(a, b Grant) bool { return compareGrants(a, b) == 0 && slices.Equal(a.Records, b.Records) })
}

func compareGrants(a, b Grant) int {
	return cmp.Or(cmp.Compare(a.Role, b.Role), compareIDs(a.Territory, b.Territory), cmp.Compare(a.Until, b.Until))
}

func sameGrants(a, b []Grant) bool {
	return slices.EqualFunc(storedGrants(a), storedGrants(b), func(x, y *storedv1.Grant) bool { return proto.Equal(x, y) })
}

func storedGrants(grants []Grant) []*storedv1.Grant {
	out := make([]*storedv1.Grant, len(grants))
	for i, g := range grants {
		out[i] = &storedv1.Grant{Role: g.Role, TerritoryId: wire.BytesOf(g.Territory), RecordIds: packIDs(g.Records), UntilMs: int64(g.Until)}
	}
	return out
}

func grantVersionOf(version uint64, m *storedv1.GrantVersion) (GrantVersion, error) {
	grants, err := grantsOf(m.GetGrants())
	return GrantVersion{Version: version, Grants: grants, At: syncengine.UnixMilli(m.GetAtMs())}, err
}

func grantsOf(list []*storedv1.Grant) ([]Grant, error) {
	out := make([]Grant, 0, len(list))
	for _, m := range list {
		territory, err := idOf(m.GetTerritoryId())
		records, recordsErr := unpackIDs(m.GetRecordIds())
		if err := errors.Join(err, recordsErr); err != nil {
			return nil, err
		}
		out = append(out, Grant{Role: m.GetRole(), Territory: territory, Records: records, Until: syncengine.UnixMilli(m.GetUntilMs())})
	}
	return out, nil
}
