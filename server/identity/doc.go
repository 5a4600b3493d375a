// Package identity keeps who may do what where: users, the devices that sign
// for them, the tree of territories, grants by version and their expansion into
// scope keys, teams, join codes, tokens, and the realm's secrets.
//
// Everything is a plain function over a store.Reader or store.Writer, so that
// what it reads and writes belongs to its caller's transaction. It starts no
// goroutine and reads no clock; time and randomness come in as values. It never
// looks at a record's body, and decides only who and where: which fields of a
// kind a role may read is internal/schema's.
//
// # What is stored
//
// Small documents in buckets of their own, keyed by the 16-byte ids they are
// about; numbers in keys are big endian. The bodies are the messages of
// proto/onedoor/stored/v1/identity.proto. Of join codes and tokens only hashes
// are stored. The secrets stand in a file beside the store (secrets.go), and the
// store keeps their fingerprint.
//
// # Where grants come from
//
// A user's grants follow from the role and territory, from teams, from assigned
// doors that those do not cover, and from what a person gave besides.
// [RefreshGrants] puts them together after each of these has changed and adds a
// version when the result differs, so that a change is judged by what its author
// held when it was made. Versions are never changed or removed.
//
// The package carries the identity half of I10 and I21 (reads and writes stay
// within grants) and of I18 (one owner per incarnation).
//
// Read user.go first, then grant.go and view.go.
package identity
