-- Schema 1: outbox and journal, records, staging, search, and what a phone keeps beside them.
--
-- Ids are BLOBs of 16 bytes; an absent one is of length 0. Times are milliseconds since the Unix epoch, 0 for none.
-- Bodies are the caller's own encoding; SQL never looks inside one. The number of the schema is user_version.

-- meta is single values by name: keys, cursor, marks, grants, counters.
CREATE TABLE meta (
  -- name says what the value is.
  name TEXT NOT NULL PRIMARY KEY,
  -- value is the value in the caller's encoding.
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- changes is the outbox and the journal: every change made here, until it is cleared. A row is never updated.
CREATE TABLE changes (
  -- device_seq is the change's place in the incarnation's own sequence.
  device_seq INTEGER PRIMARY KEY,
  -- record_id is the record it is to.
  record_id BLOB NOT NULL CHECK (length(record_id) = 16),
  -- kind is that record's kind.
  kind INTEGER NOT NULL,
  -- base_epoch is the history of the record version its author saw; 0 when nothing was ever synced.
  base_epoch INTEGER NOT NULL,
  -- base_seq is the place of that version in it.
  base_seq INTEGER NOT NULL,
  -- group_first is the device_seq of the first change of its group; 0 when it stands alone.
  group_first INTEGER NOT NULL,
  -- salt is the salt of its link in the chain; empty without person data.
  salt BLOB NOT NULL,
  -- chain is the chain after it.
  chain BLOB NOT NULL CHECK (length(chain) = 32),
  -- body is the encoded change, as hashed and sent.
  body BLOB NOT NULL
) STRICT;

-- changes_by_record finds a record's own changes; within a record they stand in device order.
CREATE INDEX changes_by_record ON changes (record_id);

-- outcomes is what the server said of changes, a row for each contiguous run that one reply answered.
CREATE TABLE outcomes (
  -- id numbers the rows in the order they were journalled; of two that overlap the later one counts.
  id INTEGER PRIMARY KEY,
  -- first is the device_seq of the run's first change.
  first INTEGER NOT NULL,
  -- last is that of its last change.
  last INTEGER NOT NULL CHECK (last >= first),
  -- body is the outcomes.
  body BLOB NOT NULL
) STRICT;

-- outcomes_by_last finds the runs that reach a change.
CREATE INDEX outcomes_by_last ON outcomes (last);

-- keys is the dictionary of scope keys.
CREATE TABLE keys (
  -- id is the key's number in this database.
  id INTEGER PRIMARY KEY,
  -- key is the scope key: a letter and 16 bytes, or the realm's one letter.
  key BLOB NOT NULL UNIQUE
) STRICT;

-- authors is the dictionary of authors.
CREATE TABLE authors (
  -- id is the author's number in this database.
  id INTEGER PRIMARY KEY,
  -- incarnation is the phone database that wrote.
  incarnation BLOB NOT NULL,
  -- user is the person it belongs to.
  user BLOB NOT NULL,
  UNIQUE (incarnation, user)
) STRICT;

-- key_sets is the dictionary of sets of scope keys: most records share theirs with many others.
CREATE TABLE key_sets (
  -- id is the set's number, from 1; a record without keys has 0.
  id INTEGER PRIMARY KEY,
  -- keys is the numbers of the set's keys, ascending, 4 bytes each, big endian.
  keys BLOB NOT NULL UNIQUE
) STRICT;

-- rounds is one row: which records are shown.
CREATE TABLE rounds (
  -- one is 1 and keeps the table at one row.
  one INTEGER PRIMARY KEY CHECK (one = 1),
  -- shown is the newest round whose records may be read; those of a greater one are staged.
  shown INTEGER NOT NULL
) STRICT;

INSERT INTO rounds (one, shown) VALUES (1, 0);

-- records is every record this phone holds, and staged ones that it does not hold yet.
CREATE TABLE records (
  -- row is the record's number in this database and in the search index.
  row INTEGER PRIMARY KEY,
  -- id is the record's id.
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  -- round is the round it was staged in, 0 for a record first written here. Above rounds.shown the row is invisible.
  round INTEGER NOT NULL,
  -- kind is the record's kind.
  kind INTEGER NOT NULL,
  -- seq is its newest log entry in the base; 0 while the base does not hold it.
  seq INTEGER NOT NULL,
  -- key_set is the set of scope keys it was sent under.
  key_set INTEGER NOT NULL,
  -- territory is the finest territory it stands in, as shown.
  territory BLOB NOT NULL,
  -- state is the number of the shown state; 0 for none.
  state INTEGER NOT NULL,
  -- due is when something about it is due; 0 for never.
  due INTEGER NOT NULL,
  -- mine is 1 for what concerns this phone's user.
  mine INTEGER NOT NULL,
  -- dead is 1 for a record shown as deleted.
  dead INTEGER NOT NULL,
  -- pending counts own changes that view holds and base does not.
  pending INTEGER NOT NULL,
  -- base is the server's state at the checkpoint; NULL while only own changes make the record.
  base BLOB,
  -- view is base with own changes on it; NULL when it equals base.
  view BLOB
) STRICT;

-- records_list answers lists: it holds every column that a list filters by, so that only matching rows are read.
CREATE INDEX records_list ON records (kind, territory, due, state, mine, dead, round);

-- staging is the next base of records that have a row in records and are shown.
CREATE TABLE staging (
  -- row keeps bodies out of the tree of ids.
  row INTEGER PRIMARY KEY,
  -- id is the record's id.
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  -- kind is the record's kind.
  kind INTEGER NOT NULL,
  -- seq is its newest log entry.
  seq INTEGER NOT NULL,
  -- key_set is the set of scope keys it was sent under.
  key_set INTEGER NOT NULL,
  -- territory is the finest territory it stands in.
  territory BLOB NOT NULL,
  -- state is the number of its state.
  state INTEGER NOT NULL,
  -- due is when something about it is due.
  due INTEGER NOT NULL,
  -- mine is 1 for what concerns this phone's user.
  mine INTEGER NOT NULL,
  -- dead is 1 for a deleted record.
  dead INTEGER NOT NULL,
  -- search is 1 when its text is to be indexed again.
  search INTEGER NOT NULL,
  -- base is the next base.
  base BLOB NOT NULL
) STRICT;

-- staging_gone is the records that leave the base at the next switch.
CREATE TABLE staging_gone (
  -- id is the record's id.
  id BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- staging_filled is the scope keys that what is staged fills from the start.
CREATE TABLE staging_filled (
  -- key is the key's number.
  key INTEGER PRIMARY KEY
) STRICT;

-- search is the grams of each indexed record, by its row (grams.go says which). It holds no text: a hit is only a
-- candidate.
CREATE VIRTUAL TABLE search USING fts5 (
  -- grams is the record's grams, parted by spaces.
  grams,
  content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
);

-- search_queue is the records whose grams are out of date.
CREATE TABLE search_queue (
  -- row is the record's row.
  row INTEGER PRIMARY KEY
) STRICT;

-- drafts is edits that the user has not finished. They never leave the phone.
CREATE TABLE drafts (
  -- id names the draft.
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  -- record_id is the record it is to; empty for one not made yet.
  record_id BLOB NOT NULL,
  -- kind is that record's kind.
  kind INTEGER NOT NULL,
  -- schema is the schema version it was begun in.
  schema INTEGER NOT NULL,
  -- saved is when it was saved last.
  saved INTEGER NOT NULL,
  -- body is the draft.
  body BLOB NOT NULL
) STRICT;

-- quarantined is own changes that the server keeps for a person's decision, and what was decided.
CREATE TABLE quarantined (
  -- device_seq is the change.
  device_seq INTEGER PRIMARY KEY,
  -- record_id is the record it is to.
  record_id BLOB NOT NULL CHECK (length(record_id) = 16),
  -- reason is the number of the reason.
  reason INTEGER NOT NULL,
  -- state is 1 waiting, 2 released, 3 rejected.
  state INTEGER NOT NULL,
  -- seq is the log entry of the quarantine or, once decided, of the decision.
  seq INTEGER NOT NULL,
  -- note is the reason a person gave for the decision.
  note TEXT NOT NULL
) STRICT;

-- quarantined_by_record lists them beside their record.
CREATE INDEX quarantined_by_record ON quarantined (record_id);

-- receipts is the server's signed proofs of what it made durable.
CREATE TABLE receipts (
  -- device_seq is the last change the receipt covers.
  device_seq INTEGER PRIMARY KEY,
  -- time is the time of the commit.
  time INTEGER NOT NULL,
  -- body is the encoded receipt with its signature.
  body BLOB NOT NULL
) STRICT;

-- checkpoints is the places in the log that the base stood at.
CREATE TABLE checkpoints (
  -- id numbers them in time.
  id INTEGER PRIMARY KEY,
  -- epoch is the history of the place.
  epoch INTEGER NOT NULL,
  -- seq is the place in it.
  seq INTEGER NOT NULL,
  -- tag is the random tag of the commit there.
  tag BLOB NOT NULL CHECK (length(tag) = 8)
) STRICT;
