-- Whether the pages of an entry lead to its chat.
ALTER TABLE entries ADD COLUMN has_chat BIGINT NOT NULL DEFAULT 0;
UPDATE entries SET has_chat = 1
WHERE id IN (SELECT entry_id FROM rooms WHERE entry_id IS NOT NULL AND state <> 'off');
