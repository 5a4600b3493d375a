// Package wire translates between the protocol's messages and the sync engine,
// with every check of size and form. What has passed here is well formed: known
// fields have their declared type, texts are UTF-8 and within their length, ids
// have 16 bytes, and a change stays below its limits. Whether it is allowed, or
// a good idea, is decided elsewhere.
//
// It never does I/O and keeps no state. The phone and the server share it, so
// both cut a patch into the same cells and give a record the same digest.
//
// Read limits.go first, then patch.go and change.go.
package wire
