// Package cryptvfs seals a SQLite database page by page, under the engine: what reaches the disk is unreadable without
// the key, and whatever was altered there is refused. It is a VFS over that of a disk, on a phone the unix VFS of
// modernc.org/sqlite/lib; a connection reaches it with `file:PATH?vfs=NAME`, NAME from [VFS.Name], and must set
// `locking_mode=EXCLUSIVE` and `temp_store=MEMORY` before it reads.
//
// It opens main files and write-ahead logs and nothing else: a rollback journal or a temporary file would hold plain
// pages, so asking for one is an error. It never stores the key, never logs, and never hands out a page that it could
// not authenticate.
//
// Read this file first, then keys.go (the cipher), create.go (how a file comes to be), file.go (what the engine calls)
// and internal/sqlitevfs (what is below, and the only place that turns addresses of the engine into Go memory).
//
// # Keys
//
// From the 32-byte key, HKDF-SHA-256 without salt derives, each with an info text of its own that names this format:
// an AES-256-GCM key for pages; two AES-256 keys, for frame headers and for their tweak; and a 4-byte mark. Every
// database under one key has the same mark, which is how a wrong key is told from damage.
//
// # Main file
//
// Pages of 4,096 bytes, numbered from 1, page n at offset (n-1)*4096. Each is
//
//	   0  4064  the page's content, encrypted
//	4064    16  GCM tag
//	4080    12  nonce
//	4092     4  mark
//
// The engine leaves the last 32 bytes of each page free because byte 20 of the database header says so. The associated
// data are "M", the offset (8 bytes, big endian) and the mark: a page is refused at any other place.
//
// # Write-ahead log (PATH-wal)
//
//	 0    32  the engine's header, as it is: page size, number of the checkpoint, random salts, checksum
//	32     *  frames of 24 + 4096 bytes
//
// Each frame is
//
//	 0     4  page number, as it is
//	 4     4  pages of the database after this commit, 0 inside a transaction, as it is
//	 8    16  salts and checksum, encrypted as one block
//	24  4096  the page, laid out as in the main file
//
// The 16 bytes are one AES block in XEX mode whose tweak is the frame's offset and first 8 bytes. They are hidden
// because a checksum over plain text would confirm guesses; altering any of the 24 bytes scrambles the salts, and the
// engine then takes the log to end there. The page's associated data are "W", the frame's offset, the mark, the page
// number and the salts of the log's header: a page of an earlier round of the log is refused.
//
// # Nonces
//
// A nonce is 12 fresh bytes of crypto/rand for every page written. Random nonces hold for 2^32 pages under one key
// (NIST SP 800-38D, 8.3): 16 TiB written, log and checkpoints included, of all databases under that key. An edit
// writes some ten pages, so a thousand edits a day reach it after a thousand years. The count is not kept: an app that
// writes more hands in a new key for a new database.
//
// # What stays visible, and what is not prevented
//
// Sizes of the files, which pages change and when, page numbers and commits in the log, the number of checkpoints, and
// that two databases have the same key. Putting back an older copy of a page at its place in the main file, or of the
// whole database, is not noticed here. A log that is cut or altered reads as the commits before the place, as the
// engine reads a log torn by a crash.
package cryptvfs
