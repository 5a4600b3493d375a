package localdb

// What a phone may no longer hold must be in no page of its files. A row that is deleted is overwritten in its page at
// once (secure_delete=FAST, which costs no write). Its longer values stood in pages of their own, which are free now and
// keep what they held, and the log holds pages as they were. Scrub overwrites both.

// metaUnclean is set while records have left the base and Scrub has not run since.
const metaUnclean = MetaKey("unclean")

// noteUnclean remembers, durably with the transaction, that something left the base.
func (tx *Tx) noteUnclean() error {
	if tx.db.unclean {
		return nil
	}
	tx.db.unclean = true
	return tx.SetMetaInt(metaUnclean, 1)
}

// readUnclean looks up what an earlier run has left to do.
func (tx *Tx) readUnclean() error {
	n, err := tx.MetaInt(metaUnclean)
	tx.db.unclean = n != 0
	return err
}

// overflowBytes is what a page of a long value holds of it.
const overflowBytes = 4096 - 32 - 4

// Scrub overwrites what records that left the base have left behind in free pages and in the log. It costs a write of
// every free page; a crash leaves it to be done again.
func (db *DB) Scrub() error {
	if err := db.Update((*Tx).fillFree); err != nil {
		return err
	}
	if err := db.truncateLog(); err != nil {
		return err
	}
	err := db.Update(func(tx *Tx) error { return tx.DeleteMeta(metaUnclean) })
	if err == nil {
		db.mu.Lock()
		db.unclean = false
		db.mu.Unlock()
	}
	return err
}

// fillFree writes zeros over every free page, by a value that takes all of them and goes again.
func (tx *Tx) fillFree() error {
	free, err := tx.statement("PRAGMA freelist_count").number()
	if err != nil || free == 0 {
		return err
	}
	if err := tx.write("CREATE TABLE scrub (b BLOB)").run(); err != nil {
		return err
	}
	if err := tx.write("INSERT INTO scrub VALUES (zeroblob(?))").int(free * overflowBytes).run(); err != nil {
		return err
	}
	return tx.write("DROP TABLE scrub").run()
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

// isUnclean reports that Scrub has work.
func (db *DB) isUnclean() bool {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.unclean
}
