// Package sealed stands in front of a realm's store and keeps what tells who a
// resident is unreadable in it: values of fields whose class is sealed, in
// records, among kept values and in conflicts; whole changes that write one, with
// their salts, in the log and in quarantine; the digests over such values. Whoever
// reads through it reads what was written; the store, its write-ahead log, its
// freed pages and every copy of them hold sealed bytes.
//
// It knows no merge rule and no grant: it decides by the schema alone what is
// sealed. It never writes an open value of a sealed class, and never a key in the
// open.
//
// Keys: a data key per realm, drawn when the realm is made, lies in the store
// wrapped by the contact key, which lies in a file of its own (keyfile.go). A new
// data key may be made at any time: it seals what is written from then on, the
// older ones open what they sealed, and each transaction looks whether its server
// has the store's keys (current.go). AES-256-GCM throughout (NIST SP 800-38D).
//
// Form of sealed bytes: a byte 0, a byte 1 (the form), the data key's number (4
// bytes, big endian), a nonce (12) and the sealed bytes with their tag (16). No
// message of protobuf begins with a byte 0, so a change that is sealed is told by
// its first byte; one that cannot be read is always sealed. The nonce is made from
// the key, the place and the content (HMAC-SHA-256): equal content at the same
// place gives equal bytes, other content another nonce, and no chance is drawn.
// The place (record, cell and write; or seq and author of a change) is
// authenticated: bytes that were moved elsewhere do not open.
//
// Invariants: I11 on the server's disk, I19 together with whoever rewrites
// entries, since a rewritten entry is sealed anew and loses its places in the index.
//
// The index (index.go) finds the records of a telephone number without holding
// one: documents under a keyed hash, one a change that names it, from the log and
// from quarantine, so that also numbers that were kept or covered are found.
//
// Read store.go first.
package sealed
