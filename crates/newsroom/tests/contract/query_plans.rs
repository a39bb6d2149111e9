//! The plans of the queries that pages, the feed and every request run: each uses the index made
//! for it, and none reads all updates or all entries.

use newsroom::storage::HOT_QUERIES;

use super::support::Database;

on_every_database! {
    hot_queries_use_their_indexes,
}

/// What a test expects of a query's plan.
struct Expected {
    query: &'static str,
    /// The index on SQLite.
    sqlite: &'static str,
    /// The index on PostgreSQL.
    postgres: &'static str,
    /// Whether SQLite sorts rows.
    sorts: bool,
}

impl Expected {
    const fn sorted(self) -> Self {
        Self {
            sorts: true,
            ..self
        }
    }

    const fn on_postgres(self, index: &'static str) -> Self {
        Self {
            postgres: index,
            ..self
        }
    }
}

const fn plan(query: &'static str, index: &'static str) -> Expected {
    Expected {
        query,
        sqlite: index,
        postgres: index,
        sorts: false,
    }
}

const EXPECTED: [Expected; HOT_QUERIES.len()] = [
    // Looks in two lists: usernames and display names.
    plan("account_by_nick", "accounts_by_nick").sorted(),
    plan("article_changed_since", "INTEGER PRIMARY KEY").on_postgres("entries_pkey"),
    plan("changed_since", "updates_by_entry_rev"),
    plan("counted_entries_before", "updates_shown"),
    // Sorts the updates that were deleted within the undo window.
    plan("deleted_since", "updates_to_erase").sorted(),
    plan("drafts_of_account", "update_drafts_by_account"),
    plan("drafts_of_entry", "update_drafts_by_entry"),
    // Most entries of the test have ended, so PostgreSQL may read the list of all.
    plan("ended_entries_before", "entries_by_state").on_postgres("entries_by_st"),
    plan("entries_before", "entries_by_start"),
    plan("entries_with_drafts", "update_drafts_by_account"),
    plan("entry_by_any_slug", "sqlite_autoindex_entries_1").on_postgres("entries_slug_key"),
    plan("entry_by_slug", "sqlite_autoindex_entries_1").on_postgres("entries_slug_key"),
    plan("erase", "updates_to_erase"),
    plan("erase_messages", "messages_to_erase"),
    plan("highlights", "updates_highlighted"),
    plan("latest_of_ended_entries_before", "updates_shown"),
    // Merges the lists of several entries.
    plan("latest_of_live_entries", "updates_shown").sorted(),
    plan("latest_of_public_entries", "updates_shown"),
    plan("like_counts_of_entry", "like_counts_by_entry"),
    plan("like_counts_since", "like_counts_by_rev"),
    plan("live_entries", "entries_by_state"),
    plan("message_limits", "sqlite_autoindex_message_limits_1").on_postgres("message_limits"),
    // The parameter 1 is before nearly all messages, so PostgreSQL may read those of all rooms.
    plan("messages_before", "messages_by_room").on_postgres("messages_"),
    plan("messages_changed_since", "messages_by_room_and_rev"),
    plan("public_changed_since", "updates_by_rev"),
    // Merges the lists of three states.
    plan("public_entries", "entries_by_state").sorted(),
    plan("public_head", "entries_by_head"),
    plan("reader_counts_since", "reader_counts_by_rev"),
    plan("room_by_name", "sqlite_autoindex_rooms_1").on_postgres("rooms_name_key"),
    // After revision 1, nearly all rooms have changed, so PostgreSQL may read all of them.
    plan("rooms_changed_since", "rooms_by_head").on_postgres("rooms_"),
    // Those of each condition are merged; PostgreSQL reads the whole table while it is small.
    plan("sanctions_of", "sanctions_by_guest")
        .sorted()
        .on_postgres("sanctions"),
    plan("session", "sqlite_autoindex_sessions_1").on_postgres("sessions_token_hash_key"),
    plan("streams_of_entry", "open_streams_by_entry"),
    plan("streams_of_server", "PRIMARY KEY").on_postgres("open_streams"),
    plan("token", "sqlite_autoindex_tokens_1").on_postgres("tokens_token_hash_key"),
    plan("updates", "updates_shown"),
];

async fn hot_queries_use_their_indexes(database: Database) {
    database.store().await.close().await;
    database.fill_for_plans().await;
    for ((name, sql), expected) in HOT_QUERIES.iter().zip(EXPECTED) {
        assert_eq!(*name, expected.query);
        let plan = database.plan(sql).await;
        if database.url.starts_with("sqlite") {
            assert!(plan.contains(expected.sqlite), "{name}:\n{plan}");
            assert_eq!(
                plan.contains("TEMP B-TREE"),
                expected.sorts,
                "{name}:\n{plan}"
            );
            // The table `feed` has one row; the others are subqueries.
            let mut scans = plan.lines().filter(|step| step.starts_with("SCAN "));
            assert!(
                scans.all(|step| matches!(step, "SCAN feed" | "SCAN ended" | "SCAN listed")),
                "{name}:\n{plan}"
            );
        } else {
            assert!(plan.contains(expected.postgres), "{name}:\n{plan}");
            for table in [
                "updates",
                "update_drafts",
                "entries",
                "sessions",
                "tokens",
                "rooms",
                "messages",
                "accounts",
            ] {
                let scan = format!("Seq Scan on {table}");
                assert!(!plan.contains(&scan), "{name}:\n{plan}");
            }
        }
    }
}
