-- Rooms, in which readers chat. A room belongs to an entry, or to none.
CREATE TABLE rooms (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    -- Empty for the room of an entry, which has the title of the entry.
    title TEXT NOT NULL,
    entry_id BIGINT UNIQUE REFERENCES entries (id) ON DELETE CASCADE,
    -- open, read_only or closed; off for the room of an entry without a chat.
    state TEXT NOT NULL,
    -- The last change of the room itself, and the last change of it or of one of its messages.
    rev BIGINT NOT NULL,
    head BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX rooms_by_head ON rooms (head);

CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    room_id BIGINT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    -- The last change, and the revision at which it was sent.
    rev BIGINT NOT NULL,
    sent_rev BIGINT NOT NULL,
    -- Who wrote it: an account, or a guest.
    account_id BIGINT REFERENCES accounts (id) ON DELETE SET NULL,
    guest TEXT,
    nick TEXT NOT NULL,
    -- Empty once a deleted message is erased.
    text TEXT NOT NULL,
    sent_at BIGINT NOT NULL,
    deleted_at BIGINT,
    -- The account that deleted it; null for the guest who wrote it.
    deleted_by BIGINT REFERENCES accounts (id) ON DELETE SET NULL,
    -- The operation that sent it, and the SHA-256 of its request; null if it had no operation id.
    op_id TEXT,
    request_hash BLOB
);
CREATE UNIQUE INDEX messages_by_rev ON messages (rev);
CREATE INDEX messages_by_room ON messages (room_id, id);
CREATE INDEX messages_by_room_and_rev ON messages (room_id, rev);
CREATE UNIQUE INDEX messages_by_account_operation ON messages (account_id, op_id);
CREATE UNIQUE INDEX messages_by_guest_operation ON messages (guest, op_id);
CREATE INDEX messages_to_erase ON messages (deleted_at) WHERE deleted_at IS NOT NULL AND text <> '';

-- The names that people use in a room, in the form in which look-alikes are equal.
CREATE TABLE room_nicks (
    room_id BIGINT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    folded TEXT NOT NULL,
    account_id BIGINT REFERENCES accounts (id) ON DELETE CASCADE,
    guest TEXT,
    -- A keyed hash of the address from which the guest wrote.
    origin TEXT NOT NULL,
    -- Whether the guest has presented the cookie, so that the address alone is not enough.
    presented BIGINT NOT NULL,
    -- When a message was last sent under the name.
    used_at BIGINT NOT NULL,
    PRIMARY KEY (room_id, folded)
);
CREATE INDEX room_nicks_by_use ON room_nicks (used_at);
CREATE INDEX room_nicks_by_guest ON room_nicks (room_id, guest);
CREATE INDEX room_nicks_by_account ON room_nicks (account_id);

-- The username in the same form, which nobody else may use in a room. Null for accounts that an earlier release
-- creates; the server fills it in.
ALTER TABLE accounts ADD COLUMN nick_folded TEXT;
CREATE INDEX accounts_by_nick ON accounts (nick_folded);

-- Keys that all servers share.
CREATE TABLE signing_keys (
    name TEXT NOT NULL PRIMARY KEY,
    secret BLOB NOT NULL
);

INSERT INTO counters (name, rev) VALUES ('rooms', 0);
