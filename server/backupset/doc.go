// Package backupset keeps backups of realms in a folder or in a bucket that speaks S3: it writes them, reads back what it
// wrote, lists, fetches, and takes old ones away.
//
// It makes no backup and opens none: a backup is bytes to it, that somebody has checked. What is to be encrypted is
// encrypted before it leaves this machine, to age recipients (https://age-encryption.org/v1): the server holds public keys
// alone, and who reads the bucket reads nothing.
//
// # Objects
//
//	onedoor-530702-20261130T021500Z-e1-s88120.backup.age        the backup; without .age where it is not encrypted
//	onedoor-530702-20261130T021500Z-e1-s88120.backup.age.json   its manifest: length and SHA-256 of the object, what is in it
//
// The manifest is written last, after the object was read back and found to be what was written, and taken away first: a
// backup without a manifest is one that was cut off, and counts as none.
//
// Read set.go first.
package backupset
