//! The queries that pages, the feed and every request run, so that tests can examine their plans.

use super::{
    articles::ARTICLE_CHANGED_SINCE,
    deletions::ERASE,
    entries::{
        COUNTED_ENTRIES_BEFORE, ENDED_ENTRIES_BEFORE, ENTRIES_BEFORE, ENTRIES_WITH_DRAFTS,
        ENTRY_BY_ANY_SLUG, ENTRY_BY_SLUG, LIVE_ENTRIES, PUBLIC_ENTRIES, PUBLIC_HEAD,
    },
    messages::{ERASE_MESSAGES, MESSAGES_BEFORE, MESSAGES_CHANGED_SINCE},
    room_nicks::ACCOUNT_BY_NICK,
    rooms::{ROOM_BY_NAME, ROOMS_CHANGED_SINCE},
    sessions::SESSION,
    tokens::TOKEN,
    update_drafts::{DRAFTS_OF_ACCOUNT, DRAFTS_OF_ENTRY},
    updates::{
        CHANGED_SINCE, DELETED_SINCE, HIGHLIGHTS, LATEST_OF_ENDED_ENTRIES_BEFORE,
        LATEST_OF_LIVE_ENTRIES, LATEST_OF_PUBLIC_ENTRIES, PUBLIC_CHANGED_SINCE, UPDATES,
    },
};

/// The names and the SQL of these queries.
pub const HOT_QUERIES: [(&str, &str); 29] = [
    ("account_by_nick", ACCOUNT_BY_NICK),
    ("article_changed_since", ARTICLE_CHANGED_SINCE),
    ("changed_since", CHANGED_SINCE),
    ("counted_entries_before", COUNTED_ENTRIES_BEFORE),
    ("deleted_since", DELETED_SINCE),
    ("drafts_of_account", DRAFTS_OF_ACCOUNT),
    ("drafts_of_entry", DRAFTS_OF_ENTRY),
    ("ended_entries_before", ENDED_ENTRIES_BEFORE),
    ("entries_before", ENTRIES_BEFORE),
    ("entries_with_drafts", ENTRIES_WITH_DRAFTS),
    ("entry_by_any_slug", ENTRY_BY_ANY_SLUG),
    ("entry_by_slug", ENTRY_BY_SLUG),
    ("erase", ERASE),
    ("erase_messages", ERASE_MESSAGES),
    ("highlights", HIGHLIGHTS),
    (
        "latest_of_ended_entries_before",
        LATEST_OF_ENDED_ENTRIES_BEFORE,
    ),
    ("latest_of_live_entries", LATEST_OF_LIVE_ENTRIES),
    ("latest_of_public_entries", LATEST_OF_PUBLIC_ENTRIES),
    ("live_entries", LIVE_ENTRIES),
    ("messages_before", MESSAGES_BEFORE),
    ("messages_changed_since", MESSAGES_CHANGED_SINCE),
    ("public_changed_since", PUBLIC_CHANGED_SINCE),
    ("public_entries", PUBLIC_ENTRIES),
    ("public_head", PUBLIC_HEAD),
    ("room_by_name", ROOM_BY_NAME),
    ("rooms_changed_since", ROOMS_CHANGED_SINCE),
    ("session", SESSION),
    ("token", TOKEN),
    ("updates", UPDATES),
];
