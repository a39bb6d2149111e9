-- When an update was published. `posted_at` is the time by which updates are sorted: that at which the update was
-- written, if it was published later. NULL: published at `posted_at`.
ALTER TABLE updates ADD COLUMN published_at BIGINT;
