-- The first words of an update, beside its HTML: titles, previews and lists show them, and need not read
-- the HTML for it. Empty where an older release wrote the update, and where it has no words.
ALTER TABLE updates ADD COLUMN excerpt TEXT NOT NULL DEFAULT '';
