// Command onedoor-phone is a phone of the field teams on a command line: it works
// without a signal in a folder of its own and syncs when it is told to.
//
// It is for scripts, tests and people who want to see what the phone app sees. It
// never talks to a server except in enrol and sync, and never keeps the key of a
// folder inside that folder. Read run.go first.
package main

func main() {}
