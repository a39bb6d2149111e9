-- The revision of the last change of an article's text. An edit names the revision that it is based on, and conflicts
-- only if the text changed after it; `body_rev` also changes when the article is rendered differently. For existing
-- articles it is the revision of their last change, whatever that was.
ALTER TABLE entries ADD COLUMN body_text_rev BIGINT NOT NULL DEFAULT 0
    CHECK (body_text_rev >= 0 AND body_text_rev < 9007199254740992);
UPDATE entries SET body_text_rev = body_rev;

-- Who changed an article's text last, and when; null if it was written with its entry, or by an older release.
ALTER TABLE entries ADD COLUMN body_edited_by BIGINT REFERENCES accounts (id);
ALTER TABLE entries ADD COLUMN body_edited_at BIGINT;
CREATE INDEX entries_by_article_editor ON entries (body_edited_by) WHERE body_edited_by IS NOT NULL;
