-- When the account was disabled; NULL while it may log in.
ALTER TABLE accounts ADD COLUMN disabled_at BIGINT;

-- When a program last authenticated with the token, to the hour; NULL if none did since this was recorded.
ALTER TABLE tokens ADD COLUMN last_used_at BIGINT;
CREATE INDEX tokens_by_account ON tokens (account_id);

-- Sessions get a number, by which they are listed and ended, and two times. SQLite can't add a primary key to a
-- table, so the table is made anew. Until now every session lasted thirty days; each counts as seen now, so that
-- the upgrade ends none of them.
CREATE TABLE numbered_sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    -- The last request, to the hour.
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
INSERT INTO numbered_sessions (token_hash, account_id, created_at, last_seen_at, expires_at)
    SELECT token_hash, account_id, expires_at - 2592000000000,
           CAST(strftime('%s', 'now') AS INTEGER) * 1000000, expires_at
    FROM sessions ORDER BY expires_at;
DROP TABLE sessions;
ALTER TABLE numbered_sessions RENAME TO sessions;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_account ON sessions (account_id);
