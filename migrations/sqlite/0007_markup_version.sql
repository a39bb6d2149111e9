-- Which version of the sanitiser made an update's HTML: `ringside rerender` makes anew what another one
-- made. Zero where an older release wrote the update.
ALTER TABLE updates ADD COLUMN markup_version BIGINT NOT NULL DEFAULT 0;
