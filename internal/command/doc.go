// Package command is what the commands of the house share: how a command line is
// run and ends, the one line that an error becomes, results as text or as one
// JSON object, tables in columns.
//
// It knows no command, no server and no phone, and writes nothing but what it is
// handed. docs/cli.md is the contract with scripts that it keeps: exit codes,
// results on standard output, everything else on standard error.
//
// Read run.go first.
package command
