-- Schema 1: heads, logs, reduced records, scope indexes and documents of many realms.
--
-- Every key begins with the realm, and a transaction touches one realm, so an engine that shards by it needs no
-- transaction across shards. Ids are 16 bytes. A seq is a bigint from 1; one above 63 bits, which only a field that is
-- not searched may hold, is stored as the negative number of the same bits. Times are milliseconds since the Unix epoch.
-- Bodies are the write path's own encoding; SQL never looks inside one. Absent bytes are stored as none, never as NULL.
-- A bucket is bytes, so that its order is that of its bytes in every collation.

-- One row a realm: the history in force and its newest commit. Whoever writes to a realm locks its row first: that lock
-- is the realm's one writer.
CREATE TABLE IF NOT EXISTS onedoor_heads (
  realm text NOT NULL,
  -- epoch numbers the history in force, from 1.
  epoch bigint NOT NULL,
  -- seq is the newest entry of the log; 0 when it is empty.
  seq bigint NOT NULL,
  -- tag is the 8 random bytes of the newest commit with entries; zeros before the first.
  tag bytea NOT NULL,
  -- committed is the time of that commit; 0 before the first.
  committed bigint NOT NULL,
  -- place names the cluster and its timeline, where the engine tells them; empty where it does not.
  place text NOT NULL,
  PRIMARY KEY (realm)
);

-- One row a server process that has written to a realm: the number of its newest transaction. A process whose connection
-- was cut in a commit reads here whether the commit happened, and one that finds an older number than it was told is
-- durable knows that the engine went back.
CREATE TABLE IF NOT EXISTS onedoor_writers (
  realm text NOT NULL,
  -- writer is 16 random bytes, drawn when the process opened the realm.
  writer bytea NOT NULL,
  -- tx counts the process's transactions.
  tx bigint NOT NULL,
  -- at is the time of the newest; rows that are long unused are removed.
  at bigint NOT NULL,
  PRIMARY KEY (realm, writer)
);

-- Every entry of a realm's history, in order and without a gap.
CREATE TABLE IF NOT EXISTS onedoor_log (
  realm text NOT NULL,
  seq bigint NOT NULL,
  -- type is the number of the entry's type, such as 1 for an applied change.
  type smallint NOT NULL,
  -- incarnation is the phone database that made the change; zeros in the server's own entries.
  incarnation bytea NOT NULL,
  -- device_seq numbers the change within its incarnation; 0 in the server's own entries.
  device_seq bigint NOT NULL,
  -- record_id is the record the entry concerns; zeros for none.
  record_id bytea NOT NULL,
  kind bigint NOT NULL,
  -- prev is the seq of the record's entry before this one; 0 for none.
  prev bigint NOT NULL,
  -- ref is the seq of the entry this one decides on or completes; 0 for none.
  ref bigint NOT NULL,
  stamp bigint NOT NULL,
  -- suspect tells that the stamp had to be bounded.
  suspect boolean NOT NULL,
  -- reason is the number of the quarantine reason; 0 for none.
  reason smallint NOT NULL,
  -- rank is the rank of the author's role.
  rank smallint NOT NULL,
  -- salt and body are the change as it came; none in the server's own entries.
  salt bytea NOT NULL,
  body bytea NOT NULL,
  -- extra is what few entries have, in the write path's encoding.
  extra bytea NOT NULL,
  PRIMARY KEY (realm, seq)
);

-- The state to which the log reduces: one row a record, dead ones too.
CREATE TABLE IF NOT EXISTS onedoor_records (
  realm text NOT NULL,
  id bytea NOT NULL,
  kind bigint NOT NULL,
  -- seq is the newest entry that changed the record.
  seq bigint NOT NULL,
  -- body is the record's cells in the write path's encoding.
  body bytea NOT NULL,
  PRIMARY KEY (realm, id)
);

-- The index by which pages are cut: what happened in a scope key, in seq order.
CREATE TABLE IF NOT EXISTS onedoor_scope (
  realm text NOT NULL,
  -- key is the scope key: one letter and the 16 bytes of an id, or the realm's one letter.
  key bytea NOT NULL,
  -- seq is the entry that caused the row.
  seq bigint NOT NULL,
  -- record_id is the record that changed, left, or was decided on.
  record_id bytea NOT NULL,
  -- type is the number of the row's type: 1 present, 2 left, 3 decision.
  type smallint NOT NULL,
  -- entered is the seq at which the record's stay in the key began.
  entered bigint NOT NULL,
  PRIMARY KEY (realm, key, seq, record_id)
);

-- Small values by bucket and key: devices, grants, batches, quarantine, conflicts, digests.
CREATE TABLE IF NOT EXISTS onedoor_documents (
  realm text NOT NULL,
  bucket bytea NOT NULL,
  -- key orders the values within their bucket, byte by byte.
  key bytea NOT NULL,
  -- value is the document in its owner's encoding.
  value bytea NOT NULL,
  PRIMARY KEY (realm, bucket, key)
);
