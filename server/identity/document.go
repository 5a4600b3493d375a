package identity

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// The buckets. Names are stored and never change.
const (
	// bucketRealm holds the one Realm document.
	bucketRealm = "identity.realm"
	// bucketUsers: user id -> User.
	bucketUsers = "identity.users"
	// bucketDevices: incarnation -> Device.
	bucketDevices = "identity.devices"
	// bucketUserDevices: user id, incarnation -> nothing.
	bucketUserDevices = "identity.devices-by-user"
	// bucketBranches: incarnation -> Branch, for copied databases only.
	bucketBranches = "identity.branches"
	// bucketContacts: incarnation -> Contact.
	bucketContacts = "identity.contacts"
	// bucketGrants: user id, version -> GrantVersion.
	bucketGrants = "identity.grants"
	// bucketFurther: user id -> FurtherGrants.
	bucketFurther = "identity.grants-further"
	// bucketTerritories: territory id -> Territory.
	bucketTerritories = "identity.territories"
	// bucketTerritoryCodes: code -> territory id.
	bucketTerritoryCodes = "identity.territory-codes"
	// bucketTree holds the number of changes of the tree so far.
	bucketTree = "identity.tree"
	// bucketViews: version -> ScopeView.
	bucketViews = "identity.views"
	// bucketTeams: team id -> Team.
	bucketTeams = "identity.teams"
	// bucketAssignments: door id, slot -> Assignment.
	bucketAssignments = "identity.assignments"
	// bucketUserDoors: user id, door id, slot -> territory id.
	bucketUserDoors = "identity.assignments-by-user"
	// bucketHandovers: hash of what is handed over -> Handover, until it has ended.
	bucketHandovers = "identity.handovers"
	// bucketCodes: hash of a join code -> JoinCode.
	bucketCodes = "identity.codes"
	// bucketTokens: token id -> Token.
	bucketTokens = "identity.tokens"
	// bucketTokenLog: dense number -> TokenEvent.
	bucketTokenLog = "identity.token-log"
	// bucketAccounts: user id -> Account.
	bucketAccounts = "identity.accounts"
	// bucketAccountNames: name for signing in -> user id.
	bucketAccountNames = "identity.account-names"
	// bucketAccountSubjects: hash of issuer and subject -> user id.
	bucketAccountSubjects = "identity.account-subjects"
	// bucketInvitations: hash of a code -> JoinCode.
	bucketInvitations = "identity.invitations"
)

// LedgerBuckets lists the buckets of which a restore must lose nothing: who there
// is, what they may do, what was taken from them. Contacts and views follow by
// themselves; the realm's own document belongs to its database.
func LedgerBuckets() []string {
	return []string{
		bucketUsers, bucketDevices, bucketUserDevices, bucketBranches, bucketGrants, bucketFurther, bucketTerritories,
		bucketTerritoryCodes, bucketTree, bucketTeams, bucketAssignments, bucketUserDoors, bucketCodes, bucketTokens, bucketTokenLog,
		bucketAccounts, bucketAccountNames, bucketAccountSubjects, bucketInvitations,
	}
}

// MergedInLedger reports a bucket of which a database may hold more than a ledger
// that was not kept all along: tokens that a restore has minted.
func MergedInLedger(bucket string) bool { return bucket == bucketTokens || bucket == bucketTokenLog }

// onlyKey is the key of a bucket with one document.
var onlyKey = []byte("1")

const (
	// NameCharsMax bounds the names of teams, devices and realms: one line of a
	// phone's screen, with room for a unit's full title.
	NameCharsMax = 64
	// UserNameCharsMax is the limit of the staff record that colleagues read.
	UserNameCharsMax = 40
	// DepartmentNameCharsMax is the limit of the field by which cases are routed to a department.
	DepartmentNameCharsMax = 40
	// TerritoryNameCharsMax is the limit of the territory record that phones read.
	TerritoryNameCharsMax = 80
)

// checkName wants a name of 1 to most characters.
func checkName(what, name string, most int) error {
	n := utf8.RuneCountInString(name)
	if n == 0 || n > most || !utf8.ValidString(name) {
		return fmt.Errorf("name of %s has %d characters, 1 to %d of UTF-8 are needed: %w", what, n, most, ErrInvalid)
	}
	return nil
}

// get reads a document into m; ok is false when there is none.
func get(r store.Reader, bucket string, key []byte, m proto.Message) (ok bool, err error) {
	value, ok, err := r.Document(bucket, key)
	if err != nil || !ok {
		return false, wrapAt(err, bucket, key)
	}
	return true, decode(bucket, key, value, m)
}

func decode(bucket string, key, value []byte, m proto.Message) error {
	if err := proto.Unmarshal(value, m); err != nil {
		return fmt.Errorf("%s %x: %w: %w", bucket, key, ErrDamaged, err)
	}
	return nil
}

// put writes a document.
func put(w store.Writer, bucket string, key []byte, m proto.Message) error {
	value, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return fmt.Errorf("%s %x: %w: %w", bucket, key, ErrInvalid, err)
	}
	return wrapAt(w.PutDocument(bucket, key, value), bucket, key)
}

// wrapAt adds the place to an error of the store; nil stays nil.
func wrapAt(err error, bucket string, key []byte) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %x: %w", bucket, key, err)
}

// walk decodes every document with the key prefix, in key order.
func walk[M proto.Message](r store.Reader, bucket string, prefix []byte, fresh func() M, f func(key []byte, m M) error) error {
	var failed error
	err := r.Documents(bucket, prefix, afterPrefix(prefix), func(d store.Document) bool {
		m := fresh()
		if failed = decode(bucket, d.Key, d.Value, m); failed == nil {
			failed = f(d.Key, m)
		}
		return failed == nil
	})
	return errors.Join(err, failed)
}

// walkAfter calls f with the documents of a bucket above a key, decoded, until f returns false.
func walkAfter[M proto.Message](r store.Reader, bucket string, after syncengine.ID, fresh func() M, f func(key []byte, m M) (bool, error)) error {
	var failed error
	var from []byte
	if !after.IsZero() {
		from = append(after[:], 0)
	}
	err := r.Documents(bucket, from, nil, func(d store.Document) (on bool) {
		m := fresh()
		if failed = decode(bucket, d.Key, d.Value, m); failed == nil {
			on, failed = f(d.Key, m)
		}
		return on && failed == nil
	})
	return errors.Join(err, failed)
}

// walkKeys calls f with every document that has the key prefix, undecoded.
func walkKeys(r store.Reader, bucket string, prefix []byte, f func(d store.Document) error) error {
	var failed error
	err := r.Documents(bucket, prefix, afterPrefix(prefix), func(d store.Document) bool {
		failed = f(d)
		return failed == nil
	})
	return errors.Join(err, failed)
}

// afterPrefix gives the least key above every key with the prefix; nil means no end.
func afterPrefix(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i] != 0xff {
			end[i]++
			return end[:i+1]
		}
	}
	return nil
}

// join concatenates ids into a key.
func join(ids ...syncengine.ID) []byte {
	key := make([]byte, 0, len(ids)*16)
	for _, id := range ids {
		key = append(key, id[:]...)
	}
	return key
}

// numbered appends a number to an id so that keys sort by number.
func numbered(id syncengine.ID, n uint64) []byte {
	return binary.BigEndian.AppendUint64(join(id), n)
}

// idOf reads an id that may be absent; any other length than 0 and 16 is damage.
func idOf(b []byte) (syncengine.ID, error) {
	if len(b) == 0 {
		return syncengine.ID{}, nil
	}
	id, ok := syncengine.IDFromBytes(b)
	if !ok {
		return id, fmt.Errorf("id of %d bytes, want 16: %w", len(b), ErrDamaged)
	}
	return id, nil
}

// packIDs lays ids out one after another.
func packIDs(ids []syncengine.ID) []byte { return join(ids...) }

// unpackIDs reads ids that lie one after another.
func unpackIDs(b []byte) ([]syncengine.ID, error) {
	if len(b)%16 != 0 {
		return nil, fmt.Errorf("ids of %d bytes, want a multiple of 16: %w", len(b), ErrDamaged)
	}
	ids := make([]syncengine.ID, 0, len(b)/16)
	for ; len(b) > 0; b = b[16:] {
		ids = append(ids, syncengine.ID(b[:16]))
	}
	return ids, nil
}

// idList reads a list of ids; none of them may be absent.
func idList(list [][]byte) ([]syncengine.ID, error) {
	out := make([]syncengine.ID, 0, len(list))
	for _, b := range list {
		id, ok := syncengine.IDFromBytes(b)
		if !ok {
			return nil, fmt.Errorf("id of %d bytes, want 16: %w", len(b), ErrDamaged)
		}
		out = append(out, id)
	}
	return out, nil
}

// compareIDs orders ids by their bytes.
func compareIDs(a, b syncengine.ID) int { return bytes.Compare(a[:], b[:]) }
