-- Updates that their authors have saved and not posted. Each belongs to one account, and nobody else sees it. Not part
-- of any feed: saving one takes no revision.
CREATE TABLE update_drafts (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    entry_id BIGINT NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    source TEXT NOT NULL,
    -- Empty for none.
    headline TEXT NOT NULL,
    -- 1 when it is saved for the first time; each change adds 1.
    version BIGINT NOT NULL CHECK (version >= 1),
    changed_at BIGINT NOT NULL
);
-- The drafts of an account, of one entry and of all; the last changed is listed first.
CREATE INDEX update_drafts_by_entry ON update_drafts (entry_id, account_id, changed_at, id);
CREATE INDEX update_drafts_by_account ON update_drafts (account_id, changed_at, id);

-- The row whose lock a transaction that writes drafts takes, so that the drafts of an account can be counted. Its
-- revision never changes.
INSERT INTO counters (name, rev) VALUES ('drafts', 0);
