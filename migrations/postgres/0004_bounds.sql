-- Revisions stay below 2^53, up to where browsers hold whole numbers exactly. A counter that is already
-- beyond (or wrapped around) is renumbered first, in a new epoch and in the order of the old revisions.
CREATE TABLE renumbered (needed BIGINT NOT NULL);
INSERT INTO renumbered
SELECT 1 WHERE EXISTS (SELECT 1 FROM feed WHERE rev < 0 OR rev > 9007199254740991)
    OR EXISTS (SELECT 1 FROM updates WHERE rev < 0 OR rev > 9007199254740991)
    OR EXISTS (SELECT 1 FROM entries WHERE head < 0 OR head > 9007199254740991 OR rev < 0 OR rev > 9007199254740991);

-- The unique index would be checked row by row.
DROP INDEX updates_by_rev;
UPDATE updates SET rev = n.place
FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY rev, id) AS place FROM updates) AS n
WHERE updates.id = n.id AND EXISTS (SELECT 1 FROM renumbered);
CREATE UNIQUE INDEX updates_by_rev ON updates (rev);
UPDATE entries SET rev = n.place, head = n.place
FROM (SELECT id, (SELECT COUNT(*) FROM updates) + ROW_NUMBER() OVER (ORDER BY head, rev, id) AS place FROM entries) AS n
WHERE entries.id = n.id AND EXISTS (SELECT 1 FROM renumbered);
UPDATE feed SET epoch = substr(md5(random()::text), 1, 8),
    rev = (SELECT COUNT(*) FROM updates) + (SELECT COUNT(*) FROM entries)
WHERE EXISTS (SELECT 1 FROM renumbered);
DROP TABLE renumbered;

ALTER TABLE feed ADD CONSTRAINT feed_rev_range CHECK (rev >= 0 AND rev < 9007199254740992);

-- Who deleted an update: only they or an editor may restore it. Null where an older release deleted it.
ALTER TABLE updates ADD COLUMN deleted_by BIGINT REFERENCES accounts (id);

-- What kind of operation it was, and its result as JSON; empty where an older release wrote the row, whose
-- update_id or entry_id is then the result. The time lets old operations be forgotten.
ALTER TABLE operations ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE operations ADD COLUMN result TEXT NOT NULL DEFAULT '';
ALTER TABLE operations ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;
UPDATE operations SET created_at = CAST(extract(epoch FROM now()) AS BIGINT) * 1000000;
CREATE INDEX operations_by_time ON operations (created_at);

-- Written and emptied again to find out whether a database that failed to write can write again.
CREATE TABLE write_probe (
    id BIGINT NOT NULL PRIMARY KEY,
    filler TEXT NOT NULL
);
