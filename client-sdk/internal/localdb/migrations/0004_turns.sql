-- Schema 4: what the day's plan looks at of doors and of calls at them, beside the records it follows from. Nothing here is
-- a record: all of it is derived again where it is lost or of another version.

-- turn_mark is one row: how far doors and calls have been derived.
CREATE TABLE turn_mark (
  -- one is 1 and keeps the table at one row.
  one INTEGER PRIMARY KEY CHECK (one = 1),
  -- row is the last row of records that was come to: those above it are out of date as those in turn_queue are.
  row INTEGER NOT NULL,
  -- version is the version of what was derived, the caller's number.
  version INTEGER NOT NULL
) STRICT;

INSERT INTO turn_mark (one, row, version) VALUES (1, 0, 0);

-- turn_queue is the records of doors and visits, up to the mark, of which what was derived is out of date.
CREATE TABLE turn_queue (
  -- row is the record's row.
  row INTEGER PRIMARY KEY
) STRICT;

-- turn_doors is the doors that are visited.
CREATE TABLE turn_doors (
  -- row is the record's row.
  row INTEGER PRIMARY KEY,
  -- id is the door's id.
  id BLOB NOT NULL CHECK (length(id) = 16),
  -- facts is what a plan looks at of the door, in the caller's encoding.
  facts BLOB NOT NULL
) STRICT;

-- turn_calls is the calls at doors: a row for each door of each visit.
CREATE TABLE turn_calls (
  -- door is the door's id.
  door BLOB NOT NULL CHECK (length(door) = 16),
  -- at is when the call was made.
  at INTEGER NOT NULL,
  -- row is the visit's row in records.
  row INTEGER NOT NULL,
  -- outcome is the number of what came of it at this door.
  outcome INTEGER NOT NULL,
  -- seen is 1 where the call counts as seen.
  seen INTEGER NOT NULL,
  PRIMARY KEY (door, at, row)
) STRICT, WITHOUT ROWID;

-- turn_calls_by_row finds the calls of a visit.
CREATE INDEX turn_calls_by_row ON turn_calls (row);

-- turn_last is the sum of turn_calls for each door, so that a plan reads one row a door.
CREATE TABLE turn_last (
  -- door is the door's id.
  door BLOB NOT NULL PRIMARY KEY CHECK (length(door) = 16),
  -- seen is when it was last seen; 0 for never.
  seen INTEGER NOT NULL,
  -- tried is when it was last called at.
  tried INTEGER NOT NULL,
  -- outcome is what came of that call.
  outcome INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
