-- The updates that are shown, in the order of display: pages, latest updates and counts read this index, and no
-- tombstones. No query reads the tombstones of an entry in that order. SQLite counts without reading the table only if
-- the index has every column of the query, so it has deleted_at, too.
CREATE INDEX updates_shown ON updates (entry_id, posted_at, id, deleted_at) WHERE deleted_at IS NULL;
DROP INDEX updates_by_time;
DROP INDEX updates_marked;
CREATE INDEX updates_highlighted ON updates (entry_id, posted_at, id)
    WHERE deleted_at IS NULL AND (is_key <> 0 OR is_pinned <> 0);

-- The deleted updates whose text is not erased yet; once erased they leave the index.
DROP INDEX updates_to_wipe;
CREATE INDEX updates_to_erase ON updates (deleted_at)
    WHERE deleted_at IS NOT NULL AND (source <> '' OR excerpt <> '');

-- An entry has one pinned update. Where an older release left several, the last one that is shown stays pinned, and a
-- new epoch makes clients fetch everything again.
CREATE TABLE surplus_pins (id BIGINT NOT NULL);
INSERT INTO surplus_pins
SELECT id FROM (
    SELECT id, ROW_NUMBER() OVER (
        PARTITION BY entry_id ORDER BY CASE WHEN deleted_at IS NULL THEN 0 ELSE 1 END, rev DESC
    ) AS place
    FROM updates WHERE is_pinned <> 0
) AS pinned WHERE place > 1;
UPDATE updates SET is_pinned = 0 WHERE id IN (SELECT id FROM surplus_pins);
UPDATE feed SET epoch = lower(hex(randomblob(4))) WHERE EXISTS (SELECT 1 FROM surplus_pins);
DROP TABLE surplus_pins;
CREATE UNIQUE INDEX one_pin ON updates (entry_id) WHERE is_pinned <> 0;

-- Lists of entries: of one state, and of all.
CREATE INDEX entries_by_state ON entries (state, starts_at, id);
CREATE INDEX entries_by_start ON entries (starts_at, id);

-- Foreign keys that no other index begins with.
CREATE INDEX updates_by_author ON updates (author_id);
CREATE INDEX updates_by_deleter ON updates (deleted_by) WHERE deleted_by IS NOT NULL;
CREATE INDEX old_addresses_by_entry ON old_addresses (entry_id);
