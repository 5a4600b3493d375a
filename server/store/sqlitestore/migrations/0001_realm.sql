-- Schema 1: one realm's head, log, reduced records, scope index and documents.
--
-- Ids are BLOBs of 16 bytes. A seq is an INTEGER from 1. Times are milliseconds
-- since the Unix epoch. Bodies are the write path's own encoding; SQL never
-- looks inside one. An absent BLOB is stored as one of length 0, never as NULL.

-- head is one row: the history in force and the commit that wrote the newest
-- entry. The seq of that entry is the log's greatest and is stored nowhere else,
-- so that the two cannot disagree.
CREATE TABLE head (
  -- one is 1 and keeps the table at one row.
  one INTEGER PRIMARY KEY CHECK (one = 1),
  -- epoch numbers the history in force, from 1.
  epoch INTEGER NOT NULL,
  -- tag is the 8 random bytes of the newest commit; zeros before the first.
  tag BLOB NOT NULL CHECK (length(tag) = 8),
  -- committed is the time of the newest commit; 0 before the first.
  committed INTEGER NOT NULL
) STRICT;

-- log is every entry of the realm's history, in order and without a gap.
CREATE TABLE log (
  -- seq is the entry's number, dense from 1.
  seq INTEGER PRIMARY KEY,
  -- type is the number of the entry's type, such as 1 for an applied change.
  type INTEGER NOT NULL,
  -- incarnation is the phone database that made the change; zeros in the server's own entries.
  incarnation BLOB NOT NULL CHECK (length(incarnation) = 16),
  -- device_seq numbers the change within its incarnation; 0 in the server's own entries.
  device_seq INTEGER NOT NULL,
  -- record_id is the record the entry concerns; zeros for none.
  record_id BLOB NOT NULL CHECK (length(record_id) = 16),
  -- kind is the record's kind.
  kind INTEGER NOT NULL,
  -- prev is the seq of the record's entry before this one, so that a record's history is a walk; 0 for none.
  prev INTEGER NOT NULL,
  -- ref is the seq of the entry this one decides on or completes; 0 for none.
  ref INTEGER NOT NULL,
  -- stamp is the stored stamp of the change.
  stamp INTEGER NOT NULL,
  -- suspect is 1 when the stamp had to be bounded.
  suspect INTEGER NOT NULL,
  -- reason is the number of the quarantine reason; 0 for none.
  reason INTEGER NOT NULL,
  -- rank is the rank of the author's role.
  rank INTEGER NOT NULL,
  -- salt is the salt of the change's link in its chain; empty in the server's own entries.
  salt BLOB NOT NULL,
  -- body is the change as it came; empty in the server's own entries.
  body BLOB NOT NULL,
  -- extra is what few entries have, in the write path's encoding; empty for most.
  extra BLOB NOT NULL
) STRICT;

-- records is the state to which the log reduces: one row a record, dead ones too.
-- It keeps its rowid: a body of a kilobyte in an index tree leaves few entries a
-- page, so the ids have a tree of their own.
CREATE TABLE records (
  -- id is the record's id.
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  -- kind is the record's kind.
  kind INTEGER NOT NULL,
  -- seq is the newest entry that changed the record.
  seq INTEGER NOT NULL,
  -- body is the record's cells in the write path's encoding.
  body BLOB NOT NULL
) STRICT;

-- scope is the index by which pages are cut: what happened in a scope key, in seq order.
CREATE TABLE scope (
  -- key is the scope key: one letter and the 16 bytes of an id, or the realm's one letter.
  key BLOB NOT NULL,
  -- seq is the entry that caused the row.
  seq INTEGER NOT NULL,
  -- record_id is the record that changed, left, or was decided on.
  record_id BLOB NOT NULL CHECK (length(record_id) = 16),
  -- type is the number of the row's type: 1 present, 2 left, 3 decision.
  type INTEGER NOT NULL,
  -- entered is the seq at which the record's stay in the key began.
  entered INTEGER NOT NULL,
  PRIMARY KEY (key, seq, record_id)
) STRICT, WITHOUT ROWID;

-- documents is small values by bucket and key: devices, grants, batches, quarantine, conflicts, digests.
CREATE TABLE documents (
  -- bucket names what kind of value it is.
  bucket TEXT NOT NULL,
  -- key orders the values within their bucket, byte by byte.
  key BLOB NOT NULL,
  -- value is the document in its owner's encoding.
  value BLOB NOT NULL,
  PRIMARY KEY (bucket, key)
) STRICT, WITHOUT ROWID;

INSERT INTO head (one, epoch, tag, committed) VALUES (1, 1, zeroblob(8), 0);
