package localdb

import (
	"onedoor/client-sdk/internal/cryptvfs"
	"onedoor/internal/sqlitescrub"
)

// What a phone may no longer hold must be in no page of its files. A row that is deleted is overwritten in its page at
// once (secure_delete=FAST, which costs no write). internal/sqlitescrub says what that leaves behind; Scrub overwrites it.

// metaUnclean is set while records have left the base, or cells were erased, and Scrub has not run since.
const metaUnclean = MetaKey("unclean")

// What metaUnclean says: the index of texts holds what it was told of a record until its parts are merged.
const (
	uncleanPages = 1
	uncleanIndex = 2
)

// noteUnclean remembers, durably with the transaction, that something left the base.
func (tx *Tx) noteUnclean() error {
	tx.db.soiled++
	if tx.db.unclean {
		return nil
	}
	tx.db.unclean = true
	return tx.SetMetaInt(metaUnclean, uncleanPages)
}

// noteErased remembers the same of the index of texts too.
func (tx *Tx) noteErased() error {
	tx.db.soiled++
	tx.db.unclean = true
	return tx.SetMetaInt(metaUnclean, uncleanIndex)
}

// readUnclean looks up what an earlier run has left to do.
func (tx *Tx) readUnclean() error {
	n, err := tx.MetaInt(metaUnclean)
	tx.db.unclean = n != 0
	return err
}

// Scrub overwrites what records that left the base have left behind in free pages and in the log. It costs a read of
// the file and a write of every free page; a crash leaves it to be done again.
func (db *DB) Scrub() error {
	var soiled uint64
	if err := db.Update(func(tx *Tx) error { soiled = tx.db.soiled; return tx.mergeIndex() }); err != nil {
		return err
	}
	if err := db.Update(func(tx *Tx) error { return cryptvfs.Explain(sqlitescrub.Free(tx.db.conn)) }); err != nil {
		return err
	}
	if err := db.scrubRows(); err != nil {
		return err
	}
	if err := db.truncateLog(); err != nil {
		return err
	}
	return db.Update(func(tx *Tx) error {
		if tx.db.soiled != soiled {
			return nil // More has gone meanwhile, which the next Scrub sees to.
		}
		tx.db.unclean = false
		return tx.DeleteMeta(metaUnclean)
	})
}

// ScrubLeft is Scrub where one has work, as after a crash.
func (db *DB) ScrubLeft() error {
	if !db.Unclean() {
		return nil
	}
	return db.Scrub()
}

// mergeIndex makes the index of texts anew where it may hold texts that were erased.
func (tx *Tx) mergeIndex() error {
	n, err := tx.MetaInt(metaUnclean)
	if err != nil || n != uncleanIndex {
		return err
	}
	return tx.write("INSERT INTO search (search) VALUES ('optimize')").run()
}

// scrubPages is how many pages are looked at in one transaction: 2 MiB, so that an edit waits for some milliseconds.
const scrubPages = 500

// scrubRows overwrites the room between rows, where others stood.
func (db *DB) scrubRows() error {
	for from := int64(1); from != 0; {
		err := db.Update(func(tx *Tx) (err error) {
			from, err = sqlitescrub.Pages(tx.db.conn, from, scrubPages)
			return cryptvfs.Explain(err)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// truncateLog moves all of the log into the main file and cuts the log's file to nothing.
func (db *DB) truncateLog() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if err := db.usable(); err != nil {
		return err
	}
	return db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
}

// Unclean reports that Scrub has work.
func (db *DB) Unclean() bool {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.unclean
}
