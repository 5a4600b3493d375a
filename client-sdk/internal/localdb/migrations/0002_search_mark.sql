-- Schema 2: records that are new wait for the search index without a row in a queue of their own.

-- search_mark is one row: how far the search index has come through the records.
CREATE TABLE search_mark (
  -- one is 1 and keeps the table at one row.
  one INTEGER PRIMARY KEY CHECK (one = 1),
  -- row is the last row of records that the index has come to: those above it are out of date as those in search_queue are.
  row INTEGER NOT NULL
) STRICT;

INSERT INTO search_mark (one, row) SELECT 1, coalesce(max(row), 0) FROM records;
