// Package sqlitedisk is what the files of SQLite databases stand on: [Disk], a seam for another disk than the system's, and
// [System], the system's own. The engine reaches a file through the VFS that a disk names; what else is done to files, such as
// making one whole or locking a folder, goes through the disk's methods.
//
// It knows no format and nothing of the engine but the name of a VFS; how a VFS is written in Go is the matter of
// internal/sqlitevfs.
package sqlitedisk
