-- The revision of an update's last change of text or headline. An edit names the revision that it is based on, and
-- conflicts only if the text changed after it; marks, time zones and slugs change the update's rev alone. For existing
-- updates it is the revision of their last change, whatever that was.
ALTER TABLE updates ADD COLUMN text_rev BIGINT NOT NULL DEFAULT 0
    CHECK (text_rev >= 0 AND text_rev < 9007199254740992);
UPDATE updates SET text_rev = rev;

-- Who changed the text last; null if nobody did since it was posted, or where an older release changed it.
ALTER TABLE updates ADD COLUMN edited_by BIGINT REFERENCES accounts (id);
CREATE INDEX updates_by_text_editor ON updates (edited_by) WHERE edited_by IS NOT NULL;
