-- The language of an entry's texts (a BCP 47 tag). Null where the entry has the site's: it was created
-- without one, or by an older release.
ALTER TABLE entries ADD COLUMN language TEXT;
