// Package lever is the switch of the broken branches that an overlay build puts into onedoor: one of them may be on in
// a process, all others sleep. No source of the house imports it; the overlay adds the import to its copies.
//
// It imports nothing of the house, since every room may be broken, and it is the only thing that broken copies and the
// driver share.
package lever

import "os"

// Variable names the environment variable that holds the name of the saboteur that is on; none is when it is empty.
const Variable = "ONEDOOR_SABOTEUR"

// active is read once, so that a saboteur is on for the whole life of a process.
var active = os.Getenv(Variable)

// Active gives the name of the saboteur that is on; empty for none.
func Active() string { return active }

// On reports that the named saboteur is on.
func On(name string) bool { return active == name }
