-- Schema 6: what a worker's own count keeps of own work that has left the phone, as after a handover.

-- own_left is a record that the phone's user made or had a part in, and that left. It holds no value of it.
CREATE TABLE own_left (
  -- id is the record's id.
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  -- counts is what it gives to the count, in the caller's encoding: its day, and of a visit how often somebody was seen.
  counts BLOB NOT NULL
) STRICT, WITHOUT ROWID;
