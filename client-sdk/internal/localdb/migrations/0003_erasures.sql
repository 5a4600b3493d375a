-- Schema 3: erasures. A change that had erased cells keeps its place: body is what is left of it, empty when nothing is,
-- and salt is empty.

-- inner is the digest of an erased change over its salt and body as they were; empty for a change that stands whole.
ALTER TABLE changes ADD COLUMN inner BLOB NOT NULL DEFAULT x'';

-- barriers is the erasures that the realm told this phone of, until two verified backups of the server hold them.
CREATE TABLE barriers (
  -- id numbers them in the order they were told.
  id INTEGER PRIMARY KEY,
  -- record_id is the record that cells were erased of.
  record_id BLOB NOT NULL CHECK (length(record_id) = 16),
  -- epoch is the history in which the erasure stands.
  epoch INTEGER NOT NULL,
  -- seq is its place there.
  seq INTEGER NOT NULL,
  -- body is the barrier as it was signed.
  body BLOB NOT NULL UNIQUE
) STRICT;

-- barriers_by_record finds those of a record.
CREATE INDEX barriers_by_record ON barriers (record_id);
