-- What an editor says of an update: that it is a key moment, and that it is to be found at the top.
ALTER TABLE updates ADD COLUMN is_key BIGINT NOT NULL DEFAULT 0;
ALTER TABLE updates ADD COLUMN is_pinned BIGINT NOT NULL DEFAULT 0;
CREATE INDEX updates_marked ON updates (entry_id) WHERE is_key <> 0 OR is_pinned <> 0;

-- Addresses that an entry had before: they lead to the one it has now, and no other entry may take them.
CREATE TABLE old_addresses (
    slug TEXT NOT NULL PRIMARY KEY,
    entry_id BIGINT NOT NULL REFERENCES entries (id)
);
