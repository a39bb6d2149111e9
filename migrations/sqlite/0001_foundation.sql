-- One counter a database: every change to anything in a feed takes its revision here, and the row's
-- lock is what makes revisions visible in order.
CREATE TABLE feed (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch TEXT NOT NULL,
    rev BIGINT NOT NULL,
    -- Cursors below this are too old: tombstones up to it are gone. Zero while none ever were.
    horizon BIGINT NOT NULL
);

CREATE TABLE accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    username TEXT NOT NULL,
    -- The name as it is looked up: capitals make no difference.
    username_folded TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    token_hash BLOB NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    state TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ended_at BIGINT,
    default_order TEXT NOT NULL,
    -- The revision of the entry's own last change.
    rev BIGINT NOT NULL,
    -- The revision of the last change to anything in it.
    head BIGINT NOT NULL
);
CREATE INDEX entries_by_head ON entries (head);

CREATE TABLE updates (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    entry_id BIGINT NOT NULL REFERENCES entries (id),
    author_id BIGINT NOT NULL REFERENCES accounts (id),
    rev BIGINT NOT NULL,
    headline TEXT,
    source TEXT NOT NULL,
    -- The sanitised body; never the card, which is made anew by each release.
    html TEXT NOT NULL,
    posted_at BIGINT NOT NULL,
    edited_at BIGINT,
    -- A deleted update keeps its row as a tombstone; its text is wiped after the undo window.
    deleted_at BIGINT
);
CREATE UNIQUE INDEX updates_by_rev ON updates (rev);
CREATE INDEX updates_by_entry_rev ON updates (entry_id, rev);
CREATE INDEX updates_by_time ON updates (entry_id, posted_at, id);
CREATE INDEX updates_to_wipe ON updates (deleted_at) WHERE deleted_at IS NOT NULL;

-- What each account asked for by name, so that a retry is answered and not done again.
CREATE TABLE operations (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    op_id TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    update_id BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    PRIMARY KEY (account_id, op_id)
);
