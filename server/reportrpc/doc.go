// Package reportrpc is the gRPC face of reports: decode, call, encode, and a table from errors to statuses.
//
// It counts nothing and hides nothing itself: what it sends are the rows of a report.Report, which have come through the
// report's one gate. Rows are streamed, so that a pull of any size takes little memory at either end.
//
// Read service.go first.
package reportrpc
