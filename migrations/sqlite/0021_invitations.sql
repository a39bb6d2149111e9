-- Links with which somebody creates an account of a role, once.
CREATE TABLE invitations (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    role TEXT NOT NULL,
    -- The account that invites; null for the server's operator.
    invited_by BIGINT REFERENCES accounts (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX invitations_by_end ON invitations (expires_at);
CREATE INDEX invitations_by_account ON invitations (invited_by);

-- Links with which an account gets a new password, once: one for each account.
CREATE TABLE password_resets (
    account_id BIGINT PRIMARY KEY NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    token_hash BLOB NOT NULL UNIQUE,
    expires_at BIGINT NOT NULL
);
CREATE INDEX password_resets_by_end ON password_resets (expires_at);

-- Whether everybody may create an account of a reader, and what happens to the messages of an account that is deleted:
-- anonymize or remove.
ALTER TABLE site ADD COLUMN open_sign_up BIGINT NOT NULL DEFAULT 0;
ALTER TABLE site ADD COLUMN deleted_messages TEXT NOT NULL DEFAULT 'anonymize';

-- When an account was deleted. Its row stays, because updates refer to it.
ALTER TABLE accounts ADD COLUMN deleted_at BIGINT;
-- What is still to be done with its messages; null when nothing is.
ALTER TABLE accounts ADD COLUMN messages_to_clear TEXT;
CREATE INDEX accounts_to_clear ON accounts (id) WHERE messages_to_clear IS NOT NULL;

-- In the form in which names that look alike are equal, an i is an l now, because a capital I looks like one. Of two
-- names that are equal only now, one stays.
UPDATE accounts SET nick_folded = REPLACE(nick_folded, 'i', 'l'), display_folded = REPLACE(display_folded, 'i', 'l');
DELETE FROM room_nicks WHERE EXISTS (
    SELECT 1 FROM room_nicks o WHERE o.room_id = room_nicks.room_id AND o.folded < room_nicks.folded
        AND REPLACE(o.folded, 'i', 'l') = REPLACE(room_nicks.folded, 'i', 'l'));
UPDATE room_nicks SET folded = REPLACE(folded, 'i', 'l');
DELETE FROM filtered_words WHERE EXISTS (
    SELECT 1 FROM filtered_words o WHERE o.folded < filtered_words.folded
        AND REPLACE(o.folded, 'i', 'l') = REPLACE(filtered_words.folded, 'i', 'l'));
UPDATE filtered_words SET folded = REPLACE(folded, 'i', 'l');
