// Package memstore keeps one realm in memory: for tests, for the simulator, and
// as the plainest reading of the contract in server/store.
//
// It never touches a disk: what it calls durable lives as long as the Store. It
// knows no more of the realm than the contract says.
//
// A state is immutable once published. Update works on a draft whose trees
// share every untouched node with the state before (tidwall/btree, copy on
// write) and publishes it whole, or drops it; so a View costs nothing to start
// and sees one state for as long as it runs. The log is one slice that drafts
// extend beyond the length any state shows: only one draft lives at a time, so
// a dropped one leaves room that the next writes over and no state ever sees.
//
// Every slice is copied on its way in and on its way out, since the contract
// gives both to the caller.
//
// Read state.go first, then store.go, reader.go and writer.go.
package memstore
