// Package disk is an in-memory disk that loses its power, fills up and fails on command. The phone's encrypting VFS and
// the server's store stand on it as they stand on the system's files: client.Options.Disk and
// sqlitestore.Options.Disk take a [*Disk], one for each machine of a simulated world.
//
// It starts no goroutine and draws no chance of its own: the same calls with the same sources of randomness leave the
// same bytes of each write. It never touches the system's files. It may be used by several goroutines.
//
// # What is durable
//
// A file is a content and the writes since its last sync; the names of files are a list of changes since the last sync
// of a folder. [Disk.PowerOff] decides what of that survives, as a [Loss] says: a write that no sync confirmed survives
// whole, not at all, or in sectors of 512 bytes; changes of names survive up to a point in their order, since file
// systems keep a journal of them. A sync of any folder confirms all changes of names before it, as such a journal does;
// a sync of a file confirms its content alone, except that the first sync of a new log confirms its name, as SQLite's
// own VFS syncs the folder there. A write never damages what stands beside it (powersafe overwrite, the promise on which
// SQLite's own VFS relies too).
//
// After a PowerOff every file that was open is dead: each call on it is an I/O error. What was open belongs to a
// process that is no more; close it, and open anew after [Disk.PowerOn].
//
// # What is not modelled
//
// Reads do not fail. A sync that returned is kept: no drive lies here. Bits do not rot by themselves; a test writes
// damage with [Disk.Write].
//
// Read disk.go first, then power.go and fault.go; node.go holds the contents, names.go the names, vfs.go and file.go what
// the engine calls, locks.go and share.go its locks and its shared memory.
package disk
