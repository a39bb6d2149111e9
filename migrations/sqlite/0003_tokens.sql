-- What programs show instead of logging in. A token acts as its account, with the role that the account has by then.
CREATE TABLE tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    token_hash BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- The entry that an operation made, if it made one; its update_id is then 0, which no update has.
ALTER TABLE operations ADD COLUMN entry_id BIGINT;
