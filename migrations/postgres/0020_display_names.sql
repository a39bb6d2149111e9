-- The name that readers see below an account's updates, if the site shows display names, and the form in which
-- names that look alike are equal.
ALTER TABLE accounts ADD COLUMN display_name TEXT;
ALTER TABLE accounts ADD COLUMN display_folded TEXT;
CREATE INDEX accounts_by_display_name ON accounts (display_folded) WHERE display_folded IS NOT NULL;
-- Raised when readers are to see another name below the account's updates; the last one up to which all of them
-- have it.
ALTER TABLE accounts ADD COLUMN name_version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN named_version BIGINT NOT NULL DEFAULT 0;
CREATE INDEX accounts_to_rename ON accounts (id) WHERE name_version <> named_version;

-- The name below an update; NULL for the author's username.
ALTER TABLE updates ADD COLUMN shown_author TEXT;

-- The site's settings: one row.
CREATE TABLE site (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    -- Whether cards show display names.
    display_names BIGINT NOT NULL
);
INSERT INTO site (id, display_names) VALUES (1, 0);
