// Package accessledger keeps, in the realm's own store, who saw what is sealed
// and who changed what people may do: an append-only list of entries, each of
// which holds the hash of the one before, so that an entry that was altered or
// taken out is found.
//
// It never holds a value of a record: records, users and devices are named by
// id, fields by number, and a reason that holds the number of a person is
// refused. It decides nothing about who may read; it says who did. It takes the
// time from its caller and draws no chance, so that equal histories give equal
// ledgers.
//
// Invariants: entries are dense from 1 but for cuts, which say up to where
// entries were taken out and what the hash of the last of them was; an entry is
// written in the transaction of the act that it tells of, so that neither stands
// without the other; what was seen is durable before it leaves the server.
//
// An entry is a stored.v1.AccessEntry in bucket "access", under its number, big
// endian. Its hash is SHA-256 over the text "onedoor access 1" and the bytes as
// they are stored. Bucket "access.head" holds the newest number and hash,
// "access.cuts" the cuts under the number of the first entry taken out.
//
// Whoever can write the whole store can also write a whole new chain: the side
// ledger keeps the entries on other storage.
//
// Read entry.go first, then ledger.go.
package accessledger
