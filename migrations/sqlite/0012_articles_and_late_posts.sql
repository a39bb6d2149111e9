-- When an update was published. `posted_at` is the time by which updates are sorted: that at which the update was
-- written, if it was published later. NULL: published at `posted_at`.
ALTER TABLE updates ADD COLUMN published_at BIGINT;

-- The article above an entry's updates: Markdown, its HTML, the HTML's first words, and the version of the sanitizer. All
-- empty if there is none. `body_rev` is the revision of the article's last change; 0 if it never changed.
ALTER TABLE entries ADD COLUMN body TEXT NOT NULL DEFAULT '';
ALTER TABLE entries ADD COLUMN body_html TEXT NOT NULL DEFAULT '';
ALTER TABLE entries ADD COLUMN body_excerpt TEXT NOT NULL DEFAULT '';
ALTER TABLE entries ADD COLUMN body_markup_version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE entries ADD COLUMN body_rev BIGINT NOT NULL DEFAULT 0;
