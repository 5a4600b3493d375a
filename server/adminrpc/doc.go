// Package adminrpc is the gRPC face of the operator's and the console's calls:
// decode, call, encode, and one table from errors to statuses.
//
// It merges nothing and writes no record itself: records change through
// exchange, people and places through identity inside exchange's one write
// transaction. Files of an import arrive as bytes and are checked here, so that
// every client gets the same checks. The records by which phones know
// territories and colleagues are made here from what identity holds (publish.go).
//
// # Who may see what
//
// A call carries a bearer token. Operators manage; operators and auditors see
// ids, kinds, seqs and codes of everything and no value. Everyone else sees
// records within the user's grants and, of those, the fields that the roles held
// there may read (reach.go). This is the console's half of I10: a value that is
// not readable is never encoded, nor is the key of its cell.
//
// Read service.go first, then auth.go and reach.go.
package adminrpc
