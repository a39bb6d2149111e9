-- Likes of updates. A voter is an account or a guest.
CREATE TABLE likes (
    update_id BIGINT NOT NULL REFERENCES updates (id) ON DELETE CASCADE,
    -- account:{id} or guest:{id}
    voter TEXT NOT NULL,
    PRIMARY KEY (update_id, voter)
) WITHOUT ROWID;

-- The number of likes of each update that was ever liked.
CREATE TABLE like_counts (
    update_id BIGINT PRIMARY KEY NOT NULL REFERENCES updates (id) ON DELETE CASCADE,
    entry_id BIGINT NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    likes BIGINT NOT NULL,
    -- The last change, by the counter of likes.
    rev BIGINT NOT NULL
);
CREATE INDEX like_counts_by_rev ON like_counts (rev);
CREATE INDEX like_counts_by_entry ON like_counts (entry_id);

INSERT INTO counters (name, rev) VALUES ('likes', 0);
