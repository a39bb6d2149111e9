-- The servers that count their open streams, each under a random id until it stops.
CREATE TABLE counting_servers (
    id TEXT PRIMARY KEY NOT NULL,
    -- When it last wrote its streams.
    seen_at BIGINT NOT NULL
) WITHOUT ROWID;

-- The number of open streams of each entry on each of these servers.
CREATE TABLE open_streams (
    server_id TEXT NOT NULL REFERENCES counting_servers (id) ON DELETE CASCADE,
    entry_id BIGINT NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    streams BIGINT NOT NULL,
    PRIMARY KEY (server_id, entry_id)
) WITHOUT ROWID;
CREATE INDEX open_streams_by_entry ON open_streams (entry_id);

-- The number of readers that the pages of each entry show.
CREATE TABLE reader_counts (
    entry_id BIGINT PRIMARY KEY NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    readers BIGINT NOT NULL,
    -- The last change, by the counter of likes and readers.
    rev BIGINT NOT NULL
);
CREATE INDEX reader_counts_by_rev ON reader_counts (rev);
