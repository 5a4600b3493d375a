// Package logvfs has a write-ahead log written in large pieces. SQLite writes each frame of a commit by two calls, some
// hundreds of them for a batch; each grows the file by a page or two, and what the system does for that is more than the
// writing itself. It is a VFS over that of a disk: frames that stand behind one another are gathered and written together.
//
// Whatever the engine may ask for next finds the file as if each write had been done at once:
//   - a frame that ends a transaction is written with all before it before its write returns, so that what is
//     committed is the system's, and other connections find what the index of the log names, with every setting of
//     synchronous;
//   - a read, a flush, a change of the length and each other question about the log comes after what was gathered is written.
//
// So what waits here is never more than the frames of one transaction that is under way, which a process that dies takes
// with it, as a crash of the system would. A write that fails is told by the call that had it written: a later one of the same
// transaction, its last at the latest; of one that was rolled back, the next call of all. That call may be a read, whose statement
// ends by itself while its transaction goes on: what would stand behind the missing frames is refused, so that no commit counts on
// them.
//
// It alters no byte, knows of the log's format where the page count in a frame's header stands, and opens every file but logs as
// the disk's own VFS does, with nothing in between.
//
// Read vfs.go first, then gather.go and hole.go; internal/sqlitevfs is what it is written over.
package logvfs
