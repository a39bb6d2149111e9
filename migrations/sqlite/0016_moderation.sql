-- The moderation of rooms.

-- The rules of all rooms: one row. words_version changes with the list of filtered words.
CREATE TABLE chat_rules (
    id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    -- open, read_only or closed.
    state TEXT NOT NULL,
    words_version BIGINT NOT NULL
);
INSERT INTO chat_rules (id, state, words_version) VALUES (1, 'open', 0);

-- Seconds between two messages of a person, and which messages wait for a moderator: none, new_guests or all.
ALTER TABLE rooms ADD COLUMN slow_mode BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN hold TEXT NOT NULL DEFAULT 'none';

-- Keyed hashes of the address from which a message was sent, and of its network; empty after 30 days.
ALTER TABLE messages ADD COLUMN origin TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN network TEXT NOT NULL DEFAULT '';
-- The entry of the log under which all messages of a person were removed.
ALTER TABLE messages ADD COLUMN removal BIGINT;
CREATE INDEX messages_with_origin ON messages (sent_at) WHERE origin <> '';
CREATE INDEX messages_by_removal ON messages (removal) WHERE removal IS NOT NULL;

-- Words and phrases that hold a message. folded has its words in the form in which look-alikes are equal, separated by
-- spaces.
CREATE TABLE filtered_words (
    folded TEXT NOT NULL PRIMARY KEY,
    word TEXT NOT NULL
);

-- Token buckets: when each is full again.
CREATE TABLE message_limits (
    name TEXT NOT NULL PRIMARY KEY,
    full_at BIGINT NOT NULL
);
CREATE INDEX message_limits_by_time ON message_limits (full_at);

-- Messages that wait for a moderator, or did.
CREATE TABLE held_messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    room_id BIGINT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    account_id BIGINT REFERENCES accounts (id) ON DELETE CASCADE,
    guest TEXT,
    origin TEXT NOT NULL,
    network TEXT NOT NULL,
    nick TEXT NOT NULL,
    -- Empty once it was approved, and ten minutes after it was rejected.
    text TEXT NOT NULL,
    -- words, new_guest or room.
    reason TEXT NOT NULL,
    -- waiting, approved or rejected.
    state TEXT NOT NULL,
    held_at BIGINT NOT NULL,
    decided_at BIGINT,
    -- The last message of all rooms when it was held.
    after_message BIGINT NOT NULL,
    removal BIGINT,
    op_id TEXT,
    request_hash BLOB
);
CREATE INDEX held_messages_waiting ON held_messages (id) WHERE state = 'waiting';
CREATE INDEX held_messages_by_time ON held_messages (held_at);
CREATE INDEX held_messages_to_erase ON held_messages (decided_at) WHERE decided_at IS NOT NULL AND text <> '';
CREATE INDEX held_messages_by_removal ON held_messages (removal) WHERE removal IS NOT NULL;
CREATE UNIQUE INDEX held_messages_by_account_operation ON held_messages (account_id, op_id);
CREATE UNIQUE INDEX held_messages_by_guest_operation ON held_messages (guest, op_id);

-- Reports of messages by readers.
CREATE TABLE reports (
    message_id BIGINT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    -- An account, a guest, or the keyed hash of an address.
    reporter TEXT NOT NULL,
    reason TEXT NOT NULL,
    reported_at BIGINT NOT NULL,
    closed_at BIGINT,
    PRIMARY KEY (message_id, reporter)
);
CREATE INDEX reports_open ON reports (message_id, reported_at) WHERE closed_at IS NULL;
CREATE INDEX reports_by_time ON reports (reported_at);

-- Mutes (of one room) and bans (of all rooms). They end at ends_at, or earlier at ended_at.
CREATE TABLE sanctions (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    kind TEXT NOT NULL,
    room_id BIGINT REFERENCES rooms (id) ON DELETE CASCADE,
    -- Whom it applies to: each that is not null.
    account_id BIGINT REFERENCES accounts (id) ON DELETE CASCADE,
    guest TEXT,
    origin TEXT,
    network TEXT,
    nick TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX sanctions_by_account ON sanctions (account_id, ends_at);
CREATE INDEX sanctions_by_guest ON sanctions (guest, ends_at);
CREATE INDEX sanctions_by_origin ON sanctions (origin, ends_at);
CREATE INDEX sanctions_by_network ON sanctions (network, ends_at);
CREATE INDEX sanctions_by_end ON sanctions (ends_at);

-- What moderators did. Rows are only added, and deleted when they are old.
CREATE TABLE moderation_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    at BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    -- The username at that time.
    username TEXT NOT NULL,
    action TEXT NOT NULL,
    -- The name of the room at that time; null for all rooms.
    room TEXT,
    message_id BIGINT,
    -- The name under which the person wrote, if the action is about one.
    nick TEXT,
    reason TEXT NOT NULL,
    -- What else was decided, such as the end of a sanction.
    detail TEXT NOT NULL
);
CREATE INDEX moderation_log_by_time ON moderation_log (at);
