-- The revision counters of feeds other than those of entries, which use the row in `feed`. A change to such a feed
-- locks its own counter, so it never delays a change to an entry.
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    rev BIGINT NOT NULL CHECK (rev >= 0 AND rev < 9007199254740992)
);
