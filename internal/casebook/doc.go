// Package casebook reads cases for the rules of package casework, and writes the steps that they allow as edits of records:
// a patch of the dispute or hazard, and the entries that the step leaves on its timeline. Phone and server take steps with
// it, so that a step means the same in a cellar and at the centre.
//
// It decides nothing by itself and commits nothing: it asks casework, and what is left to ask of the record's own fields are
// the preconditions of package domain, which the caller's commit asks. It reads no clock.
//
// Read read.go first, then dispute.go and hazard.go.
package casebook
