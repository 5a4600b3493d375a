-- Schema 5: changes that this phone may no longer read.

-- sealed is the change under the realm's public key, when the phone can hand it in and not read it: then body and salt are
-- empty. Empty for any other change.
ALTER TABLE changes ADD COLUMN sealed BLOB NOT NULL DEFAULT x'';

-- sealing_key is the number of that key; 0 without sealed.
ALTER TABLE changes ADD COLUMN sealing_key INTEGER NOT NULL DEFAULT 0;

-- made is the device time of a sealed change; 0 without sealed.
ALTER TABLE changes ADD COLUMN made INTEGER NOT NULL DEFAULT 0;
